import { Type, type Static } from '@sinclair/typebox';
import type { Notification } from '../contracts/notification.js';
import type { KubernautError } from '../domain/errors.js';
import { defineChannel, type Delivery } from './define.js';
import { emailHtmlOf } from './email-body.js';
import { oneLine, plainTextOf } from './plain-text.js';
import { fieldsOf, refusalOfConnection, rejected, unavailable, unforeseen } from './refusal.js';

const TIMEOUT_MS = 15_000;

const Config = Type.Object(
  {
    host: Type.String({ minLength: 1, description: 'SMTP server', examples: ['smtp.example.com'] }),
    port: Type.Optional(Type.Integer({ minimum: 1, maximum: 65_535, default: 587 })),
    from: Type.String({ pattern: '@', description: 'sender address', examples: ['kubernaut@example.com'] }),
    to: Type.Array(Type.String({ pattern: '@' }), { minItems: 1, description: 'recipients', examples: [['sre@example.com']] }),
    user: Type.Optional(Type.String()),
    password: Type.Optional(Type.String({ format: 'secret' })),
    tls: Type.Optional(
      Type.Unsafe<'implicit' | 'starttls' | 'off'>({
        type: 'string',
        enum: ['implicit', 'starttls', 'off'],
        default: 'starttls',
        description: 'implicit = port 465; starttls = required upgrade; off = clear text, for a relay on this machine',
      }),
    ),
    timeoutMs: Type.Optional(Type.Integer({ minimum: 100, maximum: 120_000, default: TIMEOUT_MS })),
  },
  { additionalProperties: false },
);
type Config = Static<typeof Config>;

/** nodemailer's codes for "the connection did not work out" (nodemailer.com/errors). */
const PASSING = new Set(['ECONNECTION', 'ETIMEDOUT', 'ESOCKET', 'EDNS', 'ESTREAM', 'EPROTOCOL']);

interface SmtpFailure {
  code?: string;
  /** The SMTP reply code: 4xx is "later", 5xx is "never" (RFC 5321 4.2.1). */
  responseCode?: number;
}

function classify(error: unknown): KubernautError {
  const { code, responseCode } = fieldsOf<SmtpFailure>(error);
  if (responseCode !== undefined) {
    return responseCode < 500
      ? unavailable('email', `SMTP ${responseCode}`)
      : rejected('email', `SMTP ${responseCode}`, code === 'EAUTH' ? 'check user and password' : 'check sender and recipients');
  }
  if (code !== undefined && PASSING.has(code)) return unavailable('email', code);
  if (code === 'EAUTH') return rejected('email', code, 'check user and password');
  if (code === 'ETLS') return rejected('email', code, 'the server offers no STARTTLS; set tls to implicit, or off for a local relay');
  return refusalOfConnection('email', error) ?? unforeseen('email', error);
}

const domainOf = (address: string): string => address.slice(address.lastIndexOf('@') + 1).replace(/[^A-Za-z0-9.-]/g, '') || 'kubernaut';

/** A fixed id per remediation and kind: a repeated delivery is the same message to a mail reader. */
function threadOf(n: Notification, from: string, previous?: Delivery) {
  const domain = domainOf(from);
  const root = `<${n.remediationId}@${domain}>`;
  return {
    messageId: `<${n.remediationId}.${n.kind}${n.occasion ? `.${n.occasion}` : ''}@${domain}>`,
    references: previous && previous.providerId !== root ? [root, previous.providerId] : [root],
    inReplyTo: previous?.providerId ?? root,
  };
}

async function connect(config: Config) {
  const { createTransport } = await import('nodemailer');
  const tls = config.tls ?? 'starttls';
  const timeoutMs = config.timeoutMs ?? TIMEOUT_MS;
  const transport = createTransport({
    host: config.host,
    port: config.port ?? (tls === 'implicit' ? 465 : 587),
    secure: tls === 'implicit',
    requireTLS: tls === 'starttls',
    ignoreTLS: tls === 'off',
    ...(config.user === undefined ? {} : { auth: { user: config.user, pass: config.password ?? '' } }),
    connectionTimeout: timeoutMs,
    greetingTimeout: timeoutMs,
    socketTimeout: timeoutMs,
    // The message is ours alone: no part of it may make the mailer read a file or a URL.
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  return {
    deliver: async (n: Notification, previous?: Delivery): Promise<Delivery> => {
      const thread = threadOf(n, config.from, previous);
      await transport.sendMail({
        from: config.from,
        to: config.to,
        subject: `[kubernaut] ${oneLine(n.title, 180)}`,
        text: plainTextOf(n),
        html: await emailHtmlOf(n),
        ...thread,
      });
      return { providerId: thread.messageId };
    },
  };
}

export const email = defineChannel({
  id: 'email',
  summary: 'Sends mail through SMTP; all messages of one remediation form a thread.',
  config: Config,
  connect,
  classify,
});
