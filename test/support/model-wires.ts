import type { ModelId } from '../../src/models/index.js';
import type { ModelCall } from './bad-model-server.js';

export type Rung = 'json_schema' | 'tool_call' | 'json_object';

/** What a test must know of one provider's format to play its server. */
export interface ModelWire {
  id: Exclude<ModelId, 'scripted'>;
  config(origin: string): Record<string, unknown>;
  /** The body that carries this text at this rung. */
  answer(text: string, rung: Rung): string;
  /** The rung that a request is on. */
  rungOf(body: any): Rung;
  path: RegExp;
  /** The key as it must travel. */
  isSigned(headers: ModelCall['headers']): boolean;
  /** 812 tokens in, 64 out. */
  cutOff: string;
  refusal?: string;
  /** Bodies of the right format without an answer in them. */
  hollow: Record<string, string>;
}

export const KEY = 'sk-very-secret-0123456789';
export const NAME = 'remediation_proposals';

const chatBody = (message: object, finish: string): string =>
  JSON.stringify({ id: 'c', object: 'chat.completion', created: 1, model: 'm', choices: [{ index: 0, message: { role: 'assistant', ...message }, finish_reason: finish }], usage: { prompt_tokens: 812, completion_tokens: 64, total_tokens: 876 } });

const chat = (id: ModelWire['id'], more: Partial<ModelWire> = {}): ModelWire => ({
  id,
  config: (origin) => ({ endpoint: `${origin}/v1`, model: 'm', apiKey: KEY }),
  answer: (text, rung) =>
    rung === 'tool_call'
      ? chatBody({ content: null, tool_calls: [{ id: 'call_1', type: 'function', function: { name: NAME, arguments: text } }] }, 'tool_calls')
      : chatBody({ content: text, refusal: null }, 'stop'),
  rungOf: (body) => (body.tools ? 'tool_call' : body.response_format.type),
  path: /^\/v1\/chat\/completions$/,
  isSigned: (headers) => headers.authorization === `Bearer ${KEY}`,
  cutOff: chatBody({ content: '{"a":"b' }, 'length'),
  refusal: chatBody({ content: null, refusal: 'I cannot help with that.' }, 'stop'),
  hollow: { 'no choices': '{"choices":[]}', 'no message': '{"choices":[{"index":0,"finish_reason":"stop"}]}', 'empty text': chatBody({ content: '' }, 'stop'), 'an error in a 200': '{"error":{"message":"no"}}' },
  ...more,
});

const claude = (content: unknown, stop: string): string =>
  JSON.stringify({ id: 'msg_1', type: 'message', role: 'assistant', model: 'm', content, stop_reason: stop, stop_sequence: null, usage: { input_tokens: 812, output_tokens: 64 } });

const converse = (content: unknown, stop: string): string =>
  JSON.stringify({ metrics: { latencyMs: 1 }, output: { message: { role: 'assistant', content } }, stopReason: stop, usage: { inputTokens: 812, outputTokens: 64, totalTokens: 876 } });

/** Arguments of a tool travel as JSON there, not as text: what is no JSON can only be said in text. */
const isJson = (text: string): boolean => {
  try {
    return typeof JSON.parse(text) === 'object';
  } catch {
    return false;
  }
};

export const MODEL_WIRES: readonly ModelWire[] = [
  chat('openai'),
  {
    id: 'anthropic',
    config: (origin) => ({ endpoint: origin, model: 'm', apiKey: KEY }),
    answer: (text, rung) =>
      rung === 'tool_call' && isJson(text) ? claude([{ type: 'tool_use', id: 'toolu_1', name: NAME, input: JSON.parse(text) }], 'tool_use') : claude([{ type: 'text', text }], 'end_turn'),
    rungOf: (body) => (body.tools ? 'tool_call' : body.output_config?.format ? 'json_schema' : 'json_object'),
    path: /^\/v1\/messages$/,
    isSigned: (headers) => headers['x-api-key'] === KEY && headers.authorization === undefined && headers['anthropic-version'] !== undefined,
    cutOff: claude([{ type: 'text', text: '{"a":"b' }], 'max_tokens'),
    refusal: claude([], 'refusal'),
    hollow: { 'no content': '{"type":"message","stop_reason":"end_turn"}', 'empty content': claude([], 'end_turn'), 'content of null': claude([null], 'end_turn'), 'an error in a 200': '{"type":"error","error":{"type":"api_error","message":"no"}}' },
  },
  chat('azure', {
    config: (origin) => ({ endpoint: origin, model: 'm', apiKey: KEY }),
    path: /^\/openai\/v1\/chat\/completions$/,
    isSigned: (headers) => headers['api-key'] === KEY && headers.authorization === undefined,
  }),
  {
    id: 'bedrock',
    config: (origin) => ({ endpoint: origin, region: 'eu-central-1', model: 'm', accessKeyId: 'AKIDEXAMPLE', secretAccessKey: KEY }),
    answer: (text, rung) =>
      rung === 'tool_call' && isJson(text) ? converse([{ toolUse: { toolUseId: 't1', name: NAME, input: JSON.parse(text) } }], 'tool_use') : converse([{ text }], 'end_turn'),
    rungOf: (body) => (body.toolConfig ? 'tool_call' : body.outputConfig?.textFormat ? 'json_schema' : 'json_object'),
    path: /^\/model\/m\/converse$/,
    isSigned: (headers) => /^AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE\/\d{8}\/eu-central-1\/bedrock\/aws4_request, SignedHeaders=[^ ]*host[^ ]*, Signature=[0-9a-f]{64}$/.test(headers.authorization ?? ''),
    cutOff: converse([{ text: '{"a":"b' }], 'max_tokens'),
    refusal: converse([], 'content_filtered'),
    hollow: { 'no output': '{"stopReason":"end_turn"}', 'empty content': converse([], 'end_turn'), 'content of null': '{"output":{"message":{"role":"assistant","content":null}},"stopReason":"end_turn"}' },
  },
  chat('ollama'),
  chat('localai'),
  chat('huggingface'),
  chat('ramalama'),
];
