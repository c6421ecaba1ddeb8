import type OpenAI from 'openai';
import { KubernautError } from '../../domain/errors.js';
import type { Embedder } from '../../domain/ports.js';
import { LOCAL_DIMENSIONS } from './local-embedder.js';

export interface OpenaiEmbedderOptions {
  /** Any server that speaks OpenAI's `/embeddings` (Azure, Ollama, LocalAI). Default: OpenAI. */
  baseUrl?: string;
  apiKey?: string;
  model: string;
  /** Sent to the server, which must shorten to it. Default 384, for which pgvector has an index. */
  dimensions?: number;
  timeoutMs?: number;
}

const TIMEOUT_MS = 20_000;

/** Throws ModelUnavailable (with `retryAfterMs` when told), ModelRejected, or ModelAnswerInvalid when the size is not what was asked. */
export function openaiEmbedder(options: OpenaiEmbedderOptions): Embedder {
  const { model, dimensions = LOCAL_DIMENSIONS } = options;
  let client: Promise<OpenAI> | undefined;
  return {
    id: `openai/${model}/${dimensions}`,
    dimensions,
    async embed(text) {
      client ??= connect(options);
      const vector = await request(await client, { model, dimensions, input: text || ' ' });
      return toUnitLength(vector, options);
    },
  };
}

/** The SDK is loaded on first use, and its retries are off: Temporal owns retries and budgets. */
async function connect({ baseUrl, apiKey, timeoutMs }: OpenaiEmbedderOptions): Promise<OpenAI> {
  const { default: Client } = await import('openai');
  return new Client({ baseURL: baseUrl, apiKey: apiKey ?? 'none', maxRetries: 0, timeout: timeoutMs ?? TIMEOUT_MS });
}

async function request(client: OpenAI, body: { model: string; dimensions: number; input: string }): Promise<number[]> {
  try {
    const answer = await client.embeddings.create({ ...body, encoding_format: 'float' });
    return answer.data[0]?.embedding ?? [];
  } catch (error) {
    throw toModelError(error, body.model);
  }
}

function toModelError(error: unknown, model: string): KubernautError {
  const { status, headers } = error as { status?: number; headers?: Headers };
  const isPassing = status === undefined || status === 408 || status === 409 || status === 429 || status >= 500;
  if (!isPassing) return new KubernautError('ModelRejected', `the embedding model ${model} refused the request (HTTP ${status}); check its name, key and dimensions`, error);
  const seconds = Number(headers?.get('retry-after') ?? NaN);
  const retryAfterMs = Number.isFinite(seconds) ? seconds * 1000 : undefined;
  return new KubernautError('ModelUnavailable', { message: `the embedding model ${model} does not answer; it is tried again`, retryAfterMs }, error);
}

function toUnitLength(vector: readonly number[], { model, dimensions = LOCAL_DIMENSIONS }: OpenaiEmbedderOptions): number[] {
  const length = Math.hypot(...vector);
  if (vector.length !== dimensions || !(length > 0)) {
    throw new KubernautError('ModelAnswerInvalid', `the embedding model ${model} answered ${vector.length} numbers instead of ${dimensions}; choose a model that can shorten, or set dimensions to its size`);
  }
  return vector.map((value) => value / length);
}
