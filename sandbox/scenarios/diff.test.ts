import { describe, expect, it } from '@jest/globals';
import type { KubeObject } from '../../src/domain/kube.js';
import { diffSnapshots } from './diff.js';
import { keyOf, type Snapshot } from './snapshot.js';

const object = (kind: string, more: Partial<KubeObject> = {}, meta: Partial<KubeObject['metadata']> = {}): KubeObject => ({
  apiVersion: 'v1', kind, metadata: { name: 'x', namespace: 'ns', uid: 'u', ...meta }, ...more,
});
const deployment = (spec: object = {}, meta: Partial<KubeObject['metadata']> = {}): KubeObject => object('Deployment', { spec: { replicas: 2, ...spec } }, meta);
const snapshot = (...objects: KubeObject[]): Snapshot => new Map(objects.map((o) => [keyOf(o), o]));
const diff = (before: KubeObject[], after: KubeObject[], foreign: string[] = []) =>
  diffSnapshots(snapshot(...before), snapshot(...after), { isForeign: (n) => foreign.includes(n) }).map((d) => [d.change, ...d.paths].join(' '));

const owned = (o: KubeObject): KubeObject => ({ ...o, metadata: { ...o.metadata, ownerReferences: [{ apiVersion: 'v1', kind: 'ReplicaSet', name: 'rs', uid: 'r', controller: true }] } });
const hpa = object('HorizontalPodAutoscaler', { spec: { scaleTargetRef: { kind: 'Deployment', name: 'x' } } });
const template = (annotations: object) => ({ template: { metadata: { annotations }, spec: { containers: [] } } });

describe('diffSnapshots', () => {
  it.each<[string, KubeObject[], KubeObject[], string[]]>([
    ['status', [deployment()], [{ ...deployment(), status: { x: 1 } }], []],
    ['server-set metadata', [deployment()], [deployment({}, { resourceVersion: '9', generation: 4 })], []],
    ['a spec', [deployment()], [deployment({ replicas: 3 })], ['changed spec.replicas']],
    ['a label', [deployment()], [deployment({}, { labels: { a: 'b' } })], ['changed metadata.labels.a']],
    ['an annotation', [deployment()], [deployment({}, { annotations: { a: 'b' } })], ['changed metadata.annotations.a']],
    ['data', [object('ConfigMap', { data: { a: '1' } })], [object('ConfigMap', { data: { a: '2' } })], ['changed data.a']],
    ['rules', [object('Role', { rules: [] })], [object('Role', { rules: [{}] })], ['changed rules']],
    ['a uid', [deployment()], [deployment({}, { uid: 'other' })], ['replaced metadata.uid']],
    ['an addition', [], [deployment()], ['added']],
    ['a removal', [deployment()], [], ['removed']],
    ['an object being deleted', [deployment()], [deployment({}, { deletionTimestamp: 'now' })], ['changed metadata.deletionTimestamp']],
    ['a restart mark and our notes', [deployment(template({}))], [deployment(template({ 'kubectl.kubernetes.io/restartedAt': 'now', 'kubernaut.io/last-action': 'x' }), { annotations: { 'kubernaut.io/x': 'y', 'deployment.kubernetes.io/revision': '3' } })], []],
    ['the image beside a restart mark', [deployment(template({}))], [deployment({ ...template({ 'kubectl.kubernetes.io/restartedAt': 'now' }), paused: true })], ['changed spec.paused']],
    ['pods of a controller', [owned(object('Pod', { spec: { a: 1 } }))], [], []],
    ['a pod that lost its controller', [owned(object('Pod'))], [object('Pod', {}, { labels: { q: '1' } })], ['changed metadata.labels.q']],
    ['a bare pod', [object('Pod')], [], ['removed']],
    ['replicas of an autoscaler', [deployment(), hpa], [deployment({ replicas: 5 }), hpa], []],
    ['replicas beside an autoscaler of another object', [deployment({}, { name: 'y' }), hpa], [deployment({ replicas: 5 }, { name: 'y' }), hpa], ['changed spec.replicas']],
    ['taints of the node controller', [object('Node', { spec: {} }, { namespace: undefined })], [object('Node', { spec: { taints: [{ key: 'node.kubernetes.io/not-ready' }] } }, { namespace: undefined })], []],
    ['labels the node controller copies', [object('Node', {}, { namespace: undefined })], [object('Node', {}, { namespace: undefined, labels: { 'beta.kubernetes.io/os': 'linux' } })], []],
    ['a taint of a person', [object('Node', { spec: {} }, { namespace: undefined })], [object('Node', { spec: { taints: [{ key: 'mine' }] } }, { namespace: undefined })], ['changed spec.taints']],
    ['a volume made for a claim', [], [object('PersistentVolume', {}, { namespace: undefined, annotations: { 'pv.kubernetes.io/provisioned-by': 'x' } })], []],
    ['a volume made by hand', [], [object('PersistentVolume', {}, { namespace: undefined })], ['added']],
    ['the binding of a claim', [object('PersistentVolumeClaim', { spec: {} })], [object('PersistentVolumeClaim', { spec: { volumeName: 'v' } }, { annotations: { 'pv.kubernetes.io/bind-completed': 'yes' } })], []],
    ['the certificate every namespace gets', [], [object('ConfigMap', {}, { name: 'kube-root-ca.crt' })], []],
  ])('%s', (_name, before, after, expected) => {
    expect(diff(before, after)).toEqual(expected);
  });

  it('does not look into namespaces of others, nor at their volumes', () => {
    const volume = object('PersistentVolume', { spec: { claimRef: { namespace: 'theirs' } } }, { namespace: undefined });
    expect(diff([], [deployment({}, { namespace: 'theirs' }), volume, object('Namespace', {}, { name: 'theirs', namespace: undefined })], ['theirs'])).toEqual([]);
  });
});
