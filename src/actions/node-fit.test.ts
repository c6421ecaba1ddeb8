import { describe, expect, it } from '@jest/globals';
import { nodeOf, podOf } from '../../test/support/objects.js';
import { worldOf, type KubeObject } from '../domain/kube.js';
import { misfitOf, placementAgainst } from './node-fit.js';

const inZone = (name: string, zone: string): KubeObject => nodeOf(name, { labels: { 'topology.kubernetes.io/zone': zone, 'kubernetes.io/hostname': name } });
const nodes = [inZone('a1', 'a'), inZone('a2', 'a'), inZone('b1', 'b')];
const [a1, a2, b1] = nodes as [KubeObject, KubeObject, KubeObject];
const on = (node: string, n: number, o: Parameters<typeof podOf>[1] = {}) => podOf(`api-${n}`, { node, ...o });
const spread = (o: object = {}) => ({ topologySpreadConstraints: [{ maxSkew: 1, topologyKey: 'topology.kubernetes.io/zone', whenUnsatisfiable: 'DoNotSchedule', labelSelector: { matchLabels: { app: 'api' } }, ...o }] });
const against = (pod: KubeObject, node: KubeObject, others: KubeObject[] = []) => placementAgainst(worldOf([...nodes, pod, ...others]), pod, node);

describe('topology spread', () => {
  it.each<[string, object, [string, number][], KubeObject, boolean]>([
    ['an even spread stays possible in the zone it leaves', {}, [['b1', 2]], a2, true],
    ['one more in the fuller zone is too many', {}, [['a2', 2], ['b1', 3]], b1, true],
    ['a zone with one more than the rest takes no second', {}, [['b1', 2]], b1, false],
    ['a bigger skew allows it', { maxSkew: 2 }, [['b1', 2]], b1, true],
    ['a soft constraint forbids nothing', { whenUnsatisfiable: 'ScheduleAnyway' }, [['b1', 2]], b1, true],
    ['pods that are leaving are not counted', {}, [], b1, true],
    ['too few zones count as an empty one', { minDomains: 3 }, [['b1', 2]], b1, false],
    ['a node without the key takes none', { topologyKey: 'rack' }, [], b1, false],
    ['pods of other revisions do not count with matchLabelKeys', { matchLabelKeys: ['rev'] }, [['b1', 2]], b1, true],
  ])('%s', (_what, constraint, others, node, isPossible) => {
    const pod = on('a1', 1, { spec: spread(constraint), labels: { app: 'api', rev: 'new' } });
    expect(against(pod, node, others.map(([n, i]) => on(n, i))) === undefined).toBe(isPossible);
  });

  it('an emptied node by name stays a domain and blocks the others', () => {
    const pod = on('a1', 1, { spec: spread({ topologyKey: 'kubernetes.io/hostname' }) });
    expect(against(pod, a2, [on('a2', 2), on('b1', 3)])).toContain('topology spread over kubernetes.io/hostname');
    expect(against(pod, a1, [on('a2', 2), on('b1', 3)])).toBeUndefined();
  });
});

describe('volumes', () => {
  const pod = on('a1', 1, { spec: { volumes: [{ name: 'data', persistentVolumeClaim: { claimName: 'data' } }] } });
  const claim: KubeObject = { apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata: { name: 'data', namespace: 'shop' }, spec: { volumeName: 'v' } };
  const volume = (o: { labels?: Record<string, string>; spec?: object }): KubeObject => ({ apiVersion: 'v1', kind: 'PersistentVolume', metadata: { name: 'v', labels: o.labels }, spec: o.spec ?? {} });
  const affinity = { nodeAffinity: { required: { nodeSelectorTerms: [{ matchExpressions: [{ key: 'topology.kubernetes.io/zone', operator: 'In', values: ['a'] }] }] } } };
  it.each<[string, KubeObject, KubeObject, boolean]>([
    ['a volume of zone a goes to zone a', volume({ spec: affinity }), a2, true],
    ['a volume of zone a does not go to zone b', volume({ spec: affinity }), b1, false],
    ['a zone label holds it as well', volume({ labels: { 'topology.kubernetes.io/zone': 'a' } }), b1, false],
    ['a regional volume goes to each of its zones', volume({ labels: { 'topology.kubernetes.io/zone': 'a__b' } }), b1, true],
    ['a volume without a place goes anywhere', volume({}), b1, true],
  ])('%s', (_what, pv, node, isPossible) => {
    expect(against(pod, node, [claim, pv]) === undefined).toBe(isPossible);
  });
});

describe('pod affinity', () => {
  const required = (side: string, o: object = {}) => ({ affinity: { [side]: { requiredDuringSchedulingIgnoredDuringExecution: [{ topologyKey: 'kubernetes.io/hostname', labelSelector: { matchLabels: { app: 'api' } }, ...o }] } } });
  it.each<[string, object, KubeObject[], KubeObject, boolean]>([
    ['keeps away from its like', required('podAntiAffinity'), [on('a2', 2)], a2, false],
    ['goes where none of its like is', required('podAntiAffinity'), [on('a2', 2)], b1, true],
    ['does not mind itself', required('podAntiAffinity'), [], a1, true],
    ['does not mind its like of other namespaces', required('podAntiAffinity'), [on('a2', 2, { namespace: 'other' })], a2, true],
    ['minds those of a named namespace', required('podAntiAffinity', { namespaces: ['other'] }), [on('a2', 2, { namespace: 'other' })], a2, false],
    ['wants to be beside its like', required('podAffinity'), [on('a2', 2)], b1, false],
    ['is beside its like', required('podAffinity'), [on('a2', 2)], a2, true],
    ['may go anywhere as the first of its kind', required('podAffinity'), [], b1, true],
    ['finds no friend anywhere', required('podAffinity', { labelSelector: { matchLabels: { app: 'cache' } } }), [], b1, false],
  ])('%s', (_what, spec, others, node, isPossible) => {
    expect(against(on('a1', 1, { spec: { ...spec } }), node, others) === undefined).toBe(isPossible);
  });
});

describe('the node itself', () => {
  const pod = on('a1', 1);
  it.each<[string, KubeObject, string | undefined]>([
    ['is fine', nodeOf('n'), undefined],
    ['is not Ready', nodeOf('n', { isReady: false }), 'not Ready'],
    ['is cordoned', nodeOf('n', { isCordoned: true }), 'cordoned'],
    ['is full', nodeOf('n', { allocatable: { memory: '1Mi' } }), 'no room'],
  ])('%s', (_what, node, why) => {
    const told = misfitOf(worldOf([node, pod]), pod, node);
    if (why === undefined) expect(told).toBeUndefined();
    else expect(told).toContain(why);
  });
});
