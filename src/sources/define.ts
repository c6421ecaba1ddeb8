import type { Static, TSchema } from '@sinclair/typebox';
import type { Signal } from '../domain/signal.js';

export interface SourceContext {
  /** The cluster of signals that do not name one. */
  cluster: string;
  /** Other clusters that a `cluster` label may name. Anything else is foreign and rejected. */
  clusters?: readonly string[];
  /** RFC 3339. */
  receivedAt: string;
}

export interface ParsedSignals {
  signals: Signal[];
  /** Per alert that could not be used, in the order of the body. The others go on. */
  rejected: { fingerprint?: string; reason: string; /** The credentials do not cover its cluster or namespace. */ isForeign?: boolean }[];
  /** What the sender left out (AlertManager's `truncatedAlerts`). */
  truncated: number;
}

export interface SourceDefinition<Id extends string = string, Body extends TSchema = TSchema> {
  id: Id;
  summary: string;
  /** Schema of the envelope; unknown keys are ignored, since senders grow. */
  body: Body;
  contentTypes: readonly string[];
  /** `verify` looks at the headers alone, so bad credentials are refused before the body is read. */
  verifiesHeadersOnly?: boolean;
  /** Checks the credentials over the raw bytes. Throws `Unauthorized`. Constant-time. */
  verify(raw: Buffer, headers: Record<string, string | string[] | undefined>, secrets: readonly string[]): void;
  /** Pure. Throws `BadRequest` only when nothing of the body can be used. */
  toSignals(body: Static<Body>, context: SourceContext): ParsedSignals;
}

export const defineSource = <const Id extends string, Body extends TSchema>(definition: SourceDefinition<Id, Body>): SourceDefinition<Id, Body> => definition;
