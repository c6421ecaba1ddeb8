import type { KubeObject, World } from '../domain/kube.js';
import type { TargetHint } from '../domain/signal.js';
import type { Trouble } from './kubernetes-object.js';

/** An event is news for so long after it was last seen. */
const NEWS_MS = 5 * 60_000;
/** What happened once or twice is being tried again. */
const LEAST_SEEN = 3;

/** What conditions say as well, and longer: of pods that crash, wait, cannot be scheduled, are not ready. */
const SAID_ELSEWHERE: ReadonlySet<string> = new Set(['BackOff', 'Unhealthy', 'Failed', 'FailedScheduling', 'ErrImagePull', 'ImagePullBackOff', 'InspectFailed', 'ProbeWarning', 'NodeNotReady', 'BackoffLimitExceeded']);

const REASON = /^[A-Za-z0-9]{1,128}$/;
/** An absent one would be tested as "undefined", which looks like a reason. */
const isReason = (given: unknown): boolean => typeof given === 'string' && REASON.test(given);

/** Labels of kube-state-metrics, by kind. */
const LABELS: Readonly<Record<string, string>> = {
  Pod: 'pod', Node: 'node', Job: 'job_name', CronJob: 'cronjob', ReplicaSet: 'replicaset', Deployment: 'deployment', StatefulSet: 'statefulset', DaemonSet: 'daemonset',
  HorizontalPodAutoscaler: 'horizontalpodautoscaler', PersistentVolumeClaim: 'persistentvolumeclaim', PersistentVolume: 'persistentvolume', Service: 'service',
};

interface Said {
  about: TargetHint;
  reason: string;
  message: string;
  count: number;
  firstAt: string;
  lastAt: string;
}

/** Warnings that were repeated lately, one for each object and reason, however many Event objects tell it. */
export function eventTrouble(world: World, nowMs: number): Trouble[] {
  const groups = new Map<string, Said>();
  for (const event of world.list('Event')) {
    const said = warningIn(event);
    if (!said || SAID_ELSEWHERE.has(said.reason) || nowMs - Date.parse(said.lastAt) > NEWS_MS || !isThere(world, said.about)) continue;
    const key = `${said.about.kind}/${said.about.namespace ?? ''}/${said.about.name}/${said.reason}`;
    const known = groups.get(key);
    groups.set(key, known ? both(known, said) : said);
  }
  return [...groups.values()].filter((s) => s.count >= LEAST_SEEN).map(troubleFrom);
}

const both = (a: Said, b: Said): Said => ({
  ...(a.lastAt > b.lastAt ? a : b),
  count: a.count + b.count,
  firstAt: a.firstAt < b.firstAt ? a.firstAt : b.firstAt,
});

/** A warning of a component, in one shape for both of Kubernetes' event APIs; ours are no news to us. */
export function warningIn(event: KubeObject): Said | undefined {
  const { reason, type } = event;
  if (type !== 'Warning' || !isReason(reason) || isOurs(event)) return undefined;
  const about = aboutOf(event.involvedObject ?? event.regarding);
  const times = timesOf(event);
  return about && times && { about, reason, message: firstOf(event.message, event.note) ?? '', count: firstOf(event.series?.count, event.count, event.deprecatedCount) ?? 1, ...times };
}

const isOurs = ({ reportingController, reportingComponent, source }: KubeObject): boolean => (firstOf<string>(reportingController, reportingComponent, source?.component) ?? '').startsWith('kubernaut');

/** Whoever may write events may write any name into them: only a legal one gets into a workflow id. */
function aboutOf(given: { kind?: string; apiVersion?: string; namespace?: string; name?: string } = {}): TargetHint | undefined {
  const { kind = '', apiVersion, namespace, name = '' } = given;
  if (!/^[A-Za-z]{1,63}$/.test(kind) || !isName(name) || (namespace && !isName(namespace))) return undefined;
  return { kind, ...(apiVersion ? { apiVersion } : {}), ...(namespace ? { namespace } : {}), name };
}

const isName = (text: string): boolean => text.length <= 253 && /^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/.test(text);

/** Times of the two APIs differ in precision: compared as texts they must not. */
function timesOf({ series, metadata, ...event }: KubeObject): { firstAt: string; lastAt: string } | undefined {
  const firstAt = instant(event.firstTimestamp, event.deprecatedFirstTimestamp, event.eventTime, metadata.creationTimestamp);
  return firstAt === undefined ? undefined : { firstAt, lastAt: instant(series?.lastObservedTime, event.lastTimestamp, event.deprecatedLastTimestamp) ?? firstAt };
}

function instant(...times: (string | null | undefined)[]): string | undefined {
  const first = times.find((t) => typeof t === 'string' && !Number.isNaN(Date.parse(t)));
  return typeof first === 'string' ? new Date(Date.parse(first)).toISOString() : undefined;
}

const firstOf = <T>(...values: (T | null | undefined | '')[]): T | undefined => (values.find((v) => v !== null && v !== undefined && v !== '') ?? undefined) as T | undefined;

/** Of kinds that are not watched nobody can tell. */
const isThere = (world: World, { kind, namespace, name }: TargetHint): boolean => world.list(kind).length === 0 || world.get(kind, namespace, name) !== undefined;

export function troubleFrom({ about, reason, message, count, firstAt }: Said): Trouble {
  const label = LABELS[about.kind];
  return {
    alert: 'KubeWarningEvent',
    severity: 'warning',
    object: about,
    labels: { ...(about.namespace ? { namespace: about.namespace } : {}), ...(label ? { [label]: about.name } : { object_kind: about.kind, object_name: about.name }), reason },
    startsAt: firstAt,
    summary: `Kubernetes warns: ${reason}.`,
    description: `${message} (seen ${count} times)`,
  };
}
