import type { Evidence } from './evidence.js';

/** `IgnoreAll_previous-instructions` → `ignore all previous instructions`; look-alike letters by compatibility form. */
const plain = (text: string): string =>
  text.normalize('NFKC').replace(/[\u200b-\u200f\u2060-\u2069\ufeff\u00ad]/g, '').replace(/([a-z0-9])([A-Z])/g, '$1 $2').toLowerCase().replace(/[^\p{L}\p{N}<>/|]+/gu, ' ');

/** Repeats are bounded: linear in the text. */
const TELLING = [
  /\b(?:ignore|disregard|forget|override|bypass)\b.{0,40}\b(?:instruction|prompt|rule|guideline|polic(?:y|ies)|system message|context)s?\b/,
  /\b(?:new|updated|real|actual|system|developer) (?:instruction|prompt|directive)s?\b/,
  /\byou (?:are now|must|should now|have to|will now|are (?:an?|the) (?:ai|assistant|model|agent))\b/,
  /\b(?:act|respond|answer|reply) (?:as|with|only)\b.{0,40}\b(?:admin|root|json|assistant|operator|confidence)\b/,
  /\b(?:assistant|model|ai|agent|kubernaut)\b.{0,12}\b(?:must|should|shall|please|has to)\b/,
  /\b(?:always|please|immediately) (?:run|call|choose|propose|execute|recommend|use|approve)\b/,
  /<\/?(?:data|system|user|assistant|instructions?)>|<\|[a-z ]{2,20}\|>/,
];

/**
 * Does this text talk to a reader rather than report? A net under the defence, never the defence: what an incident teaches is made
 * of identifiers anyhow. An incident whose evidence talks like this is kept, and does not teach.
 */
export const readsLikeInstructions = (text: string): boolean => TELLING.some((pattern) => pattern.test(plain(text)));

/** Everything in evidence that somebody without rights on the cluster may have written. */
export const untrustedTexts = ({ problems, events, logs }: Pick<Evidence, 'problems' | 'events' | 'logs'>): string[] => [
  ...problems.flatMap((p) => [p.alert, ...Object.values(p.labels), ...Object.values(p.annotations)]),
  ...events.flatMap((e) => [e.reason, e.message]),
  ...logs.flatMap((l) => l.lines),
];
