import { canonicalJson } from '../../domain/sha256.js';

/**
 * `canonicalJson` for evidence. Its lists hold hundreds of objects that the next evidence holds again, the very same copies
 * (activities/evidence/trim.ts): each is written out once. Elements of an artifact's lists must not be changed after it was kept.
 */
export function artifactText(): (content: unknown) => string {
  const known = new WeakMap<object, string>();
  const elementText = (element: unknown): string => {
    if (element === null || typeof element !== 'object') return canonicalJson(element);
    const text = known.get(element) ?? canonicalJson(element);
    known.set(element, text);
    return text;
  };
  const memberText = (value: unknown): string => (Array.isArray(value) ? `[${value.map(elementText).join(',')}]` : canonicalJson(value));
  return (content) => {
    if (content === null || typeof content !== 'object' || Array.isArray(content)) return memberText(content);
    const members = Object.entries(content)
      .filter(([, value]) => value !== undefined)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, value]) => `${JSON.stringify(key)}:${memberText(value)}`);
    return `{${members.join(',')}}`;
  };
}
