import { describe, expect, it } from '@jest/globals';
import { compare, type Asked } from './plan-diff.js';
import type { Step } from './plan.js';

const ref = { apiVersion: 'apps/v1', kind: 'Deployment', namespace: 'shop', name: 'api' };
const step = (more: Partial<Step> = {}): Step => ({
  ordinal: 0, action: 'scale_deployment', target: { cluster: 'prod', ...ref, uid: 'u-1' }, parameters: { replicas: 4 }, tier: 1, summary: 'scale 2 → 4', reason: 'x',
  changes: [{ op: 'scale', ref, uid: 'u-1', before: 2, after: 4 }], undo: { kind: 'exact', changes: [] }, timeoutS: 60, isWriting: true, ...more,
});
const asked = (more: Partial<Asked> = {}): Asked => ({ hash: 'h', steps: [step()], cause: 'oom.growth', alerts: ['A'], findings: [], ...more });
const ask = (check: string, severity: 'ask' | 'info' | 'deny' = 'ask') => ({ check, reason: 'r', message: `${check} speaks`, severity });

describe('what is different between two questions', () => {
  it.each<[string, Partial<Asked>, string[], boolean]>([
    ['nothing', {}, [], false],
    ['a parameter', { hash: 'i', steps: [step({ parameters: { replicas: 6 } })] }, ['replicas: 4 → 6'], true],
    ['a new parameter', { steps: [step({ parameters: { replicas: 4, mode: 'x' } })] }, ['new: mode: x'], true],
    ['a before-value', { steps: [step({ changes: [{ op: 'scale', ref, uid: 'u-1', before: 3, after: 4 }] })] }, ['spec.replicas: 2 → 4 → 3 → 4'], true],
    ['another object of the same name', { steps: [step({ target: { cluster: 'prod', ...ref, uid: 'u-2' } })] }, ['deployment shop/api is another object of that name: u-1 → u-2'], true],
    ['the way back', { steps: [step({ undo: { kind: 'none', why: 'x' } })] }, ['undo: exact → none'], true],
    ['another action', { steps: [step({ action: 'restart_pod', summary: 'restart' })] }, ['step 0: scale 2 → 4 → restart'], true],
    ['one step more', { steps: [step(), step({ ordinal: 1, summary: 'restart' })] }, ['new: step 1: restart'], true],
    ['the cause', { cause: 'bad_rollout.image' }, ['cause: oom.growth → bad_rollout.image'], true],
    ['a new question', { findings: [ask('model_only')] }, ['new: check model_only/r: model_only speaks'], true],
    ['a new remark', { findings: [ask('storm', 'info')] }, [], false],
    ['another alert', { alerts: ['A', 'B'] }, ['new: B'], false],
    ['an alert that is over', { alerts: [] }, ['no longer: A'], false],
    ['something that has no fields', { hash: 'i' }, [], true],
  ])('%s', (_what, after, texts, isMoved) => {
    const { changes, moved } = compare(asked(), asked(after));
    expect([changes.map((c) => c.text), moved !== undefined]).toEqual([texts, isMoved]);
  });

  it('is not the name of an object that we create, which counts the tries', () => {
    const created = (name: string) => step({ changes: [{ op: 'create', object: { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name } } }] });
    expect(compare(asked({ steps: [created('kb-0123456789ab-x')] }), asked({ steps: [created('kb-ba9876543210-x')] })).changes).toEqual([]);
  });

  it('is not a check that fell silent', () => {
    expect(compare(asked({ findings: [ask('model_only')] }), asked()).moved).toBeUndefined();
  });
});
