import { TypeCompiler } from '@sinclair/typebox/compiler';
import { CloudEvent } from '../contracts/cloud-event.js';
import { SignalData } from '../contracts/signal-data.js';
import { fingerprintOf, severityOf, type Signal } from '../domain/signal.js';
import { foreignCluster, isRejection, signalOfAlert } from './alert-signal.js';
import { cleanMap, instantOf, withoutGaps } from './clean.js';
import type { Rejection, SourceContext } from './define.js';
import { hintFor, hintsOf } from './kubernetes-hints.js';
import { statusOfWord } from './status-word.js';

/** What events of a type are; the longest prefix wins. */
export interface TypeRule {
  prefix: string;
  as: 'alert' | 'signal' | 'ignore';
  status?: Signal['status'];
}

export interface EventSettings {
  types?: readonly TypeRule[];
}

/** What we say ourselves about remediations: taking it in would let us answer to ourselves for ever. */
const OUR_OWN: TypeRule = { prefix: 'io.kubernaut.', as: 'ignore' };

const eventSchema = TypeCompiler.Compile(CloudEvent);
const signalSchema = TypeCompiler.Compile(SignalData);

export interface EventRead {
  signals: Signal[];
  rejected: Rejection[];
  /** Source and id: the same for every delivery of this event. */
  deliveryId?: string;
}

/** All signals of one event: its data is a signal, an alert, or a webhook with several. */
export function signalsOfEvent(event: unknown, context: SourceContext<EventSettings>): EventRead {
  if (!eventSchema.Check(event)) return refused(whyUnusable(event));
  const rule = ruleFor(event.type, context.settings.types ?? []);
  if (rule?.as === 'ignore') return { signals: [], rejected: [] };
  const { data } = event;
  if (data === null || typeof data !== 'object' || Array.isArray(data)) return refused(`event ${event.id.slice(0, 100)} has no JSON object as its data`);
  const read = itemsOf(data, rule).map((item) => (shapeOf(item, rule) === 'alert' ? fromAlert : fromSignalData)(item, { event, rule, context }));
  return { signals: read.filter((r) => !isRejection(r)) as Signal[], rejected: read.filter(isRejection), deliveryId: fingerprintOf('cloudevents', { source: event.source, id: event.id }) };
}

const refused = (reason: string): EventRead => ({ signals: [], rejected: [{ reason }] });

function whyUnusable(event: unknown): string {
  const first = eventSchema.Errors(event).First();
  return `this is no CloudEvent 1.0: ${first?.path || 'the event'}: ${first?.message ?? 'is wrong'}`.slice(0, 300);
}

const ruleFor = (type: string, rules: readonly TypeRule[]): TypeRule | undefined =>
  [OUR_OWN, ...rules].filter((r) => type.startsWith(r.prefix)).sort((a, b) => b.prefix.length - a.prefix.length)[0];

function itemsOf(data: object, rule: TypeRule | undefined): Record<string, unknown>[] {
  const { alerts } = data as { alerts?: unknown };
  const isWebhook = rule?.as !== 'signal' && Array.isArray(alerts);
  return (isWebhook ? alerts : [data]).map((item: unknown) => (item !== null && typeof item === 'object' ? (item as Record<string, unknown>) : {}));
}

/** A signal has a name of its own, an alert has it among its labels. */
const shapeOf = (item: Record<string, unknown>, rule: TypeRule | undefined): string => rule?.as ?? ('labels' in item && !('alert' in item) ? 'alert' : 'signal');

interface Around {
  event: CloudEvent;
  rule: TypeRule | undefined;
  context: SourceContext<EventSettings>;
}

/** What an alert leaves out is what the event says. */
function fromAlert(data: Record<string, unknown>, { event, rule, context }: Around): Signal | Rejection {
  const alert = { ...data, status: rule?.status ?? data.status ?? 'firing', startsAt: data.startsAt ?? event.time ?? context.receivedAt };
  return signalOfAlert(alert, 'cloudevents', context);
}

function fromSignalData(data: Record<string, unknown>, around: Around): Signal | Rejection {
  if (signalSchema.Check(data)) return fromChecked(data, around);
  const first = signalSchema.Errors(data).First()!;
  return { reason: `the data is neither a signal nor an alert with labels: ${first.path || 'data'}: ${first.message}`.slice(0, 300) };
}

function fromChecked(data: SignalData, around: Around): Signal | Rejection {
  const { event, rule, context } = around;
  const fingerprint = `cloudevents:${fingerprintOf('cloudevents', data.fingerprint ? { given: data.fingerprint } : identityOf(data, event))}`;
  const { status: word = 'firing', cluster = context.cluster } = data;
  const status = rule?.status ?? statusOfWord(word);
  if (status === undefined) return { fingerprint, reason: `status ${JSON.stringify(word.slice(0, 50))} is neither firing nor resolved` };
  const startsAt = startOf(data, around);
  if (startsAt === undefined) return { fingerprint, reason: 'startsAt, or the time of the event, is not an RFC 3339 time' };
  return foreignCluster(cluster, fingerprint, context) ?? signalFrom(data, { fingerprint, status, startsAt, cluster, receivedAt: context.receivedAt });
}

const startOf = ({ startsAt }: SignalData, { event, context }: Around): string | undefined => instantOf(startsAt ?? event.time ?? context.receivedAt);

const identityOf = ({ alert, target, labels = {} }: SignalData, { source }: CloudEvent): Record<string, string> => ({
  ...labels, alertname: alert, '': [source, target?.kind, target?.namespace, target?.name].join(' '),
});

type Known = Pick<Signal, 'fingerprint' | 'status' | 'startsAt' | 'cluster' | 'receivedAt'>;

function signalFrom({ alert, severity, target, endsAt, generatorUrl, ...maps }: SignalData, known: Known): Signal {
  const hint = target && hintFor(target);
  const namespace: Record<string, string> = target?.namespace === undefined ? {} : { namespace: target.namespace };
  const labels = cleanMap({ ...namespace, ...maps.labels, alertname: alert });
  return withoutGaps({
    source: 'cloudevents',
    ...known,
    alert: labels.alertname!.slice(0, 253),
    severity: severityOf(severity ?? labels.severity),
    endsAt: known.status === 'resolved' ? instantOf(endsAt) : undefined,
    labels,
    annotations: cleanMap(maps.annotations),
    generatorUrl: generatorUrl?.slice(0, 2048),
    hints: [...(hint ? [hint] : []), ...hintsOf({ ...maps.labels, ...namespace })],
  });
}
