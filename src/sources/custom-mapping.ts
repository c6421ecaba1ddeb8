import { Type, type Static } from '@sinclair/typebox';
import { fingerprintOf, severityOf, type Signal } from '../domain/signal.js';
import { foreignCluster } from './alert-signal.js';
import { cleanMap, looseInstantOf, withoutGaps } from './clean.js';
import type { Rejection, SourceContext } from './define.js';
import { Field, PointerSchema, readerOf, textOf, valueAt, type Reader } from './field-reader.js';
import { hintFor, hintsOf } from './kubernetes-hints.js';
import { statusOfWord } from './status-word.js';

const optional = Type.Optional(Field);
const Fields = Type.Object(
  {
    alert: Field, status: optional, severity: optional, startsAt: optional, endsAt: optional, fingerprint: optional, cluster: optional,
    kind: optional, namespace: optional, name: optional, url: optional,
  },
  { additionalProperties: false, description: 'where the fields of a signal are', examples: [{ alert: '/check/name', namespace: '/k8s/namespace', kind: { const: 'Deployment' }, name: '/k8s/workload' }] },
);
const someFields = (description: string) => Type.Optional(Type.Record(Type.String({ maxLength: 128 }), Field, { description, examples: [{ team: '/owner' }] }));

/** `sources.custom.<name>` besides who may send. */
export const CustomMapping = Type.Object(
  {
    signals: Type.Optional(PointerSchema('where the list of items is; without it the body is one item', '/events')),
    fields: Fields,
    labels: someFields('labels, beside those of labelsFrom'),
    labelsFrom: Type.Optional(PointerSchema('a map of which every text, number and truth value becomes a label', '/tags')),
    annotations: someFields('texts for people'),
  },
  { additionalProperties: false },
);
export type CustomMapping = Static<typeof CustomMapping>;

type Name = keyof CustomMapping['fields'];
type Readers = ReadonlyMap<string, Reader>;

interface Compiled {
  fields: Readers;
  labels: Readers;
  annotations: Readers;
}

const compiled = new WeakMap<object, Compiled>();

/** The configuration does not change while it runs. */
function compile(mapping: CustomMapping): Compiled {
  const known = compiled.get(mapping);
  if (known) return known;
  const readers = (fields: Record<string, Field | undefined> = {}): Readers => new Map(Object.entries(fields).flatMap(([key, field]) => (field === undefined ? [] : [[key, readerOf(field)] as const])));
  const made = { fields: readers(mapping.fields), labels: readers(mapping.labels), annotations: readers(mapping.annotations) };
  compiled.set(mapping, made);
  return made;
}

/** The items of a body; undefined when the list is not where the mapping says. */
export function itemsOf(body: unknown, { signals }: CustomMapping): unknown[] | undefined {
  if (signals === undefined) return [body];
  const list = valueAt(body, signals);
  return Array.isArray(list) ? list : undefined;
}

interface Item {
  item: unknown;
  body: unknown;
  context: SourceContext<CustomMapping>;
  /** The value of a field as it stands, and as text. */
  read(name: Name): unknown;
  text(name: Name): string | undefined;
}

/** One item → one signal, or why not. */
export function signalOfItem(item: unknown, body: unknown, context: SourceContext<CustomMapping>): Signal | Rejection {
  const { fields } = compile(context.settings);
  const read = (name: Name): unknown => fields.get(name)?.(item, body);
  return signalOf({ item, body, context, read, text: (name) => textOf(read(name)) });
}

function signalOf(one: Item): Signal | Rejection {
  const { context, text } = one;
  const alert = text('alert')?.trim();
  if (!alert) return { reason: 'there is no text where fields.alert points to' };
  const content = contentOf(alert, one);
  const fingerprint = fingerprintFrom(one, { alert, labels: content.rawLabels });
  const status = statusOfWord(text('status') ?? 'firing');
  if (status === undefined) return { fingerprint, reason: `status ${JSON.stringify(text('status')!.slice(0, 50))} is neither firing nor resolved; say what it means in fields.status.values` };
  const startsAt = startOf(one);
  if (startsAt === undefined) return { fingerprint, reason: 'there is no time where fields.startsAt points to; RFC 3339 and seconds or milliseconds since 1970 are read' };
  const cluster = text('cluster') ?? context.cluster;
  const foreign = foreignCluster(cluster, fingerprint, context);
  if (foreign) return foreign;
  const endsAt = status === 'resolved' ? looseInstantOf(one.read('endsAt')) : undefined;
  const { rawLabels: _rawLabels, ...told } = content;
  return withoutGaps({ source: 'custom', cluster, fingerprint, status, startsAt, endsAt, receivedAt: context.receivedAt, ...told });
}

/** An item without a start began when it came in; one with a start that cannot be read is not guessed at. */
function startOf({ read, context }: Item): string | undefined {
  const value = read('startsAt');
  return value === undefined || value === null ? context.receivedAt : looseInstantOf(value);
}

type Content = Pick<Signal, 'alert' | 'severity' | 'labels' | 'annotations' | 'generatorUrl' | 'hints'> & { rawLabels: Record<string, string> };

function contentOf(alert: string, { item, body, context, text }: Item): Content {
  const { labels: ofLabels, annotations } = compile(context.settings);
  const rawLabels = { ...mapAt(item, context.settings.labelsFrom), ...textsOf(ofLabels, item, body) };
  const named = text('namespace');
  const namespace: Record<string, string> = named === undefined ? {} : { namespace: named };
  const labels = cleanMap({ ...rawLabels, alertname: alert, ...namespace });
  const hint = hintFor({ kind: text('kind'), namespace: named, name: text('name') });
  return {
    rawLabels, labels,
    alert: labels.alertname!.slice(0, 253),
    severity: severityOf(text('severity')),
    annotations: cleanMap(textsOf(annotations, item, body)),
    generatorUrl: text('url')?.slice(0, 2048),
    hints: [...(hint ? [hint] : []), ...hintsOf({ ...rawLabels, ...namespace })],
  };
}

function textsOf(readers: Readers, item: unknown, body: unknown): Record<string, string> {
  return textMembers([...readers].map(([key, read]) => [key, read(item, body)]));
}

/** What a map has in texts, numbers and truth values. */
function mapAt(item: unknown, path: string | undefined): Record<string, string> {
  const map = path === undefined ? undefined : valueAt(item, path);
  return map !== null && typeof map === 'object' && !Array.isArray(map) ? textMembers(Object.entries(map)) : {};
}

const textMembers = (entries: readonly (readonly [string, unknown])[]): Record<string, string> =>
  Object.fromEntries(entries.map(([key, value]) => [key, textOf(value)] as const).filter((e): e is readonly [string, string] => e[1] !== undefined));

/** The name of the mapping is in front: two senders may number their alerts alike, and one may not resolve the alerts of the other. */
function fingerprintFrom({ text, context: { name = 'default' } }: Item, { alert, labels }: { alert: string; labels: Record<string, string> }): string {
  const given = text('fingerprint');
  const named = [text('kind'), text('namespace'), text('name')].join('/');
  return `custom.${name}:${fingerprintOf(`custom/${name}`, given ? { given } : { ...labels, alertname: alert, '': named })}`;
}
