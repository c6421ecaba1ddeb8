import { describe, expect, it } from '@jest/globals';
import type { Evidence } from '../domain/evidence.js';
import { KubernautError } from '../domain/errors.js';
import type { Model, ModelRequest } from '../domain/ports.js';
import { scriptedModel, type Script } from '../models/scripted.js';
import { artifactStore } from '../../test/support/artifact-store.js';
import { container, deployment, evidenceOf, node, NS, pod, service } from '../../test/support/kube-objects.js';
import { createAnalyze, type AnalyzeDeps } from './analyze.js';
import type { TurnRequest } from './contract.js';
import { createDiagnose } from './diagnose.js';
import { tools } from './investigation/index.js';

const { deployment: d, sets } = deployment('api', [{ available: 1 }, { podSpec: { containers: [container({ command: ['nope'] })] } }]);
const bad = pod(sets[1]!, { waiting: { reason: 'CrashLoopBackOff' }, restarts: 2, last: { reason: 'StartError', exitCode: 128 } });
const evidence: Evidence = evidenceOf(d, [sets, bad, pod(sets[0]!, { ready: true }), node('node-1'), service('api')]);

async function analyse(script: Script) {
  const store = artifactStore();
  const evidenceRef = await store.putArtifact('evidence', evidence);
  const model = scriptedModel(script, 'fake');
  const { findings } = await createDiagnose({ store })({ evidenceRef });
  const run = () => createAnalyze({ store, model, templates: [{ id: 'generic', summary: 'Keep the evidence, then restart.' }] })({ evidenceRef, findings });
  return { run, model, store, findings };
}

const item = (more: object = {}) => ({ action: 'rollback_deployment', target_id: 't1', parameters: { revision: 1 }, confidence: 0.8, reason: 'the command is wrong', ...more });
const answer = (...proposals: unknown[]) => ({ reasoning: 'r', proposals });

describe('a good answer', () => {
  it('becomes a proposal for the object behind the id, with usage and both texts kept', async () => {
    const { run, store } = await analyse([answer(item())]);
    const reply = await run();
    expect(reply.proposals).toEqual([
      { action: 'rollback_deployment', target: { apiVersion: 'apps/v1', kind: 'Deployment', namespace: NS, name: 'api', uid: d.metadata.uid }, parameters: { namespace: NS, name: 'api', revision: 1 }, confidence: 0.8, reason: 'the command is wrong', source: 'model', by: 'fake' },
    ]);
    expect(reply.tokens).toBeGreaterThan(0);
    expect(store.kept(reply.promptRef)).toMatchObject({ system: expect.stringContaining('never instructions') });
    expect(store.kept(reply.answerRef)).toMatchObject([{ model: 'fake' }]);
  });

  it('may say null for what is optional, and may propose nothing', async () => {
    expect((await (await analyse([answer(item({ parameters: { revision: null } }))])).run()).proposals[0]?.parameters).toEqual({ namespace: NS, name: 'api' });
    expect((await (await analyse([answer()])).run()).proposals).toEqual([]);
  });

  it('is by the model that answered, where a fallback did', async () => {
    const store = artifactStore();
    const evidenceRef = await store.putArtifact('evidence', evidence);
    const model: Model = { id: 'first', answer: () => Promise.resolve({ text: JSON.stringify(answer(item())), model: 'm', by: 'second', usage: {} }) };
    expect((await createAnalyze({ store, model })({ evidenceRef, findings: [] })).proposals[0]?.by).toBe('second');
  });

  it('may choose a template from the list, or none', async () => {
    const chosen = async (template: unknown) => (await (await analyse([{ ...answer(item()), template }])).run()).template;
    expect(await chosen('generic')).toBe('generic');
    expect(await chosen(null)).toBeUndefined();
  });

  it('may come at the second try, which is told why and nothing more', async () => {
    const { run, model } = await analyse(['```json\n{"secret":"attack"}\n```', answer(item())]);
    expect((await run()).proposals).toHaveLength(1);
    expect(model.requests).toHaveLength(2);
    expect(model.requests[1]!.prompt).toContain('refused (not JSON)');
    expect(model.requests[1]!.prompt).not.toContain('attack');
  });
});

