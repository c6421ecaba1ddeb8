import { Type } from '@sinclair/typebox';
import { CloudEventBody } from '../contracts/cloud-event.js';
import type { Signal } from '../domain/signal.js';
import { admitCredentials, verifyCredentials } from './credentials.js';
import { defineSource, type Headers } from './define.js';
import { signalsOfEvent, type TypeRule } from './event-signals.js';

const word = <T extends string>(values: readonly T[], description: string) => Type.Unsafe<T>({ type: 'string', enum: [...values], description, examples: [values[0]] });

const Rule = Type.Object(
  {
    prefix: Type.String({ minLength: 1, description: 'of the type of the event', examples: ['com.example.monitor.'] }),
    as: word<TypeRule['as']>(['signal', 'alert', 'ignore'], 'what its data is; without a rule its shape decides'),
    status: Type.Optional(word<Signal['status']>(['firing', 'resolved'], 'what the type says about the status')),
  },
  { additionalProperties: false, examples: [{ prefix: 'com.example.monitor.recovered', as: 'signal', status: 'resolved' }] },
);

export const cloudevents = defineSource({
  id: 'cloudevents',
  summary: 'CloudEvents 1.0 over HTTP: structured, binary and batched.',
  body: CloudEventBody,
  contentTypes: ['application/cloudevents+json', 'application/cloudevents-batch+json', 'application/json'],
  credentials: ['bearer', 'hmac'],
  settings: Type.Object({
    types: Type.Array(Rule, { default: [], examples: [[{ prefix: 'com.example.monitor.recovered', as: 'signal', status: 'resolved' }]], description: 'what events are by the start of their type; the longest wins' }),
  }),
  admit: admitCredentials,
  verify: verifyCredentials,

  /** In binary mode the attributes are headers and the body is the data. */
  unwrap(json, headers) {
    if (typeof headers['ce-specversion'] !== 'string') return json;
    return { ...attributesIn(headers), datacontenttype: headers['content-type'], data: json };
  },

  toSignals(body, context) {
    const signals: Signal[] = [];
    const deliveryIds: (string | undefined)[] = [];
    const events = (Array.isArray(body) ? body : [body]).map((event) => signalsOfEvent(event, context));
    for (const event of events) {
      signals.push(...event.signals);
      deliveryIds.push(...event.signals.map(() => event.deliveryId));
    }
    return { signals, deliveryIds, rejected: events.flatMap((e) => e.rejected), truncated: 0 };
  },
});

function attributesIn(headers: Headers): Record<string, string> {
  const entries = Object.entries(headers).filter((h): h is [string, string] => h[0].startsWith('ce-') && typeof h[1] === 'string');
  return Object.fromEntries(entries.map(([name, value]) => [name.slice(3), decoded(value)]));
}

/** Values are percent-encoded UTF-8; what is not is taken as it stands. */
function decoded(value: string): string {
  try {
    return decodeURIComponent(value);
  } catch {
    return value;
  }
}
