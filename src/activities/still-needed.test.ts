import { describe, expect, it } from '@jest/globals';
import { deployment, evidenceOf, pod } from '../../test/support/kube-objects.js';
import { diagnoseAll } from '../analyzers/index.js';
import { worldOf, type KubeObject } from '../domain/kube.js';
import type { Step } from '../domain/plan.js';
import type { Cluster } from '../domain/ports.js';
import { createStillNeeded } from './still-needed.js';

/** A Deployment whose newest revision came up, with one pod in this state. */
function scene(state: Parameters<typeof pod>[1], status: object = {}) {
  const { deployment: d, sets } = deployment('api', [{}, { available: 1 }], { completed: true, replicas: 1, status });
  return evidenceOf(d, [sets, pod(sets[1]!, state)]);
}

function asked({ objects, object, target }: ReturnType<typeof scene>, step: Partial<Step> = {}) {
  const all: KubeObject[] = object ? [...objects, object] : objects;
  const evidence = { ...scene({ ready: true }), objects: all, object, target };
  const check = createStillNeeded({ cluster: () => ({ world: () => worldOf(all) }) as unknown as Cluster, collect: () => Promise.resolve(evidence as never), diagnose: diagnoseAll });
  return check({ target, isWitnessed: true, changes: [], ...step } as Step);
}

const refused = expect.objectContaining({ code: 'AlreadyRemediated' });

describe('the last look before a write', () => {
  it('refuses to touch what became well by itself', () => expect(asked(scene({ ready: true }))).rejects.toEqual(refused));

  it('does not take the health of an object for a reason against what is added beside it', () =>
    expect(asked(scene({ ready: true }), { changes: [{ op: 'create', object: {} as KubeObject }] })).resolves.toBeUndefined());

  it('goes on while something is not Ready', () => expect(asked(scene({}, { readyReplicas: 0, availableReplicas: 0 }))).resolves.toBeUndefined());

  it('does not take the pause between two crashes for health', () =>
    expect(asked(scene({ ready: true, restarts: 3, last: { reason: 'Error', exitCode: 1, finishedAt: new Date().toISOString() } }))).resolves.toBeUndefined());

  it('leaves to people what only a model and people wanted', () => expect(asked(scene({ ready: true }), { isWitnessed: false })).resolves.toBeUndefined());
});
