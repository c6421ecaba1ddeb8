import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { ActionId } from '../../src/actions/index.js';
import type { Change } from '../../src/domain/change.js';
import { isKubernautError } from '../../src/domain/errors.js';
import type { KubeObject, ObjectRef } from '../../src/domain/kube.js';
import { anyStart, varied, type Start } from '../support/any-start.js';
import { deploymentPath, deploymentRef, openStage, type Stage } from '../support/actions/stage.js';

/** A handful of random starts on the real API server; thousands in memory: test/contract/undo-properties.test.ts. */
const SAMPLES = 4;
const SEED = 20_261_121;

let stage: Stage;
let ns: string;

beforeAll(async () => {
  stage = await openStage();
  ns = await stage.namespace();
}, 600_000);

afterAll(() => stage?.stop(), 60_000);

const deployment = (name: string): KubeObject => ({
  apiVersion: 'apps/v1', kind: 'Deployment', metadata: { namespace: ns, name },
  spec: {
    replicas: 1, selector: { matchLabels: { app: name } },
    template: { metadata: { labels: { app: name } }, spec: { containers: [{ name: 'api', image: 'api:1', resources: { requests: { memory: '64Mi' }, limits: { memory: '0.125Gi' } } }] } },
  },
});

/** Who wrote last, and which revision admission found it to be: marks, which stay. */
const OURS = 'kubernaut.io/last-action';
const PROVEN = 'kubernaut.io/verified-revision';
const REVISION = 'deployment.kubernetes.io/revision';

/** All that a person wrote: what the server counts, the controllers' own fields and our mark aside. */
function imageOf({ metadata, spec }: KubeObject): unknown {
  const { [OURS]: _mark, [PROVEN]: _proof, [REVISION]: _revision, ...annotations } = metadata.annotations ?? {};
  const { resourceVersion: _version, generation: _generation, managedFields: _fields, ...rest } = metadata as unknown as Record<string, unknown>;
  return { ...rest, annotations, spec };
}

/** As the activity does: the controllers write the status at any moment. */
async function applied(changes: readonly Change[], actionId: string, isUndo: boolean): Promise<void> {
  for (const change of changes) {
    for (let attempt = 1; ; attempt++) {
      try {
        await stage.cluster.apply(change, { actionId, isUndo });
        break;
      } catch (error) {
        if (!isKubernautError(error, 'ConflictTransient') || attempt === 10) throw error;
      }
    }
  }
}

interface Played {
  action: ActionId;
  params: (name: string) => Record<string, unknown>;
  /** What must be there before it can be planned. */
  ready?: (name: string) => Promise<unknown>;
  spoil?: (objects: KubeObject[], name: string) => void;
  /** A person's change of what was written. */
  theirs: object;
}

const image = (tag: string) => ({ spec: { template: { spec: { containers: [{ name: 'api', image: tag }] } } } });
const revision = (name: string, n: string) => stage.seen((w) => w.list('ReplicaSet', ns).some((s) => s.metadata.name.startsWith(`${name}-`) && s.metadata.annotations?.[REVISION] === n) && w.get('Deployment', ns, name)?.metadata.annotations?.[REVISION] === n);

const PLAYED: Played[] = [
  { action: 'scale_deployment', params: (name) => ({ namespace: ns, name, replicas: 7 }), theirs: { spec: { replicas: 9 } } },
  {
    action: 'increase_resources', params: (name) => ({ namespace: ns, name, kind: 'Deployment', container: 'api', memory: '200Mi' }),
    ready: (name) => stage.seen((w) => w.list('Pod', ns).some((p) => p.metadata.labels?.app === name)),
    spoil: (objects, name) => objects.filter((o) => o.kind === 'Pod' && o.metadata.labels?.app === name).forEach((pod) => (pod.status = { ...pod.status, containerStatuses: [{ name: 'api', lastState: { terminated: { reason: 'OOMKilled' } } }] })),
    theirs: { spec: { template: { spec: { containers: [{ name: 'api', resources: { limits: { memory: '300Mi' } } }] } } } },
  },
  {
    action: 'rollback_deployment', params: (name) => ({ namespace: ns, name, revision: 1 }),
    async ready(name) {
      await revision(name, '1');
      await stage.person(deploymentPath(ns, name), image('api:2'), 'strategic');
      await revision(name, '2');
    },
    theirs: image('api:3'),
  },
];

const STARTS: Start[] = fc.sample(anyStart, { numRuns: SAMPLES, seed: SEED });
const cases = PLAYED.flatMap((played) => STARTS.map((start, n) => ({ ...played, start, n })));

describe.each(cases)('$action from a random start ($n)', ({ action, params, ready, spoil, theirs, start, n }) => {
  const name = `${action.replaceAll('_', '-')}-${String(n)}`;
  const read = async (ref: ObjectRef) => imageOf((await stage.cluster.read(ref))!);

  it('is undone to its before-image, and refuses to undo what somebody changed', async () => {
    // few pods are asked for: several of these live at the same time
    await stage.create(varied(deployment(name), { ...start, ...(start.replicas ? { replicas: 1 + (start.replicas % 3) } : {}) }));
    await ready?.(name);
    const ref = deploymentRef(ns, name);
    await stage.seen((w) => w.get('Deployment', ns, name));
    const before = await read(ref);
    const actionId = stage.newActionId();
    const step = stage.planned({ action, actionId, ref, params: withinReach(params(name), before), spoil: (objects) => void spoil?.(objects, name) });
    const undo = step.undo.kind === 'none' ? [] : step.undo.changes;
    await applied(step.changes, actionId, false);
    expect(await read(ref)).not.toEqual(before);
    await applied(undo, actionId, true);
    expect(await read(ref)).toEqual(before);

    await applied(step.changes, actionId, false);
    await stage.person(deploymentPath(ns, name), theirs, 'strategic');
    const image = await read(ref);
    await expect(applied(undo, actionId, true)).rejects.toEqual(expect.objectContaining({ code: 'Drifted' }));
    expect(await read(ref)).toEqual(image);
    await stage.admin.request('DELETE', deploymentPath(ns, name));
  }, 90_000);
});

/** The step of a scale-up is bounded. */
function withinReach(params: Record<string, unknown>, before: unknown): Record<string, unknown> {
  if (params.replicas === undefined) return params;
  return { ...params, replicas: (before as { spec: { replicas: number } }).spec.replicas + 2 };
}
