import { describe, expect, it } from '@jest/globals';
import { ago, container, deployment, evidenceOf, event, NOW, NS, object, pod, problem, service } from '../../test/support/kube-objects.js';
import { changesOf, troubleBegan } from './changes.js';
import type { ObjectChange } from './changes/object-change.js';
import { worldOf, type KubeObject } from './kube.js';

const env = (value: string) => ({ podSpec: { containers: [container({ env: [{ name: 'DB', value }] })] } });

function changesAround(target: KubeObject, objects: (KubeObject | KubeObject[])[], more: { recorded?: ObjectChange[]; configuration?: KubeObject[]; startedAt?: string } = {}) {
  const evidence = evidenceOf(target, objects, { problems: [problem('X', { startedAt: more.startedAt ?? ago(20) })] });
  return changesOf({ world: worldOf(evidence.objects), target, problems: evidence.problems, events: [], takenAt: NOW, recorded: more.recorded ?? [], configuration: more.configuration ?? [] });
}

const recorded = (kind: string, name: string, secondsAgo: number, more: Partial<ObjectChange> = {}): ObjectChange => ({
  cluster: 'test', object: { kind, namespace: NS, name }, uid: `u-${kind}-${name}`, version: String(secondsAgo), at: ago(secondsAgo), verb: 'updated', by: 'kubectl-edit',
  fields: [{ path: 'spec.selector.app', from: '"db"', to: '"base"' }], ...more,
});

describe('what changed', () => {
  it('a rollout is told by what differs between its revision and the one before, with the values', () => {
    const { deployment: d, sets } = deployment('api', [{ ...env('db:5432'), ageS: 9000 }, { ...env('db:5433'), ageS: 200 }]);
    expect(changesAround(d, [sets])[0]).toMatchObject({
      rank: 1, relation: 'target', source: 'revision', what: 'revision 2 rolled out', at: ago(200), object: { kind: 'Deployment', name: 'api' },
      path: 'spec.template.spec.containers[app].env[DB].value', from: '"db:5432"', to: '"db:5433"',
    });
  });

  it('a revision that was taken up again counts from when it was, not from its first life', () => {
    const { deployment: d, sets } = deployment('api', [{ ...env('a'), ageS: 9000 }, { ...env('b'), ageS: 8000 }]);
    sets[1]!.metadata.annotations!['deployment.kubernetes.io/revision-history'] = '1';
    d.metadata.managedFields = [{ manager: 'kubectl-rollout', operation: 'Update', time: ago(100) }];
    expect(changesAround(d, [sets])[0]).toMatchObject({ at: ago(100), by: 'kubectl-rollout', what: 'revision 2 rolled out' });
  });

  it('ControllerRevisions tell the same of a StatefulSet', () => {
    const set = object('apps/v1', 'StatefulSet', 'db', { spec: {} }, { creationTimestamp: ago(9000) });
    const revision = (number: number, image: string, ageS: number) =>
      object('apps/v1', 'ControllerRevision', `db-${number}`, { revision: number, data: { spec: { template: { $patch: 'replace', spec: { containers: [{ name: 'db', image }] } } } } }, {
        creationTimestamp: ago(ageS), ownerReferences: [{ apiVersion: 'apps/v1', kind: 'StatefulSet', name: 'db', uid: set.metadata.uid!, controller: true }],
      });
    expect(changesAround(set, [revision(1, 'db:1', 9000), revision(2, 'db:2', 90)])[0]).toMatchObject({ what: 'revision 2 rolled out', path: 'spec.template.spec.containers[db].image', from: '"db:1"', to: '"db:2"' });
  });

  it('a key of a ConfigMap is named with who wrote it and when, never with its value', () => {
    const { deployment: d, sets } = deployment('api', [{ podSpec: { containers: [container({ envFrom: [{ configMapRef: { name: 'cfg' } }] })] }, ageS: 9000 }]);
    const cfg = object('v1', 'ConfigMap', 'cfg', { data: { PORT: '<redacted>' } }, {
      managedFields: [{ manager: 'kubectl-create', operation: 'Update', time: ago(3600) }, { manager: 'kubectl-edit', operation: 'Update', time: ago(180), fieldsV1: { 'f:data': { 'f:PORT': {} } } }],
    });
    expect(changesAround(d, [sets], { configuration: [cfg] })[0]).toMatchObject({ relation: 'config', source: 'configuration', what: 'key PORT written', path: 'data.PORT', by: 'kubectl-edit', at: ago(180) });
  });

  it('an edit that was recorded comes with what stood there, and stands for the bare write of the same moment', () => {
    const { deployment: d, sets } = deployment('api', [{ ageS: 9000 }]);
    const svc = service('api', {}, { managedFields: [{ manager: 'kubectl-edit', operation: 'Update', time: ago(60) }] });
    const found = changesAround(d, [sets, svc], { recorded: [recorded('Service', 'api', 60)] }).filter((c) => c.object.kind === 'Service' && c.source !== 'creation');
    expect(found).toHaveLength(1);
    expect(found[0]).toMatchObject({ relation: 'path', source: 'snapshot', from: '"db"', to: '"base"', by: 'kubectl-edit' });
  });

  it('what is gone is told, though nothing is left of it', () => {
    const { deployment: d, sets } = deployment('api', [{ ...env('db:5432'), ageS: 9000 }]);
    const gone = recorded('Service', 'db', 60, { verb: 'deleted', fields: [], by: undefined });
    expect(changesAround(d, [sets, object('v1', 'Namespace', NS, {}, { namespace: undefined })], { recorded: [gone] })[0]).toMatchObject({ relation: 'dependency', what: 'deleted', object: { kind: 'Service', name: 'db' } });
  });

  it('secrets in values are masked', () => {
    const { deployment: d, sets } = deployment('api', [{ podSpec: { containers: [container({ env: [{ name: 'DB_PASSWORD', value: 'hunter2' }] })] }, ageS: 9000 }, { podSpec: { containers: [container({ env: [{ name: 'DB_PASSWORD', value: 'hunter3' }] })] }, ageS: 90 }]);
    const text = JSON.stringify(changesAround(d, [sets]));
    expect(text).toContain('DB_PASSWORD');
    expect(text).not.toContain('hunter');
  });
});

