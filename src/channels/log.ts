import { Type } from '@sinclair/typebox';
import type { Notification } from '../contracts/notification.js';
import { defineChannel, type Channel } from './define.js';
import { plainTextOf } from './plain-text.js';
import { refusalOfConnection, unforeseen } from './refusal.js';

type Format = 'json' | 'text';

const lineOf = (n: Notification, format: Format): string =>
  format === 'text' ? `${plainTextOf(n)}\n\n` : `${JSON.stringify({ level: 'info', time: n.at, msg: n.title, notification: n })}\n`;

/** Writes to whatever takes lines; the process uses its standard output. */
export const logChannelTo = (write: (line: string) => void, format: Format = 'json'): Channel => ({
  deliver: async (notification) => {
    write(lineOf(notification, format));
    return { providerId: `log/${notification.remediationId}/${notification.kind}${notification.occasion ? `/${notification.occasion}` : ''}` };
  },
});

export const log = defineChannel({
  id: 'log',
  summary: 'One line per notification on standard output; always there.',
  config: Type.Object(
    { format: Type.Optional(Type.Unsafe<Format>({ type: 'string', enum: ['json', 'text'], default: 'json' })) },
    { additionalProperties: false },
  ),
  connect: async ({ format }) => logChannelTo((line) => process.stdout.write(line), format),
  classify: (error) => refusalOfConnection('log', error) ?? unforeseen('log', error),
});
