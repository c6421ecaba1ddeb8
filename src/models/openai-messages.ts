import type { ChatCompletion, ChatCompletionCreateParamsNonStreaming } from 'openai/resources/chat/completions';
import type { ModelAnswer, ModelRequest } from '../domain/ports.js';
import { invalidAnswer } from './invalid.js';
import { schemaInWords, type Mode } from './ladder.js';
import { strictSchema } from './strict-schema.js';

export interface OpenAiOptions {
  model: string;
  maxTokens?: number;
  reasoningEffort?: string;
  /** `max_completion_tokens` instead of `max_tokens`, which OpenAI's reasoning models refuse and most other servers know alone. */
  isTokenLimitNew?: boolean;
}

/** The body of one chat completion. Pure. */
export function toRequest(request: ModelRequest, mode: Mode, options: OpenAiOptions): ChatCompletionCreateParamsNonStreaming {
  const schema = strictSchema(request.schema);
  const base = {
    model: options.model,
    messages: [
      { role: 'system' as const, content: mode === 'json_object' ? schemaInWords(request) : request.system },
      { role: 'user' as const, content: request.prompt },
    ],
    ...limitOf(options),
    ...(options.reasoningEffort ? { reasoning_effort: options.reasoningEffort as 'low' } : {}),
  };
  switch (mode) {
    case 'json_schema':
      return { ...base, response_format: { type: 'json_schema', json_schema: { name: request.schemaName, strict: true, schema } } };
    case 'tool_call':
      return {
        ...base,
        tools: [{ type: 'function', function: { name: request.schemaName, description: 'Hand in the proposals.', parameters: schema, strict: true } }],
        tool_choice: { type: 'function', function: { name: request.schemaName } },
        parallel_tool_calls: false,
      };
    case 'json_object':
      return { ...base, response_format: { type: 'json_object' } };
  }
}

const limitOf = ({ maxTokens, reasoningEffort, isTokenLimitNew }: OpenAiOptions) =>
  maxTokens === undefined ? {} : isTokenLimitNew || reasoningEffort ? { max_completion_tokens: maxTokens } : { max_tokens: maxTokens };

const invalid = (why: string): never => {
  throw invalidAnswer(why);
};

/** From the provider's body to the raw text of the answer. Providers differ: nothing of its shape is taken for granted. */
export function fromResponse(response: unknown, mode: Mode, request: Pick<ModelRequest, 'schemaName'>): ModelAnswer {
  const body = (typeof response === 'object' && response !== null ? response : {}) as Partial<ChatCompletion>;
  const choice = body.choices?.[0];
  if (!choice) throw invalidAnswer('there is no choice in it', 'provider');
  checkEnding(choice);
  const text = mode === 'tool_call' ? toolText(choice.message, request.schemaName) : choice.message?.content;
  if (typeof text !== 'string' || text.trim() === '') return invalid('it is empty');
  return { text, model: body.model ?? 'unknown', usage: usageOf(body.usage) };
}

function checkEnding(choice: Partial<ChatCompletion.Choice>): void {
  if (choice.message?.refusal) invalid('the model refused');
  if (choice.finish_reason === 'length') invalid('it was cut off at the token limit');
  if (choice.finish_reason === 'content_filter') invalid('a content filter cut it off');
}

function toolText(message: ChatCompletion.Choice['message'] | undefined, name: string): string | null | undefined {
  const calls = message?.tool_calls ?? [];
  if (calls.length > 1) invalid('it called more than one tool');
  const call = calls[0];
  // small servers answer in plain text although a tool was asked for
  if (!call) return message?.content;
  if (call.type !== 'function' || call.function.name !== name) return invalid('it called an unknown tool');
  return call.function.arguments;
}

const usageOf = (usage: ChatCompletion['usage']): ModelAnswer['usage'] => ({
  ...(typeof usage?.prompt_tokens === 'number' ? { inputTokens: usage.prompt_tokens } : {}),
  ...(typeof usage?.completion_tokens === 'number' ? { outputTokens: usage.completion_tokens } : {}),
});