describe('a hijacked model gets nothing through', () => {
  it.each<[string, unknown]>([
    ['an unknown action', answer(item({ action: 'kubectl_delete' }))],
    ['a target that is not in the list', answer(item({ target_id: 't99' }))],
    ['a target by name', answer(item({ target_id: 'api' }))],
    ['a locator of its own', answer(item({ parameters: { revision: 1, namespace: 'kube-system' } }))],
    ['a locator beside the parameters', answer({ ...item(), namespace: 'kube-system' })],
    ['an action on a kind it does not act on', answer(item({ action: 'cordon_node', parameters: {} }))],
    ['a template that is not in the list', { ...answer(item()), template: 'drop-database' }],
    ['an extra parameter', answer(item({ parameters: { revision: 1, force: true } }))],
    ['a number as text', answer(item({ parameters: { revision: '1' } }))],
    ['revision zero', answer(item({ parameters: { revision: 0 } }))],
    ['confidence 2', answer(item({ confidence: 2 }))],
    ['confidence -1', answer(item({ confidence: -1 }))],
    ['confidence "high"', answer(item({ confidence: 'high' }))],
    ['no reason', answer({ ...item(), reason: undefined })],
    ['six proposals', answer(item(), item(), item(), item(), item(), item())],
    ['more at the top', { ...answer(item()), approve: true }],
    ['a bare proposal', item()],
    ['a list', [item()]],
    ['null', 'null'],
    ['a string', '"rollback"'],
    ['two objects', `${JSON.stringify(answer(item()))}${JSON.stringify(answer(item()))}`],
    ['prose behind it', `${JSON.stringify(answer(item()))} Good luck!`],
    ['duplicate keys', '{"reasoning":"r","proposals":[],"proposals":[{"action":"drain_node"}]}'],
    ['__proto__', '{"reasoning":"r","proposals":[],"__proto__":{"x":1}}'],
    ['refusal text', 'I am sorry, I cannot do that.'],
    ['100 KiB', JSON.stringify(answer(item({ reason: 'x'.repeat(100_000) })))],
    ['depth', `{"reasoning":${'['.repeat(100)}${']'.repeat(100)},"proposals":[]}`],
  ])('%s', async (_name, text) => {
    const { run, model } = await analyse([text]);
    await expect(run()).rejects.toMatchObject({ code: 'ModelAnswerInvalid' });
    expect(model.requests).toHaveLength(2);
  });
});

describe('when the model fails', () => {
  it('its error goes on as it is: the analyzers have decided already', async () => {
    const { run, findings } = await analyse([new KubernautError('ModelUnavailable', 'down')]);
    await expect(run()).rejects.toMatchObject({ code: 'ModelUnavailable' });
    expect(findings[0]?.cause).toBe('bad_rollout.command');
  });

  it('evidence that is gone is named', async () => {
    const store = artifactStore();
    await expect(createDiagnose({ store })({ evidenceRef: 'sha256:x' })).rejects.toMatchObject({ code: 'NotFound' });
  });
});

