import { isKubernautError, KubernautError } from '../domain/errors.js';
import type { Model, ModelAnswer, ModelRequest } from '../domain/ports.js';

/** The ladder of structured output (safety.md 2), strictest first. */
export const MODES = ['json_schema', 'tool_call', 'json_object'] as const;
export type Mode = (typeof MODES)[number];

/** What servers answer when they do not know a way of structured output. */
const UNSUPPORTED_STATUS = [400, 404, 415, 422, 501];

export interface Until {
  timeoutMs: number;
  signal?: AbortSignal | undefined;
}

/** One provider's wire: both translations are pure. */
export interface Wire<Body> {
  toRequest(request: ModelRequest, mode: Mode): Body;
  /** Throws ModelAnswerInvalid. Of the response nothing is taken for granted. */
  fromResponse(response: unknown, mode: Mode, request: ModelRequest): ModelAnswer;
  /** Sends once, without retries; rejects after `timeoutMs` or when aborted, also in the middle of a body. */
  send(body: Body, until: Until): Promise<unknown>;
}

/**
 * A model that asks in the strictest way its server knows. Which one that is is remembered for as long as the model is
 * connected, that is per provider, endpoint and model: asking in vain costs a round trip each time.
 */
export function ladderModel<Body>(id: string, wire: Wire<Body>): Model {
  let first = 0;
  return {
    id,
    async answer(request) {
      const endsAtMs = performance.now() + request.timeoutMs;
      for (let rung = first; ; rung++) {
        const mode = MODES[rung]!;
        try {
          const response = await wire.send(wire.toRequest(request, mode), { timeoutMs: leftMs(endsAtMs, id), signal: request.signal });
          const answer = wire.fromResponse(response, mode, request);
          // A server that does not even give JSON has ignored what it was asked: the repair then asks one rung lower.
          first = isObjectLike(answer.text) ? rung : Math.min(rung + 1, MODES.length - 1);
          return answer;
        } catch (error) {
          if (!isUnsupported(error) || rung === MODES.length - 1) throw error;
        }
      }
    },
  };
}

/** The system text with the schema behind it, for servers that take no schema. */
export const schemaInWords = ({ system, schema }: Pick<ModelRequest, 'system' | 'schema'>): string =>
  `${system}\nAnswer with one JSON object that fits this JSON Schema, without a word before or behind it:\n${JSON.stringify(schema)}`;

/** All rungs share the time of one answer. */
function leftMs(endsAtMs: number, id: string): number {
  const left = Math.ceil(endsAtMs - performance.now());
  if (left <= 0) throw new KubernautError('ModelUnavailable', `model ${id} did not answer in time; the analyzers decide alone until it does`);
  return left;
}

const isObjectLike = (text: string): boolean => text.trimStart().startsWith('{');

/** A wrong key fails the same way on every rung; a wrong model name costs two requests more once, and ends the same. */
function isUnsupported(error: unknown): boolean {
  if (typeof error !== 'object' || error === null || isKubernautError(error)) return false;
  const { status, $metadata } = error as { status?: number; $metadata?: { httpStatusCode?: number } };
  return UNSUPPORTED_STATUS.includes(status ?? $metadata?.httpStatusCode ?? 0);
}
