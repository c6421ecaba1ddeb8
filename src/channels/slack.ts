import { Type, type Static } from '@sinclair/typebox';
import type { WebClient } from '@slack/web-api';
import type { KubernautError } from '../domain/errors.js';
import type { Notification } from '../contracts/notification.js';
import { defineChannel, type Delivery } from './define.js';
import { oneLine } from './plain-text.js';
import { fieldsOf, refusalOfConnection, refusalOfStatus, rejected, unavailable, unforeseen } from './refusal.js';
import { escapeMrkdwn, slackBlocks } from './slack-blocks.js';

const TIMEOUT_MS = 10_000;

const Config = Type.Object(
  {
    token: Type.String({ minLength: 1, format: 'secret', description: 'bot token with chat:write' }),
    channel: Type.String({ minLength: 1, description: 'channel id (C…) or name', examples: ['C0123456789'] }),
    apiUrl: Type.Optional(Type.String({ pattern: '^https?://', description: 'another Slack API, for GovSlack or a proxy' })),
    timeoutMs: Type.Optional(Type.Integer({ minimum: 100, maximum: 60_000, default: TIMEOUT_MS })),
  },
  { additionalProperties: false },
);

/** Answers of Slack that pass by themselves (docs.slack.dev/reference/methods/chat.postMessage, errors). */
const PASSING = new Set(['ratelimited', 'rate_limited', 'internal_error', 'fatal_error', 'service_unavailable', 'request_timeout', 'team_added_to_org', 'accesslimited']);
/** The old message cannot be edited any more: say it anew instead of not at all. */
const GONE = new Set(['message_not_found', 'cant_update_message', 'edit_window_closed']);

const NEXT_MOVE: Record<string, string> = {
  channel_not_found: 'check the channel in kubernaut.yaml',
  not_in_channel: 'invite the bot into the channel',
  is_archived: 'choose another channel',
  invalid_auth: 'set a valid bot token',
  not_authed: 'set a valid bot token',
  token_revoked: 'set a valid bot token',
  token_expired: 'set a valid bot token',
  missing_scope: 'give the app the scope chat:write',
};

/** The SDK's errors by their `code`, so that the SDK itself need not be loaded to judge them. */
interface SlackFailure {
  code?: string;
  data?: { error?: string };
  retryAfter?: number;
  statusCode?: number;
}

const slackAnswerOf = (error: unknown): string | undefined => {
  const { code, data } = fieldsOf<SlackFailure>(error);
  return code === 'slack_webapi_platform_error' ? data?.error : undefined;
};

const judgeAnswer = (answer: string): KubernautError =>
  PASSING.has(answer) ? unavailable('slack', answer) : rejected('slack', answer, NEXT_MOVE[answer] ?? 'look the answer up in the documentation of chat.postMessage');

function classify(error: unknown): KubernautError {
  const answer = slackAnswerOf(error);
  if (answer !== undefined) return judgeAnswer(answer);
  const failure = fieldsOf<SlackFailure>(error);
  switch (failure.code) {
    case 'slack_webapi_rate_limited_error':
      return unavailable('slack', 'rate limited', (failure.retryAfter ?? 1) * 1000);
    case 'slack_webapi_http_error':
      return refusalOfStatus('slack', failure.statusCode ?? 500);
    case 'slack_webapi_request_error':
      return refusalOfConnection('slack', error) ?? unavailable('slack', 'request failed');
    default:
      return refusalOfConnection('slack', error) ?? unforeseen('slack', error);
  }
}

/** chat.update needs the channel's id and the message's ts: both travel as `C0123/1700000000.000100`. */
const addressOf = (previous: Delivery): { channel: string; ts: string } | undefined => {
  const [channel, ts] = previous.providerId.split('/');
  return channel && ts ? { channel, ts } : undefined;
};

async function deliver(client: WebClient, channel: string, n: Notification, previous?: Delivery): Promise<Delivery> {
  // `text` is what notifications and screen readers show.
  const message = { text: escapeMrkdwn(oneLine(`${n.title} (${n.remediationId})`, 300)), blocks: slackBlocks(n) };
  const earlier = previous && addressOf(previous);
  if (earlier) {
    try {
      await client.chat.update({ ...earlier, ...message });
      return { providerId: previous.providerId };
    } catch (error) {
      if (!GONE.has(slackAnswerOf(error) ?? '')) throw error;
    }
  }
  const posted = await client.chat.postMessage({ channel, ...message, unfurl_links: false, unfurl_media: false });
  return { providerId: `${posted.channel ?? channel}/${posted.ts ?? ''}` };
}

async function connect({ token, channel, apiUrl, timeoutMs }: Static<typeof Config>) {
  const { LogLevel, WebClient } = await import('@slack/web-api');
  const client = new WebClient(token, {
    ...(apiUrl === undefined ? {} : { slackApiUrl: apiUrl.endsWith('/') ? apiUrl : `${apiUrl}/` }),
    // Temporal retries; a second retry loop below it would multiply the messages.
    retryConfig: { retries: 0 },
    rejectRateLimitedCalls: true,
    timeout: timeoutMs ?? TIMEOUT_MS,
    logLevel: LogLevel.ERROR,
  });
  return { deliver: (n: Notification, previous?: Delivery) => deliver(client, channel, n, previous) };
}

export const slack = defineChannel({
  id: 'slack',
  summary: 'Posts to a Slack channel and edits that message when the remediation moves on.',
  config: Config,
  connect,
  classify,
});
