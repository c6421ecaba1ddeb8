import { Type } from '@sinclair/typebox';
import type { Model } from '../domain/ports.js';
import { classifyHttp } from './classify.js';
import { defineModel } from './define.js';
import { limitedFetch } from './limited-fetch.js';
import { fromResponse, MODES, toRequest, type Mode } from './openai-messages.js';

const MAX_ANSWER_BYTES = 1_048_576;
/** What servers answer when they do not know a way of structured output. */
const UNSUPPORTED_STATUS = [400, 404, 415, 422, 501];

/** OpenAI and everything that speaks its chat completions: Azure, Ollama, LocalAI, Ramalama, vLLM, HuggingFace, by base URL. */
export const openai = defineModel({
  id: 'openai',
  summary: 'OpenAI, or any server with its chat completions API.',
  config: Type.Object(
    {
      endpoint: Type.Optional(Type.String({ minLength: 1, description: 'base URL, e.g. http://localhost:11434/v1' })),
      model: Type.String({ minLength: 1, description: 'model name' }),
      apiKey: Type.Optional(Type.String({ format: 'secret' })),
      maxTokens: Type.Optional(Type.Integer({ minimum: 1 })),
      reasoningEffort: Type.Optional(Type.String({ minLength: 1 })),
    },
    { additionalProperties: false },
  ),

  async connect(config) {
    const { default: OpenAI } = await import('openai');
    // `baseURL: undefined` would make the SDK read the environment, which only src/config may
    const client = new OpenAI({
      baseURL: config.endpoint ?? 'https://api.openai.com/v1',
      apiKey: config.apiKey ?? 'none',
      organization: null,
      project: null,
      maxRetries: 0,
      fetch: limitedFetch(MAX_ANSWER_BYTES),
      logLevel: 'off',
    });
    return modelOf(config, (body, timeoutMs) => client.chat.completions.create(body, { timeout: timeoutMs, maxRetries: 0 }));
  },

  classify: (error) => classifyHttp('model openai', error),
});

type Create = (body: ReturnType<typeof toRequest>, timeoutMs: number) => Promise<unknown>;

/** Remembers which rung of the ladder this model at this endpoint understands: asking in vain costs a round trip each time. */
function modelOf(config: { model: string; maxTokens?: number; reasoningEffort?: string }, create: Create): Model {
  let known: Mode | undefined;
  return {
    id: `openai/${config.model}`,
    async answer(request) {
      const first = known ? MODES.indexOf(known) : 0;
      for (const mode of MODES.slice(first)) {
        try {
          const response = await create(toRequest(request, mode, config), request.timeoutMs);
          const answer = fromResponse(response, mode, request);
          known = mode;
          return answer;
        } catch (error) {
          if (!isUnsupported(error) || mode === MODES.at(-1)) throw error;
        }
      }
      throw new Error('unreachable: the last rung returns or throws');
    },
  };
}

/** A wrong key or model name fails the same way on every rung, so trying on costs two requests and hides nothing. */
const isUnsupported = (error: unknown): boolean =>
  typeof error === 'object' && error !== null && UNSUPPORTED_STATUS.includes((error as { status?: number }).status ?? 0);
