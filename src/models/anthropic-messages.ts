import type { Message, MessageCreateParamsNonStreaming } from '@anthropic-ai/sdk/resources/messages';
import type { ModelAnswer, ModelRequest, ModelUsage } from '../domain/ports.js';
import { invalidAnswer } from './invalid.js';
import { schemaInWords, type Mode } from './ladder.js';
import { strictSchema } from './strict-schema.js';
import { toolInput } from './tool-input.js';

export interface AnthropicOptions {
  model: string;
  maxTokens: number;
  reasoningEffort?: string;
}

/**
 * The body of one message. Pure. Strict schemas are bounded in optional and union-typed members (structured outputs,
 * "schema complexity limits"), and ours grows with the catalogue: the tool's schema is therefore the plain one. What the first
 * rung cannot hold the second must; the answer is checked by us anyway.
 */
export function toRequest(request: ModelRequest, mode: Mode, options: AnthropicOptions): MessageCreateParamsNonStreaming {
  const output = {
    ...(options.reasoningEffort ? { effort: options.reasoningEffort as 'low' } : {}),
    ...(mode === 'json_schema' ? { format: { type: 'json_schema' as const, schema: strictSchema(request.schema) } } : {}),
  };
  return {
    model: options.model,
    max_tokens: options.maxTokens,
    system: mode === 'json_object' ? schemaInWords(request) : request.system,
    messages: [{ role: 'user', content: request.prompt }],
    ...(Object.keys(output).length > 0 ? { output_config: output } : {}),
    ...(mode === 'tool_call'
      ? {
          tools: [{ name: request.schemaName, description: 'Hand in the answer.', input_schema: request.schema as { type: 'object' } }],
          tool_choice: { type: 'tool', name: request.schemaName, disable_parallel_tool_use: true },
        }
      : {}),
  };
}

const ENDINGS: Record<string, string> = {
  refusal: 'the model refused',
  max_tokens: 'it was cut off at the token limit',
  model_context_window_exceeded: 'it was cut off at the end of the context window',
  pause_turn: 'the model paused',
};

/** From the body to the raw text of the answer; nothing of its shape is taken for granted. Throws ModelAnswerInvalid. */
export function fromResponse(response: unknown, mode: Mode, request: Pick<ModelRequest, 'schemaName'>): ModelAnswer {
  const body = (typeof response === 'object' && response !== null ? response : {}) as Partial<Message>;
  if (!Array.isArray(body.content)) throw invalidAnswer('there is no content in it', 'provider');
  const ending = ENDINGS[body.stop_reason ?? ''];
  if (ending) throw invalidAnswer(ending);
  const calls = body.content.filter((block) => block?.type === 'tool_use');
  const text = mode === 'tool_call' && calls.length > 0 ? toolInput(calls, request.schemaName) : textOf(body.content);
  if (text.trim() === '') throw invalidAnswer('it is empty');
  return { text, model: body.model ?? 'unknown', usage: usageOf(body.usage) };
}

const textOf = (content: Message['content']): string =>
  content.map((block) => (block?.type === 'text' && typeof block.text === 'string' ? block.text : '')).join('');

/** What came from or went to a cache was read as well: it is paid for, if differently. */
function usageOf(usage: Partial<Message['usage']> | undefined): ModelUsage {
  const { input_tokens: input, output_tokens: output, cache_creation_input_tokens: written, cache_read_input_tokens: read } = usage ?? {};
  return {
    ...(typeof input === 'number' ? { inputTokens: input + (written ?? 0) + (read ?? 0) } : {}),
    ...(typeof output === 'number' ? { outputTokens: output } : {}),
  };
}
