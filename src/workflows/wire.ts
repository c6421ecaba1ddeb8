import { APPROVAL_VIAS, type Decision, type Resolved } from '../domain/messages.js';
import { SEVERITIES, type Signal } from '../domain/signal.js';

/**
 * What arrives by signal was typed by people or sent by other versions. A handler that throws on it would fail every
 * workflow task from then on and stop the remediation for ever, so that it is read defensively and what is not
 * understood is said in the timeline instead.
 */
const MOST_CHARACTERS = 500;

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value);
const textIn = (value: unknown): string | undefined => (typeof value === 'string' || typeof value === 'number' ? String(value).slice(0, MOST_CHARACTERS) : undefined);

/** Nothing, `{"by","reason","plan","candidate","parameters"}`, or a plain string, which is taken as the reason. */
export function decisionFrom(input: unknown): Decision {
  if (!isRecord(input)) return typeof input === 'string' && input !== '' ? { reason: input.slice(0, MOST_CHARACTERS) } : {};
  const texts = Object.fromEntries((['by', 'reason', 'plan', 'candidate'] as const).map((key) => [key, textIn(input[key])] as const).filter(([, v]) => v !== undefined));
  const via = APPROVAL_VIAS.find((v) => v === input['via']);
  return { ...texts, ...(isRecord(input['parameters']) ? { parameters: input['parameters'] } : {}), ...(via ? { via } : {}) };
}

/** Where guessing what was meant would let something else run than the person had in mind. */
export function malformed(input: unknown): string | undefined {
  if (!isRecord(input)) return undefined;
  const { candidate, parameters } = input;
  if (candidate !== undefined && textIn(candidate) === undefined) return '"candidate" is the number or the key of one that is listed';
  if (parameters !== undefined && !isRecord(parameters)) return '"parameters" is an object of names and values';
  return undefined;
}

/** Nothing (every problem), `{"fingerprint","at"}` or the fingerprint alone. */
export function resolvedFrom(input: unknown): Resolved {
  if (typeof input === 'string' && input !== '') return { fingerprint: input };
  if (!isRecord(input)) return {};
  const fingerprint = textIn(input['fingerprint']);
  const at = typeof input['at'] === 'string' && !Number.isNaN(Date.parse(input['at'])) ? input['at'] : undefined;
  return { ...(fingerprint ? { fingerprint } : {}), ...(at ? { at } : {}) };
}

/** A signal of the gateway, or undefined when it names no occurrence. */
export function signalFrom(input: unknown): Signal | undefined {
  if (!isRecord(input)) return undefined;
  const { fingerprint, startsAt, status } = input;
  if (typeof fingerprint !== 'string' || typeof startsAt !== 'string' || (status !== 'firing' && status !== 'resolved')) return undefined;
  const severity = SEVERITIES.find((s) => s === input['severity']) ?? 'warning';
  return {
    ...(input as unknown as Signal),
    alert: textIn(input['alert']) ?? 'unnamed alert',
    severity,
    labels: isRecord(input['labels']) ? (input['labels'] as Record<string, string>) : {},
    annotations: isRecord(input['annotations']) ? (input['annotations'] as Record<string, string>) : {},
  };
}
