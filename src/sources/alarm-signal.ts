import { TypeCompiler } from '@sinclair/typebox/compiler';
import { CloudWatchAlarm } from '../contracts/cloudwatch-alarm.js';
import { fingerprintOf, type Severity, type Signal, type TargetHint } from '../domain/signal.js';
import { foreignCluster } from './alert-signal.js';
import { parseBounded } from './bounded-json.js';
import { cleanMap, looseInstantOf, withoutGaps } from './clean.js';
import type { Rejection, SourceContext } from './define.js';
import { hintFor } from './kubernetes-hints.js';

/** Which dimension names which object: `{ kind: Service, name: Service, namespace: Namespace }`. */
export interface DimensionRule {
  kind: string;
  name: string;
  namespace?: string;
}

export interface AlarmSettings {
  insufficientData?: 'ignore' | 'firing' | 'resolved';
  severity?: Severity;
  dimensions?: readonly DimensionRule[];
  clusterDimension?: string;
  clusterNames?: Readonly<Record<string, string>>;
}

/** Container Insights. Its PodName is the name of the pod's owner; the pod itself is FullPodName. */
export const CONTAINER_INSIGHTS: readonly DimensionRule[] = [
  { kind: 'Pod', name: 'FullPodName', namespace: 'Namespace' },
  ...['Deployment', 'StatefulSet', 'DaemonSet', 'CronJob', 'Job', 'Pod'].map((kind) => ({ kind, name: 'PodName', namespace: 'Namespace' })),
  { kind: 'Service', name: 'Service', namespace: 'Namespace' },
  { kind: 'Node', name: 'NodeName' },
  { kind: 'Namespace', name: 'Namespace' },
];

const alarmSchema = TypeCompiler.Compile(CloudWatchAlarm);

const STATES: Readonly<Record<string, Signal['status']>> = { ALARM: 'firing', OK: 'resolved' };

export interface AlarmRead {
  signal: Signal;
  /** Why nothing follows from it. */
  ignored?: string;
}

/** `topicTime` = when SNS had it, for alarms that do not say when they changed. */
export function signalOfAlarm(message: string, topicTime: string, context: SourceContext<AlarmSettings>): AlarmRead | Rejection {
  const alarm = parseBounded(message);
  if (!alarmSchema.Check(alarm)) return { reason: 'the message of the notification is no CloudWatch alarm; send alarms alone to this topic' };
  const fingerprint = `cloudwatch:${fingerprintOf('cloudwatch', { alarm: alarm.AlarmArn ?? `${alarm.AWSAccountId}/${alarm.Region}/${alarm.AlarmName}` })}`;
  const startsAt = looseInstantOf(alarm.StateChangeTime) ?? looseInstantOf(topicTime);
  if (startsAt === undefined) return { fingerprint, reason: 'StateChangeTime is not a time' };
  const state = statusOf(alarm.NewStateValue, context.settings);
  if (state === undefined) return { fingerprint, reason: `NewStateValue ${alarm.NewStateValue.slice(0, 50)} is not ALARM, OK or INSUFFICIENT_DATA` };
  const cluster = clusterOf(dimensionsOf(alarm), context);
  const foreign = foreignCluster(cluster, fingerprint, context);
  if (foreign) return foreign;
  const status = state === 'ignore' ? 'firing' : state;
  const signal = { source: 'cloudwatch', cluster, fingerprint, status, startsAt, ...(status === 'resolved' ? { endsAt: startsAt } : {}), receivedAt: context.receivedAt, ...contentOf(alarm, context.settings) };
  return state === 'ignore' ? { signal, ignored: 'the alarm has not enough data to say anything (sources.cloudwatch.insufficientData)' } : { signal };
}

function contentOf(alarm: CloudWatchAlarm, { severity = 'warning', dimensions: rules = CONTAINER_INSIGHTS }: AlarmSettings): Pick<Signal, 'alert' | 'severity' | 'labels' | 'annotations' | 'hints'> {
  const dimensions = dimensionsOf(alarm);
  const texts = withoutGaps({ description: alarm.AlarmDescription ?? undefined, summary: alarm.NewStateReason });
  return { alert: alarm.AlarmName.slice(0, 253), severity, labels: labelsOf(alarm, dimensions), annotations: cleanMap(texts as Record<string, string>), hints: hintsIn(dimensions, rules) };
}

function statusOf(state: string, { insufficientData = 'ignore' }: AlarmSettings): Signal['status'] | 'ignore' | undefined {
  if (state === 'INSUFFICIENT_DATA') return insufficientData;
  return Object.hasOwn(STATES, state) ? STATES[state] : undefined;
}

type Dimensions = ReadonlyMap<string, string>;

/** Of the metric, or of the first metric inside an expression that has any. */
function dimensionsOf({ Trigger }: CloudWatchAlarm): Dimensions {
  const inside = (Trigger?.Metrics ?? []).map((m) => m.MetricStat?.Metric?.Dimensions ?? []);
  const own = [Trigger?.Dimensions ?? [], ...inside].find((list) => list.length > 0) ?? [];
  return new Map(own.map(({ name, value }) => [name, value]));
}

function clusterOf(dimensions: Dimensions, { cluster, settings: { clusterDimension = 'ClusterName', clusterNames = {} } }: SourceContext<AlarmSettings>): string {
  const named = dimensions.get(clusterDimension);
  if (named === undefined) return cluster;
  return Object.hasOwn(clusterNames, named) ? clusterNames[named]! : named;
}

function hintsIn(dimensions: Dimensions, rules: readonly DimensionRule[]): TargetHint[] {
  return rules.flatMap(({ kind, name, namespace }) => {
    const hint = hintFor({ kind, name: dimensions.get(name), namespace: namespace === undefined ? undefined : dimensions.get(namespace) });
    return hint ? [hint] : [];
  });
}

function labelsOf(alarm: CloudWatchAlarm, dimensions: Dimensions): Record<string, string> {
  const named = withoutGaps({
    alertname: alarm.AlarmName,
    namespace: dimensions.get('Namespace'),
    metric: metricOf(alarm),
    region: alarm.AlarmArn?.split(':')[3],
    account: alarm.AWSAccountId,
  });
  return cleanMap({ ...(named as Record<string, string>), ...Object.fromEntries(dimensions) });
}

const metricOf = ({ Trigger }: CloudWatchAlarm): string | undefined =>
  [Trigger?.MetricName, ...(Trigger?.Metrics ?? []).map((m) => m.MetricStat?.Metric?.MetricName)].find((name) => name !== undefined);