describe('what tells most comes first', () => {
  const { deployment: d, sets } = deployment('api', [{ ...env('db:5432'), ageS: 9000 }]);
  const surroundings = [sets, pod(sets[0]!, {}), service('api'), service('db'), object('v1', 'Namespace', NS, {}, { namespace: undefined })];

  it('near in topology before far, of the same moment', () => {
    const at = 60;
    const kinds = changesAround(d, surroundings, { recorded: [recorded('ResourceQuota', 'q', at), recorded('Service', 'db', at), recorded('Service', 'api', at), recorded('Deployment', 'api', at), recorded('Node', 'node-1', at, { object: { kind: 'Node', name: 'node-1' } })] });
    expect(kinds.filter((c) => c.source === 'snapshot').map((c) => c.relation)).toEqual(['target', 'path', 'dependency', 'node', 'namespace']);
    expect(kinds.map((c) => c.rank)).toEqual(kinds.map((_, i) => i + 1));
  });

  it('late before early, and what came after the beginning last', () => {
    const found = changesAround(d, surroundings, { recorded: [recorded('Service', 'api', 7000), recorded('Service', 'api', 100), recorded('Service', 'api', 5)], startedAt: ago(90) });
    expect(found.filter((c) => c.object.name === 'api' && c.source === 'snapshot').map((c) => c.at)).toEqual([ago(100), ago(7000), ago(5)]);
  });

  it('what is older than a day, or of nothing nearby, is left out', () => {
    const far = recorded('Service', 'x', 60, { object: { kind: 'Service', namespace: 'elsewhere', name: 'x' } });
    expect(changesAround(d, surroundings, { recorded: [recorded('Service', 'api', 90_000), far] }).filter((c) => c.source === 'snapshot')).toEqual([]);
  });
});

it('trouble began with the first alert, or with the first death or complaint of a pod before it', () => {
  const { deployment: d, sets } = deployment('api', [{}]);
  const dead = pod(sets[0]!, { waiting: { reason: 'CrashLoopBackOff' }, last: { exitCode: 1, finishedAt: ago(300) } });
  const began = (objects: KubeObject[], events: ReturnType<typeof event>[] = []) => troubleBegan({ world: worldOf([d, ...sets, ...objects]), target: d, problems: [problem('X', { startedAt: ago(100) })], events, takenAt: NOW });
  expect(began([])).toBe(ago(100));
  expect(began([dead])).toBe(ago(300));
  expect(began([dead], [{ ...event(dead, 'Unhealthy', 'x'), at: ago(400) }])).toBe(ago(400));
});
