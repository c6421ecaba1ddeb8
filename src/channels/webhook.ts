import { createHmac } from 'node:crypto';
import { Type, type Static } from '@sinclair/typebox';
import type { Notification } from '../contracts/notification.js';
import { defineChannel } from './define.js';
import { refusalOfConnection, refusalOfStatus, retryAfterMsOf, unforeseen } from './refusal.js';

const TIMEOUT_MS = 5_000;

const Config = Type.Object(
  {
    url: Type.String({ pattern: '^https?://', maxLength: 2000, format: 'secret', description: 'where the JSON is posted; its path often is a credential' }),
    secret: Type.Optional(Type.String({ minLength: 16, format: 'secret', description: 'key of the HMAC-SHA256 signature' })),
  },
  { additionalProperties: false },
);

class BadStatus extends Error {
  override readonly name = 'BadStatus';
  constructor(
    readonly status: number,
    readonly retryAfterMs: number | undefined,
  ) {
    super(`HTTP ${status}`);
  }
}

/** Lowercase hex HMAC-SHA256 over `timestamp.body`; the receiver recomputes it over the raw bytes and refuses old timestamps. */
export const signatureOf = (secret: string, timestamp: string, body: string): string =>
  createHmac('sha256', secret).update(`${timestamp}.${body}`).digest('hex');

const deliveryOf = ({ remediationId, kind, occasion }: Notification): string => `${remediationId}/${kind}${occasion ? `/${occasion}` : ''}`;

function headersFor(n: Notification, body: string, secret: string | undefined): Record<string, string> {
  const timestamp = String(Math.floor(Date.now() / 1000));
  return {
    'content-type': 'application/json',
    'user-agent': 'kubernaut',
    // The same for a repeated delivery, so that a receiver can drop it.
    'x-kubernaut-delivery': deliveryOf(n),
    'x-kubernaut-timestamp': timestamp,
    ...(secret === undefined ? {} : { 'x-kubernaut-signature': signatureOf(secret, timestamp, body) }),
  };
}

async function post(n: Notification, { url, secret }: Static<typeof Config>): Promise<void> {
  const body = JSON.stringify(n);
  const response = await fetch(url, {
    method: 'POST',
    body,
    headers: headersFor(n, body, secret),
    // A redirect could carry the message, and its signature, to somebody else.
    redirect: 'manual',
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  // What the receiver says is of no interest and could be endless.
  await response.body?.cancel();
  if (!response.ok) throw new BadStatus(response.status, retryAfterMsOf(response.headers.get('retry-after'), Date.now()));
}

export const webhook = defineChannel({
  id: 'webhook',
  summary: 'POSTs the notification as JSON, signed when a secret is set.',
  config: Config,
  connect: async (config) => ({
    deliver: async (n) => {
      await post(n, config);
      return { providerId: deliveryOf(n) };
    },
  }),
  classify: (error) =>
    error instanceof BadStatus
      ? refusalOfStatus('webhook', error.status, error.retryAfterMs)
      : (refusalOfConnection('webhook', error) ?? unforeseen('webhook', error)),
});