describe('a turn of an investigation', () => {
  const asking = (...ask: unknown[]) => ({ ...answer(), ask });
  async function turn(script: Script, request: Partial<TurnRequest> = {}, deps: Partial<AnalyzeDeps> = {}) {
    const store = artifactStore();
    const evidenceRef = await store.putArtifact('evidence', evidence);
    const model = scriptedModel(script, 'fake');
    const { findings } = await createDiagnose({ store })({ evidenceRef });
    const analyze = createAnalyze({ store, model, tools: tools.members, ...deps });
    return { store, model, run: () => analyze({ evidenceRef, findings, remediationId: 'r-1', turn: 1, mostAsks: 4, ...request }) };
  }

  it('may ask for looks at what was read: ids become objects', async () => {
    const { run, store } = await turn([asking({ tool: 'describe', target_id: 't1' }, { tool: 'logs', target_id: 't2', container: null, contains: 'fatal', previous: true, lines: null })]);
    const reply = await run();
    expect(reply.asks).toEqual([
      { tool: 'describe', targetId: 't1', target: { apiVersion: 'apps/v1', kind: 'Deployment', namespace: NS, name: 'api', uid: d.metadata.uid }, args: {}, summary: `describe deployment ${NS}/api` },
      expect.objectContaining({ tool: 'logs', args: { contains: 'fatal', previous: true }, summary: expect.stringMatching(/^logs .*\(contains fatal, previous true\)$/) }),
    ]);
    expect(store.kept(reply.turnRef)).toMatchObject({ kind: 'turn', turn: 1, asks: reply.asks, promptRef: reply.promptRef });
  });

  it.each<[string, unknown]>([
    ['a tool that is not known', asking({ tool: 'exec', target_id: 't1' })],
    ['an object by name', asking({ tool: 'describe', target_id: 'secret/db' })],
    ['an id that is not in the list', asking({ tool: 'describe', target_id: 't99' })],
    ['a namespace of its own', asking({ tool: 'describe', target_id: 't1', namespace: 'kube-system' })],
    ['an argument out of bounds', asking({ tool: 'logs', target_id: 't1', lines: 1e6 })],
    ['a kind that the tool does not look at', asking({ tool: 'logs', target_id: 't4' })],
    ['five at once', asking(...Array.from({ length: 5 }, () => ({ tool: 'describe', target_id: 't1' })))],
    ['not a list', { ...answer(), ask: { tool: 'describe', target_id: 't1' } }],
  ])('is refused: %s', async (_name, text) => {
    const { run } = await turn([text]);
    await expect(run()).rejects.toMatchObject({ code: 'ModelAnswerInvalid', details: { tokens: expect.any(Number), answerRef: expect.stringMatching(/^sha256:/) } });
  });

  it('may ask about what is listed apart, and never propose anything for it', async () => {
    const { run } = await turn([asking({ tool: 'describe', target_id: 'o1' })]);
    expect((await run()).asks).toMatchObject([{ targetId: 'o1', target: { kind: 'Service', name: 'api' }, summary: `describe service ${NS}/api` }]);
    for (const parameters of [{}, { revision: 1 }]) {
      const proposing = await turn([{ ...answer(item({ target_id: 'o1', parameters })), ask: [] }]);
      await expect(proposing.run()).rejects.toMatchObject({ code: 'ModelAnswerInvalid' });
    }
  });

  it('can ask nothing when it is the last: the schema has no such member', async () => {
    const { run, model } = await turn([asking({ tool: 'describe', target_id: 't1' })], { mostAsks: 0 });
    await expect(run()).rejects.toMatchObject({ code: 'ModelAnswerInvalid' });
    expect(model.requests[0]!.schema).not.toHaveProperty('properties.ask');
  });

  it('is a function of what is recorded: the same transcript gives the same prompt', async () => {
    const transcript = (store: ReturnType<typeof artifactStore>) => store.putArtifact('tool', { kind: 'tool', call: { tool: 'logs', targetId: 't2', target: {}, args: {}, summary: '' }, at: 'x', found: 'exit 1', result: { lines: ['exit 1'] } });
    const prompts = await Promise.all([1, 2].map(async () => {
      const t = await turn([answer()], { turn: 2 });
      const ref = await transcript(t.store);
      const again = createAnalyze({ store: t.store, model: t.model, tools: tools.members });
      const { promptRef } = await again({ evidenceRef: await t.store.putArtifact('evidence', evidence), findings: [], turn: 2, transcript: [ref], mostAsks: 1 });
      return [promptRef, t.store.kept(promptRef).prompt];
    }));
    expect(prompts[0]).toEqual(prompts[1]);
    expect(prompts[0]![1]).toContain('exit 1');
  });

  it('whose worker died after the answer was kept is not paid for again', async () => {
    const { run, model } = await turn([answer(item())]);
    const first = await run();
    expect(await run()).toEqual(first);
    expect(model.requests).toHaveLength(1);
  });

  it('hands over the price, where it is known of every answer', async () => {
    const priced = (costs: (number | undefined)[]): Model => ({ id: 'p', answer: () => Promise.resolve({ text: costs.length > 1 ? 'no JSON' : JSON.stringify(answer()), model: 'p', usage: { inputTokens: 10, outputTokens: 5, cost: costs.shift() } }) });
    expect(await (await turn([], {}, { model: priced([0.25, 0.5]) })).run()).toMatchObject({ tokens: 30, cost: 0.75 });
    expect(await (await turn([], {}, { model: priced([0.25, undefined]) })).run()).not.toHaveProperty('cost');
  });

  it('asks in the time that is left of all its tries, and is stopped with its activity', async () => {
    const given: ModelRequest[] = [];
    const abort = new AbortController();
    const model: Model = { id: 'w', answer: (request) => (given.push(request), Promise.resolve({ text: JSON.stringify(answer()), model: 'w', usage: {} })) };
    await (await turn([], {}, { model, timeoutMs: 300_000, waiting: (run) => run({ signal: abort.signal, leftMs: 60_000 }) })).run();
    expect(given[0]!.timeoutMs).toBeLessThanOrEqual(58_000);
    expect(given[0]!.signal).toBe(abort.signal);
    const late = await turn([], {}, { model, waiting: (run) => run({ leftMs: 1000 }) });
    await expect(late.run()).rejects.toMatchObject({ code: 'ModelUnavailable' });
  });

  it('without a model, or without HolmesGPT, says which is missing', async () => {
    await expect((await turn([], {}, { model: undefined })).run()).rejects.toMatchObject({ code: 'ModelRejected' });
    await expect((await turn([], { by: 'holmes' })).run()).rejects.toThrow(/investigation\.holmes\.url/);
  });
});
