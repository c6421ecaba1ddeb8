import type { Signal } from '../../domain/signal.js';
import type { Target } from '../../domain/target.js';

/** One line for the list of the Web UI: `KubePodCrashLooping · prod/checkout`, at most 200 bytes. */
export function staticSummaryOf(target: Target, signal: Signal): string {
  const where = `${target.namespace ?? target.kind}/${target.name}`;
  const encoder = new TextEncoder();
  let text = `${plain(signal.alert)} · ${plain(where)}`;
  while (encoder.encode(text).length > 200) text = [...text].slice(0, -1).join('');
  return text;
}

/** The fixed part of a remediation's page in the Web UI: what came in. Markdown, without HTML, images or live links. */
export function staticDetailsOf(target: Target, signal: Signal): string {
  const lines = (map: Record<string, string>) => Object.entries(map).map(([k, v]) => `- ${plain(k)}: ${plain(v)}`);
  return [
    `**${plain(signal.alert)}** (${signal.severity}) on ${target.kind} ${target.namespace ? `${target.namespace}/` : ''}${target.name}, cluster ${plain(target.cluster)}`,
    '',
    `From ${signal.source}, firing since ${signal.startsAt}, fingerprint ${plain(signal.fingerprint)}`,
    '',
    '### Labels',
    ...lines(signal.labels),
    '',
    '### Annotations',
    ...lines(signal.annotations),
  ]
    .join('\n')
    .slice(0, 16_000);
}

/** Alert texts are untrusted: they must not draw links, headings or code on the page. */
const plain = (text: string): string => text.replace(/[`*[\]<>#|\\_~!]/g, ' ').replace(/\s+/g, ' ').trim().slice(0, 500);
