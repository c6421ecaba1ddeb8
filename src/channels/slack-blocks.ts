import type { Notification } from '../contracts/notification.js';
import { oneLine, visible, webLinks } from './plain-text.js';

/** Slack's own limits: header 150, section text 3000, 50 blocks. */
const HEADER_MAX = 150;
const SECTION_MAX = 2900;

/** The three characters Slack's mrkdwn gives a meaning that reaches beyond looks: mentions, links, entities. */
export const escapeMrkdwn = (text: string): string =>
  visible(text).replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

/** Cut before escaping would split an entity; cut after it at the last whole line. */
const clip = (text: string): string => {
  if (text.length <= SECTION_MAX) return text;
  const cut = text.lastIndexOf('\n', SECTION_MAX);
  return cut > 0 ? `${text.slice(0, cut)}\n…` : `${text.slice(0, SECTION_MAX).replace(/&[a-z]*$/, '')}…`;
};

/** `verbatim` keeps Slack from turning bare URLs and @names of untrusted text into links. */
const mrkdwn = (text: string) => ({ type: 'mrkdwn' as const, text: clip(text), verbatim: true });

const codeBlock = (commands: readonly string[]): string =>
  `\`\`\`${commands.map((c) => escapeMrkdwn(c).replaceAll('```', "'''")).join('\n')}\`\`\``;

/** Title, what and why, commands to paste, links: as blocks, with every piece of text escaped. */
export function slackBlocks(n: Notification) {
  const links = webLinks(n.links).map(([label, url]) => `<${escapeMrkdwn(url)}|${escapeMrkdwn(label)}>`);
  const about = `\`${escapeMrkdwn(n.remediationId)}\` · ${escapeMrkdwn(n.target)} · ${escapeMrkdwn(n.severity)}${n.outcome ? ` · *${escapeMrkdwn(n.outcome)}*` : ''}`;
  return [
    { type: 'header' as const, text: { type: 'plain_text' as const, text: oneLine(n.title, HEADER_MAX), emoji: false } },
    { type: 'context' as const, elements: [mrkdwn(about)] },
    ...(n.lines.length > 0 ? [{ type: 'section' as const, text: mrkdwn(n.lines.map(escapeMrkdwn).join('\n')) }] : []),
    ...(n.commands.length > 0 ? [{ type: 'section' as const, text: mrkdwn(codeBlock(n.commands)) }] : []),
    ...(links.length > 0 ? [{ type: 'context' as const, elements: [mrkdwn(links.join(' · '))] }] : []),
  ];
}
