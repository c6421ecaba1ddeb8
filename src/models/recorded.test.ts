import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { proposalSchema } from '../actions/proposal-schema.js';
import { actions } from '../actions/index.js';
import type { ModelAnswer, ModelRequest } from '../domain/ports.js';
import * as anthropic from './anthropic-messages.js';
import * as bedrock from './bedrock-messages.js';
import type { Mode } from './ladder.js';
import * as openai from './openai-messages.js';
import { strictSchema } from './strict-schema.js';

const folder = (provider: string): URL => new URL(`../../test/fixtures/${provider}/`, import.meta.url);
const recorded = (provider: string, name: string): unknown => JSON.parse(readFileSync(new URL(`${name}.json`, folder(provider)), 'utf8'));
const schema = { type: 'object', additionalProperties: false, required: ['reasoning'], properties: { reasoning: { type: 'string', maxLength: 10 }, note: { type: 'string' } } };
const request: ModelRequest = { system: 'S', prompt: 'P', schema, schemaName: 'remediation_proposals', timeoutMs: 1000 };

const read = (provider: string, name: string, mode: Mode): ModelAnswer => {
  const body = recorded(provider, name);
  if (provider === 'anthropic') return anthropic.fromResponse(body, mode, request);
  return provider === 'bedrock' ? bedrock.fromResponse(body, mode, request, 'm') : openai.fromResponse(body, mode, request);
};

const TEXT = '{"reasoning":"bad command","proposals":[]}';
const used = (inputTokens: number, outputTokens: number) => ({ inputTokens, outputTokens });

const GIVEN: [string, string, Mode, string, ModelAnswer['usage'], string][] = [
  ['openai', 'reasoning-model', 'json_schema', TEXT, used(812, 420), 'gpt-5-mini-2025-08-07'],
  ['azure', 'json-schema', 'json_schema', TEXT, used(812, 64), 'gpt-4o-2024-11-20'],
  ['azure', 'tool-call', 'tool_call', TEXT, used(900, 70), 'gpt-4o-2024-11-20'],
  ['azure', 'no-usage', 'json_object', TEXT, {}, 'gpt-4o-2024-11-20'],
  ['ollama', 'json-schema', 'json_schema', TEXT, used(611, 58), 'llama3.2'],
  ['ollama', 'tool-call', 'tool_call', TEXT, used(900, 70), 'llama3.2'],
  ['ollama', 'thinking', 'json_schema', TEXT, used(900, 70), 'qwen3:8b'],
  ['ollama', 'refusal', 'json_object', "I can't help with that.", used(900, 70), 'llama3.2'],
  ['ollama', 'no-usage', 'json_object', TEXT, {}, 'llama3.2'],
  ['localai', 'json-schema', 'json_schema', TEXT, used(702, 61), 'hermes-2-pro-llama-3-8b'],
  ['localai', 'tool-call', 'tool_call', TEXT, used(900, 70), 'hermes-2-pro-llama-3-8b'],
  ['localai', 'refusal', 'json_object', 'Sorry, I cannot do that.', used(900, 70), 'hermes-2-pro-llama-3-8b'],
  ['localai', 'no-usage', 'json_object', TEXT, {}, 'hermes-2-pro-llama-3-8b'],
  ['ramalama', 'json-schema', 'json_schema', TEXT, used(640, 57), 'granite3.3:8b'],
  ['ramalama', 'tool-call', 'tool_call', TEXT, used(900, 70), 'granite3.3:8b'],
  ['ramalama', 'refusal', 'json_object', 'I am not able to help.', used(900, 70), 'granite3.3:8b'],
  ['ramalama', 'no-usage', 'json_object', TEXT, {}, 'granite3.3:8b'],
  ['huggingface', 'json-schema', 'json_schema', TEXT, used(655, 60), 'meta-llama/Llama-3.3-70B-Instruct'],
  ['huggingface', 'tool-call', 'tool_call', TEXT, used(900, 70), 'meta-llama/Llama-3.3-70B-Instruct'],
  ['huggingface', 'refusal', 'json_object', "I can't assist with that.", used(900, 70), 'meta-llama/Llama-3.3-70B-Instruct'],
  ['huggingface', 'no-usage', 'json_object', TEXT, {}, 'meta-llama/Llama-3.3-70B-Instruct'],
  ['anthropic', 'json-schema', 'json_schema', TEXT, used(812, 64), 'claude-sonnet-4-5-20250929'],
  ['anthropic', 'tool-call', 'tool_call', TEXT, used(812, 64), 'claude-sonnet-4-5-20250929'],
  ['anthropic', 'text-and-tool', 'tool_call', TEXT, used(812, 64), 'claude-sonnet-4-5-20250929'],
  ['anthropic', 'thinking', 'json_schema', TEXT, used(812, 64), 'claude-sonnet-4-5-20250929'],
  ['anthropic', 'no-usage', 'json_object', TEXT, {}, 'claude-sonnet-4-5-20250929'],
  ['bedrock', 'json-schema', 'json_schema', TEXT, used(812, 64), 'm'],
  ['bedrock', 'tool-call', 'tool_call', TEXT, used(812, 64), 'm'],
  ['bedrock', 'reasoning', 'json_schema', TEXT, used(812, 64), 'm'],
  ['bedrock', 'no-usage', 'json_object', TEXT, {}, 'm'],
];

