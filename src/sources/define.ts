import type { Static, TObject, TSchema } from '@sinclair/typebox';
import type { Signal } from '../domain/signal.js';
import type { HmacRule } from './hmac.js';

export type Headers = Readonly<Record<string, string | string[] | undefined>>;

export interface SourceContext<Settings = unknown> {
  /** The cluster of signals that do not name one. */
  cluster: string;
  /** Other clusters that a `cluster` label may name. Anything else is foreign and rejected. */
  clusters?: readonly string[];
  /** RFC 3339. */
  receivedAt: string;
  /** Of `sources.<id>`, as the definition's `settings` says; secrets and what every source has are not in it. */
  settings: Settings;
  /** Which one, for sources that are configured several times under names of their own. */
  name?: string;
}

/** Why one alert could not be used. */
export interface Rejection {
  fingerprint?: string;
  reason: string;
  /** The credentials do not cover its cluster or namespace. */
  isForeign?: boolean;
}

export interface ParsedSignals {
  signals: Signal[];
  /** Per alert that could not be used, in the order of the body. The others go on. */
  rejected: Rejection[];
  /** What the sender left out (AlertManager's `truncatedAlerts`). */
  truncated: number;
  /** The sender's group and whom it was for, where senders have such. */
  group?: { receiver: string; key: string };
  /** Understood, and by configuration nothing to act on: recorded, so that `why-not` can say so. */
  ignored?: { signal: Signal; reason: string }[];
  /** Beside `signals`: what repeated deliveries of it have in common, where fingerprint and start do not say it (CloudEvents: source and id). */
  deliveryIds?: readonly (string | undefined)[];
}

/** Against what a request is verified. */
export interface Access<Settings = unknown> {
  /** Bearer tokens that are accepted; several for rotation. */
  tokens: readonly string[];
  hmac?: HmacRule;
  settings: Settings;
  /** Our clock, in milliseconds. */
  nowMs: number;
  /** The text behind `evidenceUrl`. */
  evidence?: string;
}

export interface Verified {
  /** The same for a replay of this request: remembered, and answered as a duplicate. */
  deliveryId?: string;
}

export type Credential = 'bearer' | 'hmac';

export interface SourceDefinition<Id extends string = string, Body extends TSchema = TSchema, Settings extends TObject = TObject> {
  id: Id;
  summary: string;
  /** Schema of the envelope; unknown keys are ignored, since senders grow. */
  body: Body;
  contentTypes: readonly string[];
  /** Default: POST alone. */
  methods?: readonly ('POST' | 'PUT')[];
  /** Also served as `/api/v1/signals/<alias>`. */
  aliases?: readonly string[];
  /** Of one request; default: what the gateway takes at all. */
  maxBytes?: number;
  /** What a sender may show; default: a bearer token. */
  credentials?: readonly Credential[];
  /** The setting that must not be empty where the sender has no secret of ours (SNS signs with its own key: `topics`). */
  guard?: string;
  /** Closed schema of what `sources.<id>` holds besides who may send. */
  settings?: Settings;
  /** Configured several times: `sources.<id>.<name>`, served at `/api/v1/signals/<id>/<name>`. */
  isNamed?: boolean;
  /**
   * The sender may go on with an alert under the start it had after it said that it ended (AlertManager, when it heard nothing
   * for a while): so long after the end a firing one is that, and no late delivery.
   */
  sameStartAfterMs?: number;
  /** `verify` looks at the headers alone, so bad credentials are refused before the body is read. */
  verifiesHeadersOnly?: boolean;
  /** What the headers alone tell, where `verify` needs the body too. Throws `Unauthorized` before it is read. */
  admit?(headers: Headers, access: Access<Static<Settings>>): void;
  /** Checks the credentials over the raw bytes. Throws `Unauthorized`. Constant-time. Pure. */
  verify(raw: Buffer, headers: Headers, access: Access<Static<Settings>>): Verified | void;
  /** What must be read over the network before `verify` (SNS: the certificate). Pure; throws where it may not be asked for. */
  evidenceUrl?(raw: Buffer, access: Access<Static<Settings>>): string | undefined;
  /** What must be visited once the request is verified (SNS: the confirmation of a subscription). Pure. */
  acknowledgeUrl?(body: Static<Body>): string | undefined;
  /** The body as its schema wants it, where parts of it are in the headers (CloudEvents in binary mode). Pure. */
  unwrap?(json: unknown, headers: Headers): unknown;
  /** Pure. Throws `BadRequest` only when nothing of the body can be used. */
  toSignals(body: Static<Body>, context: SourceContext<Static<Settings>>): ParsedSignals;
}

export const defineSource = <const Id extends string, Body extends TSchema, Settings extends TObject = TObject>(
  definition: SourceDefinition<Id, Body, Settings>,
): SourceDefinition<Id, Body, Settings> => definition;
