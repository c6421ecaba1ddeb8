import type { ConverseCommandInput, ConverseCommandOutput, ContentBlock, ToolInputSchema } from '@aws-sdk/client-bedrock-runtime';
import type { ModelAnswer, ModelRequest, ModelUsage } from '../domain/ports.js';
import { invalidAnswer } from './invalid.js';
import { schemaInWords, type Mode } from './ladder.js';
import { strictSchema } from './strict-schema.js';
import { toolInput } from './tool-input.js';

export interface BedrockOptions {
  model: string;
  maxTokens?: number;
  reasoningEffort?: string;
}

/** The body of one Converse request. Pure. Not every model of Bedrock knows a schema, or can be made to call a tool: hence the ladder. */
export function toRequest(request: ModelRequest, mode: Mode, options: BedrockOptions): ConverseCommandInput {
  const output = {
    ...(options.reasoningEffort ? { effort: options.reasoningEffort } : {}),
    ...(mode === 'json_schema' ? { textFormat: formatOf(request) } : {}),
  };
  return {
    modelId: options.model,
    system: [{ text: mode === 'json_object' ? schemaInWords(request) : request.system }],
    messages: [{ role: 'user', content: [{ text: request.prompt }] }],
    ...(options.maxTokens === undefined ? {} : { inferenceConfig: { maxTokens: options.maxTokens } }),
    ...(Object.keys(output).length > 0 ? { outputConfig: output } : {}),
    ...(mode === 'tool_call' ? { toolConfig: toolOf(request) } : {}),
  };
}

const formatOf = (request: ModelRequest) => ({
  type: 'json_schema' as const,
  structure: { jsonSchema: { name: request.schemaName, schema: JSON.stringify(strictSchema(request.schema)) } },
});

const toolOf = ({ schemaName: name, schema }: ModelRequest): NonNullable<ConverseCommandInput['toolConfig']> => ({
  tools: [{ toolSpec: { name, description: 'Hand in the answer.', inputSchema: { json: schema as ToolInputSchema.JsonMember['json'] } } }],
  toolChoice: { tool: { name } },
});

const ENDINGS: Record<string, string> = {
  guardrail_intervened: 'a guardrail intervened',
  content_filtered: 'a content filter cut it off',
  max_tokens: 'it was cut off at the token limit',
  model_context_window_exceeded: 'it was cut off at the end of the context window',
  malformed_model_output: 'the model wrote something malformed',
  malformed_tool_use: 'the model called a tool in a malformed way',
  refusal: 'the model refused',
};

/** From the response to the raw text of the answer; nothing of its shape is taken for granted. Throws ModelAnswerInvalid. */
export function fromResponse(response: unknown, mode: Mode, request: Pick<ModelRequest, 'schemaName'>, model: string): ModelAnswer {
  const body = (typeof response === 'object' && response !== null ? response : {}) as Partial<ConverseCommandOutput>;
  const content = contentOf(body);
  const calls = content.flatMap((block) => (block?.toolUse ? [block.toolUse] : []));
  const text = mode === 'tool_call' && calls.length > 0 ? toolInput(calls, request.schemaName) : textOf(content);
  if (text.trim() === '') throw invalidAnswer('it is empty');
  return { text, model, usage: usageOf(body.usage) };
}

function contentOf({ output, stopReason }: Partial<ConverseCommandOutput>): ContentBlock[] {
  const ending = ENDINGS[stopReason ?? ''];
  if (ending) throw invalidAnswer(ending);
  const content = output?.message?.content;
  if (!Array.isArray(content)) throw invalidAnswer('there is no content in it', 'provider');
  return content;
}

const textOf = (content: ContentBlock[]): string => content.map((block) => (typeof block?.text === 'string' ? block.text : '')).join('');

/** Converse counts what came from or went to a cache apart. */
function usageOf(usage: Partial<NonNullable<ConverseCommandOutput['usage']>> | undefined): ModelUsage {
  const { inputTokens: input, outputTokens: output, cacheReadInputTokens: read, cacheWriteInputTokens: written } = usage ?? {};
  return {
    ...(typeof input === 'number' ? { inputTokens: input + (read ?? 0) + (written ?? 0) } : {}),
    ...(typeof output === 'number' ? { outputTokens: output } : {}),
  };
}
