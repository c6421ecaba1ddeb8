import { describe, expect, it } from '@jest/globals';
import type { Template } from '../contracts/template.js';
import { arrange, type Arranging } from './arrange.js';
import type { ObjectRef } from './kube.js';
import type { Proposal } from './plan.js';

const claim: ObjectRef = { apiVersion: 'v1', kind: 'PersistentVolumeClaim', namespace: 'shop', name: 'data' };
const target: ObjectRef = { apiVersion: 'apps/v1', kind: 'StatefulSet', namespace: 'shop', name: 'db' };
const proposal = (action: string, more: Partial<Proposal> = {}): Proposal => ({ action, target: claim, parameters: { namespace: 'shop', pvc: 'data' }, confidence: 0.8, reason: 'x', source: 'rules', by: 'volume', ...more });

const storage: Template = {
  id: 'storage', version: 3, summary: 'A volume fills up.', causes: ['volume.*'],
  parameters: { size: { type: 'string', description: 'new size', default: '20Gi' } },
  rungs: [
    {
      title: 'bigger',
      steps: [
        { id: 'grow', action: 'expand_pvc', needs: ['backup'], with: { size: { param: 'size' } } },
        { id: 'backup', action: 'backup_data', on: 'step:grow', optional: true },
      ],
    },
    { title: 'tell', steps: [{ id: 'evidence', action: 'collect_diagnostics', on: 'target' }] },
  ],
};
const locate: Arranging['locate'] = (action, ref) => (action === 'backup_data' && ref.kind !== 'PersistentVolumeClaim' ? undefined : { namespace: ref.namespace!, at: ref.name });
const arranged = (candidates: Proposal[], more: Partial<Arranging> = {}) => arrange({ candidates, cause: 'volume.full', templates: [storage], target, locate, ...more });

describe('arranging proposals', () => {
  it('makes a plan of its own of each when no template fits', () => {
    expect(arranged([proposal('expand_pvc'), proposal('restart_pod')], { cause: 'oom.growth' }).map((c) => [c.key, c.template, c.steps.length])).toEqual([
      ['expand_pvc:PersistentVolumeClaim/shop/data', undefined, 1],
      ['restart_pod:PersistentVolumeClaim/shop/data', undefined, 1],
    ]);
  });

  it('puts a proposal into the rung that is about it, with the steps around it in their order', () => {
    const [first] = arranged([proposal('expand_pvc', { confidence: 0.9 })]);
    expect(first).toMatchObject({ key: 'expand_pvc:PersistentVolumeClaim/shop/data', template: 'storage@3', confidence: 0.9, source: 'rules' });
    expect(first!.steps.map((s) => [s.proposal.action, s.needs.map((n) => first!.steps.find((t) => t.ordinal === n)!.proposal.action), s.isOptional])).toEqual([
      ['backup_data', [], true],
      ['expand_pvc', ['backup_data'], false],
    ]);
    expect(first!.steps[0]!.proposal).toMatchObject({ target: claim, parameters: { namespace: 'shop', at: 'data' } });
  });

  it('keeps the order of the ranking, and puts rungs of its own last', () => {
    expect(arranged([proposal('restart_pod'), proposal('expand_pvc')]).map((c) => c.key)).toEqual([
      'restart_pod:PersistentVolumeClaim/shop/data', 'expand_pvc:PersistentVolumeClaim/shop/data', 'storage: tell',
    ]);
  });

  it('fills in parameters of the template, and what was proposed wins', () => {
    const grow = (more: Partial<Proposal>) => arranged([proposal('expand_pvc', more)])[0]!.steps.at(-1)!.proposal.parameters;
    expect(grow({})).toMatchObject({ size: '20Gi' });
    expect(grow({ parameters: { size: '30Gi' } })).toMatchObject({ size: '30Gi' });
  });

  it('leaves an optional step out where it has no object', () => {
    const [first] = arranged([proposal('expand_pvc', { target })]);
    expect(first!.steps.map((s) => [s.proposal.action, s.needs])).toEqual([['expand_pvc', []]]);
  });

  it('proposes nothing where nothing was proposed', () => {
    expect(arranged([])).toEqual([]);
  });

  it('follows the choice of a model before the cause', () => {
    expect(arranged([proposal('expand_pvc', { source: 'model' })], { cause: 'model', chosen: 'storage' })[0]).toMatchObject({ template: 'storage@3', source: 'model' });
  });
});