const REFUSED: [string, string, Mode, string][] = [
  ['openai', 'content-filter', 'json_schema', 'content filter'],
  ['azure', 'refusal', 'json_schema', 'refused'],
  ['azure', 'cut-off', 'json_schema', 'cut off'],
  ['azure', 'content-filter', 'json_schema', 'content filter'],
  ['ollama', 'cut-off', 'json_schema', 'cut off'],
  ['localai', 'cut-off', 'json_schema', 'cut off'],
  ['ramalama', 'cut-off', 'json_schema', 'cut off'],
  ['huggingface', 'cut-off', 'json_schema', 'cut off'],
  ['anthropic', 'refusal', 'json_schema', 'refused'],
  ['anthropic', 'cut-off', 'json_schema', 'cut off'],
  ['anthropic', 'context-window', 'json_schema', 'context window'],
  ['anthropic', 'two-tools', 'tool_call', 'more than one tool'],
  ['anthropic', 'unknown-tool', 'tool_call', 'unknown tool'],
  ['bedrock', 'refusal', 'json_schema', 'content filter'],
  ['bedrock', 'guardrail', 'json_schema', 'guardrail'],
  ['bedrock', 'cut-off', 'json_schema', 'cut off'],
  ['bedrock', 'two-tools', 'tool_call', 'more than one tool'],
];

describe('answers as the references of the APIs show them', () => {
  it.each(GIVEN)('%s %s as %s', (provider, name, mode, text, usage, model) => expect(read(provider, name, mode)).toEqual({ text, model, usage }));

  it.each(REFUSED)('%s %s as %s is no answer: %s', (provider, name, mode, why) => {
    expect(() => read(provider, name, mode)).toThrow(expect.objectContaining({ code: 'ModelAnswerInvalid', details: expect.objectContaining({ fault: 'model', why: expect.stringContaining(why) }) }));
  });

  it.each(['openai', 'azure', 'ollama', 'localai', 'ramalama', 'huggingface', 'anthropic', 'bedrock'])('an error body of %s is nowhere taken for an answer', (provider) => {
    const errors = readdirSync(folder(provider)).filter((f) => f.startsWith('error-'));
    expect(errors.length).toBeGreaterThan(1);
    for (const file of errors) expect(() => read(provider, file.replace('.json', ''), 'json_schema')).toThrow(expect.objectContaining({ code: 'ModelAnswerInvalid' }));
  });

  it('a tool input nested past what can be written is no answer', () => {
    let input: unknown = {};
    for (let i = 0; i < 100_000; i++) input = [input];
    const body = { content: [{ type: 'tool_use', name: 'remediation_proposals', input }], stop_reason: 'tool_use' };
    expect(() => anthropic.fromResponse(body, 'tool_call', request)).toThrow(expect.objectContaining({ code: 'ModelAnswerInvalid' }));
  });
});

describe('requests', () => {
  const forClaude = (mode: Mode) => anthropic.toRequest(request, mode, { model: 'c', maxTokens: 5 });
  const forBedrock = (mode: Mode) => bedrock.toRequest(request, mode, { model: 'b', maxTokens: 5 });

  it('anthropic: a format, else a forced tool, else words', () => {
    expect(forClaude('json_schema')).toEqual({ model: 'c', max_tokens: 5, system: 'S', messages: [{ role: 'user', content: 'P' }], output_config: { format: { type: 'json_schema', schema: strictSchema(schema) } } });
    expect(forClaude('tool_call')).toMatchObject({ tools: [{ name: 'remediation_proposals', input_schema: schema }], tool_choice: { type: 'tool', name: 'remediation_proposals', disable_parallel_tool_use: true } });
    expect(forClaude('json_object')).toEqual({ model: 'c', max_tokens: 5, system: expect.stringMatching(/^S\n[\s\S]*additionalProperties/), messages: [{ role: 'user', content: 'P' }] });
  });

  it('bedrock: a text format, else a forced tool, else words', () => {
    const format = forBedrock('json_schema').outputConfig!.textFormat!;
    expect(format.type).toBe('json_schema');
    expect(JSON.parse(format.structure!.jsonSchema!.schema!)).toEqual(strictSchema(schema));
    expect(forBedrock('tool_call').toolConfig).toMatchObject({ tools: [{ toolSpec: { name: 'remediation_proposals', inputSchema: { json: schema } } }], toolChoice: { tool: { name: 'remediation_proposals' } } });
    expect(forBedrock('json_object')).toEqual({ modelId: 'b', system: [{ text: expect.stringContaining('additionalProperties') }], messages: [{ role: 'user', content: [{ text: 'P' }] }], inferenceConfig: { maxTokens: 5 } });
  });

  it.each(['json_schema', 'tool_call', 'json_object'] as const)('effort travels beside %s', (mode) => {
    expect(anthropic.toRequest(request, mode, { model: 'c', maxTokens: 5, reasoningEffort: 'low' }).output_config).toMatchObject({ effort: 'low' });
    expect(bedrock.toRequest(request, mode, { model: 'c', reasoningEffort: 'low' }).outputConfig).toMatchObject({ effort: 'low' });
  });

  it('hold the whole catalogue', () => {
    const whole = { ...request, schema: proposalSchema(actions.members, ['t1']) };
    expect(() => JSON.stringify([anthropic.toRequest(whole, 'json_schema', { model: 'c', maxTokens: 5 }), bedrock.toRequest(whole, 'tool_call', { model: 'c' })])).not.toThrow();
  });
});
