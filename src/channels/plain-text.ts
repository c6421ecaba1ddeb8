import type { Notification } from '../contracts/notification.js';
import { visible } from '../domain/visible-text.js';

export { visible };

/** One line, at most `max` characters, cut with an ellipsis. */
export function oneLine(text: string, max: number): string {
  const flat = visible(text).replace(/\s+/g, ' ').trim();
  return flat.length <= max ? flat : `${flat.slice(0, max - 1)}…`;
}

/** Links a person may click: http(s) only, so that no label can smuggle another scheme in. */
export const webLinks = (links: Record<string, string>): [label: string, url: string][] =>
  Object.entries(links).filter(([, url]) => /^https?:\/\/[^\s<>"|]+$/.test(url));

/** The whole message for channels without markup. */
export function plainTextOf(n: Notification): string {
  const parts = [
    oneLine(n.title, 200),
    [`${n.remediationId} · ${n.target} · ${n.severity}${n.outcome ? ` · ${n.outcome}` : ''}`],
    n.lines.map(visible),
    n.commands.map((c) => `  ${visible(c)}`),
    webLinks(n.links).map(([label, url]) => `${label}: ${url}`),
  ];
  return parts.map((p) => (Array.isArray(p) ? p.join('\n') : p)).filter((p) => p !== '').join('\n\n');
}
