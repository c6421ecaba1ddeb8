import type { Model } from '../domain/ports.js';
import { MAX_ANSWER_BYTES } from './fields.js';
import { ladderModel } from './ladder.js';
import { limitedFetch } from './limited-fetch.js';
import { fromResponse, toRequest, type OpenAiOptions } from './openai-messages.js';

export interface ChatServer extends OpenAiOptions {
  /** Id of the provider: metrics and messages go by it. */
  provider: string;
  /** Base URL: `/chat/completions` is put behind it. */
  endpoint: string;
  /** Sent as a bearer token. */
  apiKey?: string | undefined;
  /** `null` leaves a header of the SDK out. */
  headers?: Record<string, string | null>;
  query?: Record<string, string>;
}

/** Everything that speaks OpenAI's chat completions. No retries, no logs, nothing from the environment. */
export async function connectChat(server: ChatServer): Promise<Model> {
  const { default: OpenAI } = await import('openai');
  const client = new OpenAI({
    baseURL: server.endpoint,
    // the SDK wants one; servers without keys ignore it
    apiKey: server.apiKey ?? 'none',
    organization: null,
    project: null,
    maxRetries: 0,
    fetch: limitedFetch(MAX_ANSWER_BYTES),
    logLevel: 'off',
    ...(server.headers ? { defaultHeaders: server.headers } : {}),
    ...(server.query ? { defaultQuery: server.query } : {}),
  });
  return ladderModel(`${server.provider}/${server.model}`, {
    toRequest: (request, mode) => toRequest(request, mode, server),
    fromResponse,
    send: (body, { timeoutMs, signal }) => client.chat.completions.create(body, { timeout: timeoutMs, maxRetries: 0, signal }),
  });
}
