import { describe, expect, it } from '@jest/globals';
import { MODEL_WIRES } from '../../test/support/model-wires.js';
import type { ConfigIssue } from './issues.js';
import { loadConfig } from './load.js';

const SECRET = 'hunter2-0123456789';
const flagsOf = (llm: object) => Object.fromEntries(Object.entries(llm).map(([key, value]) => [`llm.${key}`, value]));

function issuesOf(llm: object): ConfigIssue[] {
  try {
    loadConfig({ env: {}, flags: flagsOf(llm) });
    return [];
  } catch (error) {
    expect(String(error)).not.toContain(SECRET);
    return (error as { details: { issues: ConfigIssue[] } }).details.issues;
  }
}

describe('llm', () => {
  it('needs nothing', () => expect(loadConfig({ env: {} }).llm).toEqual({ timeout: '300s', maxTokens: 2048, fallbacks: [], budget: {}, prices: {} }));

  it.each(MODEL_WIRES.map((w) => [w.id, w.config('http://127.0.0.1:1')] as const))('takes what %s needs', (id, config) => {
    expect(issuesOf({ provider: id, ...config })).toEqual([]);
    expect(issuesOf({ fallbacks: [{ provider: id, ...config, limits: { requestsPerMinute: 5, tokensPerMinute: 6, maxConcurrent: 7 } }] })).toEqual([]);
  });

  it('keeps the names of the environment that people know', () => {
    const { llm } = loadConfig({ env: { LLM_PROVIDER: 'anthropic', LLM_MODEL: 'claude', LLM_API_KEY: SECRET, LLM_TIMEOUT: '9s', KUBERNAUT_LLM_FALLBACKS: `[{"provider":"ollama","model":"llama","apiKey":"${SECRET}"}]` } });
    expect([llm.provider, llm.model, llm.timeout, llm.apiKey?.reveal()]).toEqual(['anthropic', 'claude', '9s', SECRET]);
    expect(llm.fallbacks[0]?.apiKey?.reveal()).toBe(SECRET);
    expect(JSON.stringify(llm)).not.toContain(SECRET);
  });

  it.each<[string, object, string, string]>([
    ['an unknown provider', { provider: 'oracle' }, 'llm.provider', 'one of openai, anthropic'],
    ['the scripted one', { provider: 'scripted' }, 'llm.provider', 'one of openai'],
    ['no model', { provider: 'ollama' }, 'llm.model', 'model name'],
    ['no model behind an endpoint', { endpoint: 'http://127.0.0.1:1' }, 'llm.model', 'model name'],
    ['no key', { provider: 'anthropic', model: 'm' }, 'llm.apiKey', 'API key'],
    ['no resource', { provider: 'azure', model: 'm', apiKey: SECRET }, 'llm.endpoint', 'URL of the resource'],
    ['no region', { provider: 'bedrock', model: 'm' }, 'llm.region', 'AWS region'],
    ['half an access key', { provider: 'bedrock', model: 'm', region: 'x', secretAccessKey: SECRET }, 'llm.accessKeyId', 'or neither'],
    ['a key of another provider', { provider: 'openai', model: 'm', region: 'x' }, 'llm.region', 'one of model'],
    ['a fallback without a provider', { fallbacks: [{ model: 'm' }] }, 'llm.fallbacks.0.provider', 'or an endpoint'],
    ['a fallback without a model', { fallbacks: [{ provider: 'ollama', model: 'm' }, { provider: 'ollama' }] }, 'llm.fallbacks.1.model', 'model name'],
    ['an unknown key in a fallback', { fallbacks: [{ provider: 'ollama', modle: 'm' }] }, 'llm.fallbacks.0.modle', 'one of provider'],
    ['a secret that is none', { provider: 'ollama', model: 'm', apiKey: [SECRET] }, 'llm.apiKey', 'text'],
    ['a limit of 0', { limits: { requestsPerMinute: 0 } }, 'llm.limits.requestsPerMinute', 'a whole number'],
    ['an unknown budget', { budget: { tokensPerHour: 5 } }, 'llm.budget.tokensPerHour', 'one of tokensPerDay'],
    ['a budget in dollars without prices', { provider: 'ollama', model: 'llama', budget: { costPerDay: 5 } }, 'llm.prices.llama', 'its price'],
    ['half a price', { prices: { m: { input: 1 } } }, 'llm.prices.m.output', 'USD per million'],
  ])('%s is named with what is expected', (_name, llm, path, expected) => {
    expect(issuesOf(llm)).toContainEqual(expect.objectContaining({ path, expected: expect.stringContaining(expected) }));
  });

  it('every wrong key is reported at once', () => {
    const issues = issuesOf({ provider: 'bedrock', fallbacks: [{ provider: 'azure' }, { model: 'x' }] });
    expect(issues.map((i) => i.path).sort()).toEqual(['llm.fallbacks.0.apiKey', 'llm.fallbacks.0.endpoint', 'llm.fallbacks.0.model', 'llm.fallbacks.1.provider', 'llm.model', 'llm.region']);
  });

  it('a budget in dollars is kept when every model has a price, be it 0', () => {
    expect(issuesOf({ provider: 'ollama', model: 'llama', budget: { costPerDay: 5 }, prices: { llama: { input: 0, output: 0 } } })).toEqual([]);
  });
});
