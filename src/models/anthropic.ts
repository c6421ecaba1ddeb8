import { Type } from '@sinclair/typebox';
import { fromResponse, toRequest } from './anthropic-messages.js';
import { classifyHttp } from './classify.js';
import { defineModel } from './define.js';
import { commonFields, MAX_ANSWER_BYTES, optionalEndpoint, requiredSecret } from './fields.js';
import { ladderModel } from './ladder.js';
import { limitedFetch } from './limited-fetch.js';

const HOME = 'https://api.anthropic.com';
/** The API wants a limit with every request; it is the standard of `llm.maxTokens`. */
const MAX_TOKENS = 2048;

/** Claude, by the Messages API. */
export const anthropic = defineModel({
  id: 'anthropic',
  summary: 'Claude, by the API of Anthropic.',
  config: Type.Object({ ...commonFields, endpoint: optionalEndpoint(HOME), apiKey: requiredSecret('API key, sent as x-api-key') }, { additionalProperties: false }),

  async connect({ endpoint = HOME, apiKey, maxTokens = MAX_TOKENS, ...config }) {
    const { default: Anthropic } = await import('@anthropic-ai/sdk');
    // with `apiKey` the SDK looks for no other credential, in the environment or on disk; of its own it would send it as a bearer token
    const client = new Anthropic({
      baseURL: endpoint,
      apiKey,
      defaultHeaders: { 'x-api-key': apiKey, authorization: null },
      maxRetries: 0,
      fetch: limitedFetch(MAX_ANSWER_BYTES),
      logLevel: 'off',
    });
    return ladderModel(`anthropic/${config.model}`, {
      toRequest: (request, mode) => toRequest(request, mode, { ...config, maxTokens }),
      fromResponse,
      send: (body, { timeoutMs, signal }) => client.messages.create(body, { timeout: timeoutMs, maxRetries: 0, signal }),
    });
  },

  classify: (error) => classifyHttp('model anthropic', error),
});
