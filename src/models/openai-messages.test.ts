import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { actions } from '../actions/index.js';
import { proposalSchema } from '../actions/proposal-schema.js';
import type { ModelRequest } from '../domain/ports.js';
import { fromResponse, toRequest } from './openai-messages.js';
import { strictSchema } from './strict-schema.js';

const recorded = (name: string): unknown => JSON.parse(readFileSync(new URL(`../../test/fixtures/openai/${name}.json`, import.meta.url), 'utf8'));
const schema = { type: 'object', additionalProperties: false, required: ['reasoning'], properties: { reasoning: { type: 'string', maxLength: 10 }, note: { type: 'string' } } };
const request: ModelRequest = { system: 'S', prompt: 'P', schema, schemaName: 'remediation_proposals', timeoutMs: 1000 };
const text = '{"reasoning":"bad command","proposals":[]}';

describe('the request', () => {
  it('asks for strict structured output first', () => {
    expect(toRequest(request, 'json_schema', { model: 'm', maxTokens: 100 })).toEqual({
      model: 'm',
      max_tokens: 100,
      messages: [{ role: 'system', content: 'S' }, { role: 'user', content: 'P' }],
      response_format: { type: 'json_schema', json_schema: { name: 'remediation_proposals', strict: true, schema: strictSchema(schema) } },
    });
  });

  it('else for one tool call', () => {
    const body = toRequest(request, 'tool_call', { model: 'm' });
    expect(body).toMatchObject({ tool_choice: { type: 'function', function: { name: 'remediation_proposals' } }, parallel_tool_calls: false });
    expect(body.response_format).toBeUndefined();
  });

  it('else for JSON, with the schema in words', () => {
    expect(toRequest(request, 'json_object', { model: 'm', maxTokens: 5, isTokenLimitNew: true })).toMatchObject({ max_completion_tokens: 5 });
    const body = toRequest(request, 'json_object', { model: 'm', maxTokens: 5, reasoningEffort: 'low' });
    expect(body).toMatchObject({ response_format: { type: 'json_object' }, max_completion_tokens: 5, reasoning_effort: 'low' });
    expect(JSON.stringify(body.messages[0])).toContain('additionalProperties');
  });
});

describe('the strict dialect', () => {
  it('requires every member, closes every object and knows no bounds', () => {
    expect(strictSchema(schema)).toEqual({
      type: 'object', additionalProperties: false, required: ['reasoning', 'note'],
      properties: { reasoning: { type: 'string' }, note: { anyOf: [{ type: 'string' }, { type: 'null' }] } },
    });
  });

  it('holds for the whole catalogue', () => {
    const seen: string[] = [];
    const walk = (s: any): void => {
      if (Array.isArray(s)) return s.forEach(walk);
      if (s === null || typeof s !== 'object') return;
      if (s.properties) {
        expect(s.additionalProperties).toBe(false);
        expect([...s.required].sort()).toEqual(Object.keys(s.properties).sort());
        seen.push(...Object.keys(s.properties));
      }
      for (const key of ['pattern', 'minLength', 'maximum', 'const']) expect(Object.keys(s.properties ? {} : s)).not.toContain(key);
      Object.values(s).forEach(walk);
    };
    walk(strictSchema(proposalSchema(actions.members, ['t1'])));
    expect(seen).toContain('target_id');
  });
});

describe('recorded answers', () => {
  it.each([
    ['json-schema', 'json_schema', { text, model: 'gpt-4o-2024-08-06', usage: { inputTokens: 812, outputTokens: 64 } }],
    ['tool-call', 'tool_call', { text, model: 'mistral-small', usage: { inputTokens: 900, outputTokens: 70 } }],
    ['no-usage', 'json_object', { text, model: 'llama3.2', usage: {} }],
    ['json-schema', 'tool_call', { text, model: 'gpt-4o-2024-08-06', usage: { inputTokens: 812, outputTokens: 64 } }],
  ] as const)('%s as %s', (name, mode, answer) => expect(fromResponse(recorded(name), mode, request)).toEqual(answer));

  it.each([
    ['a refusal', recorded('refusal')],
    ['a cut', recorded('cut-off')],
    ['null', null],
    ['a string', 'hello'],
    ['no choices', { choices: [] }],
    ['no message', { choices: [{}] }],
    ['empty text', { choices: [{ message: { content: ' ' }, finish_reason: 'stop' }] }],
    ['an unknown tool', { choices: [{ message: { tool_calls: [{ type: 'function', function: { name: 'kubectl', arguments: '{}' } }] } }] }],
    ['two tools', { choices: [{ message: { tool_calls: [{ type: 'function', function: { name: 'remediation_proposals', arguments: '{}' } }, { type: 'function', function: { name: 'remediation_proposals', arguments: '{}' } }] } }] }],
  ])('%s is no answer', (_name, response) => {
    expect(() => fromResponse(response, 'tool_call', request)).toThrow(expect.objectContaining({ code: 'ModelAnswerInvalid' }));
  });
});
