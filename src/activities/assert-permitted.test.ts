import { describe, expect, it } from '@jest/globals';
import { actions } from '../actions/index.js';
import type { Change } from '../domain/change.js';
import type { Step } from '../domain/plan.js';
import { createAssertPermitted } from './assert-permitted.js';

const deployment = { apiVersion: 'apps/v1', kind: 'Deployment', namespace: 'shop', name: 'api' };
const pod = { apiVersion: 'v1', kind: 'Pod', namespace: 'shop', name: 'api-1' };

const stepOf = (action: string, changes: Change[], undo: Change[] = [], isWriting = true): Step =>
  ({ action, changes, isWriting, summary: action, undo: undo.length > 0 ? { kind: 'exact', changes: undo } : { kind: 'none', why: 'x' } }) as unknown as Step;

/** What was asked, when all but `denied` is granted. */
async function ask(step: Step, denied?: string) {
  const asked: string[] = [];
  const isAllowed = (q: { verb: string; resource: string; subresource?: string; namespace?: string; name?: string }): Promise<boolean> => {
    const text = `${q.verb} ${q.resource}${q.subresource ? `/${q.subresource}` : ''} ${q.namespace ?? '-'}${q.name ? ` ${q.name}` : ''}`;
    asked.push(text);
    return Promise.resolve(text !== denied);
  };
  await createAssertPermitted({ actions })({ isAllowed }, step);
  return asked;
}

describe('what is asked before a write', () => {
  it.each<[string, Step, string[]]>([
    ['reading the scale too', stepOf('scale_deployment', [{ op: 'scale', ref: deployment, uid: 'u', before: 1, after: 2 }]), ['get deployments/scale shop', 'update deployments/scale shop']],
    ['an eviction, not the rolling restart that is not meant', stepOf('restart_pod', [{ op: 'evict', ref: pod, uid: 'u' }]), ['create pods/eviction shop']],
    ['the fallback where it was chosen', stepOf('restart_pod', [{ op: 'delete', ref: pod, uid: 'u' }]), ['delete pods shop']],
    ['nodes without a namespace', stepOf('cordon_node', [{ op: 'edit', ref: { apiVersion: 'v1', kind: 'Node', name: 'n' }, uid: 'u', edits: [] }]), ['patch nodes -']],
    [
      'evictions once per namespace',
      stepOf('drain_node', [{ op: 'evict', ref: pod, uid: 'u' }, { op: 'evict', ref: { ...pod, name: 'api-2' }, uid: 'v' }, { op: 'evict', ref: { ...pod, namespace: 'data' }, uid: 'w' }]),
      ['create pods/eviction shop', 'create pods/eviction data'],
    ],
    [
      'a controller by its name, not all of its kind',
      stepOf('reset_service_mesh', [{ op: 'edit', ref: { ...deployment, namespace: 'istio-system', name: 'istiod' }, uid: 'u', edits: [] }]),
      ['patch deployments istio-system istiod'],
    ],
    ['nothing for what only reads', stepOf('collect_diagnostics', [], [], false), []],
    ['nothing where there is nothing to do', stepOf('scale_deployment', []), []],
  ])('%s', async (_what, step, expected) => {
    expect(await ask(step)).toEqual(expected);
  });

  it('asks for the undo too, so that nothing is begun that could not be taken back', async () => {
    const node = { apiVersion: 'v1', kind: 'Node', name: 'n' };
    const step = stepOf('drain_node', [{ op: 'evict', ref: pod, uid: 'u' }], [{ op: 'edit', ref: node, uid: 'n', edits: [] }]);
    expect(await ask(step)).toEqual(['create pods/eviction shop', 'patch nodes -']);
  });

  it('refuses with what is missing, and where', async () => {
    const step = stepOf('scale_deployment', [{ op: 'scale', ref: deployment, uid: 'u', before: 1, after: 2 }]);
    await expect(ask(step, 'update deployments/scale shop')).rejects.toMatchObject({ code: 'Forbidden', message: expect.stringContaining('update deployments/scale in shop') });
  });
});
