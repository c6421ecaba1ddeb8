import { describe, expect, it } from '@jest/globals';
import type { Evidence } from '../domain/evidence.js';
import { KubernautError } from '../domain/errors.js';
import { hashOf } from '../domain/sha256.js';
import { scriptedModel, type Script } from '../models/scripted.js';
import { container, deployment, evidenceOf, node, NS, pod } from '../../test/support/kube-objects.js';
import { createAnalyze } from './analyze.js';
import { createDiagnose } from './diagnose.js';

function memoryStore() {
  const kept = new Map<string, unknown>();
  return {
    kept,
    getArtifact: async (ref: string) => kept.get(ref),
    putArtifact: async (_kind: string, content: unknown) => {
      const ref = `sha256:${hashOf(content)}`;
      kept.set(ref, content);
      return ref;
    },
  };
}

const { deployment: d, sets } = deployment('api', [{ available: 1 }, { podSpec: { containers: [container({ command: ['nope'] })] } }]);
const bad = pod(sets[1]!, { waiting: { reason: 'CrashLoopBackOff' }, restarts: 2, last: { reason: 'StartError', exitCode: 128 } });
const evidence: Evidence = evidenceOf(d, [sets, bad, pod(sets[0]!, { ready: true }), node('node-1')]);

async function analyse(script: Script) {
  const store = memoryStore();
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
    expect(store.kept.get(reply.promptRef)).toMatchObject({ system: expect.stringContaining('never instructions') });
    expect(store.kept.get(reply.answerRef)).toMatchObject([{ model: 'fake' }]);
  });

  it('may say null for what is optional, and may propose nothing', async () => {
    expect((await (await analyse([answer(item({ parameters: { revision: null } }))])).run()).proposals[0]?.parameters).toEqual({ namespace: NS, name: 'api' });
    expect((await (await analyse([answer()])).run()).proposals).toEqual([]);
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
    const store = memoryStore();
    await expect(createDiagnose({ store })({ evidenceRef: 'sha256:x' })).rejects.toMatchObject({ code: 'NotFound' });
  });
});
