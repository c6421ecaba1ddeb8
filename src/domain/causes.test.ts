import { describe, expect, it } from '@jest/globals';
import { causesOf } from './causes.js';
import { worldOf, type KubeObject } from './kube.js';

const namespace = 'shop';
const made = (apiVersion: string, kind: string, name: string, more: object = {}): KubeObject =>
  ({ apiVersion, kind, metadata: { name, namespace, uid: `${kind}-${name}` }, ...more }) as KubeObject;

const deployment = (name: string, env: Record<string, string> = {}): KubeObject =>
  made('apps/v1', 'Deployment', name, {
    spec: { template: { metadata: { labels: { app: name } }, spec: { containers: [{ name, env: Object.entries(env).map(([key, value]) => ({ name: key, value })) }] } } },
  });

function podOf(owner: KubeObject, { node, ready = false, claim }: { node?: string; ready?: boolean; claim?: string } = {}): KubeObject {
  const pod = made('v1', 'Pod', `${owner.metadata.name}-${node ?? 'pending'}-${ready}`, {
    spec: { nodeName: node, volumes: claim ? [{ name: 'data', persistentVolumeClaim: { claimName: claim } }] : [] },
    status: { conditions: [{ type: 'Ready', status: ready ? 'True' : 'False' }] },
  });
  pod.metadata.ownerReferences = [{ apiVersion: 'apps/v1', kind: owner.kind, name: owner.metadata.name, uid: owner.metadata.uid!, controller: true }];
  return pod;
}

const service = (name: string, app: string): KubeObject => made('v1', 'Service', name, { spec: { selector: { app } } });
const causes = (target: KubeObject, ...objects: KubeObject[]) =>
  causesOf({ kind: target.kind, namespace, name: target.metadata.name }, worldOf([target, ...objects])).map((c) => c.objects.map((o) => `${o.kind}/${o.name}`).join(' and '));

const api = deployment('api', { DB: 'db:5432', CACHE_URL: 'redis://cache.shop.svc:6379' });

describe('the probable causes of trouble', () => {
  it.each([
    { named: 'the node of all unready pods', objects: [podOf(api, { node: 'n1' }), podOf(api, { node: 'n2', ready: true })], expected: ['Node/n1'] },
    { named: 'all nodes of them', objects: [podOf(api, { node: 'n1' }), podOf(api, { node: 'n2' })], expected: ['Node/n1 and Node/n2'] },
    { named: 'no node when one has none', objects: [podOf(api, { node: 'n1' }), podOf(api)], expected: [] },
    { named: 'no node when all are ready', objects: [podOf(api, { node: 'n1', ready: true })], expected: [] },
    { named: 'the volume that they mount', objects: [podOf(api, { claim: 'data' })], expected: ['PersistentVolumeClaim/data'] },
    { named: 'what is behind the Services it names', objects: [service('db', 'postgres'), deployment('postgres'), service('cache', 'redis'), deployment('redis')], expected: ['Deployment/postgres', 'Deployment/redis'] },
    { named: 'not one of two behind the same Service', objects: [service('db', 'postgres'), deployment('postgres'), { ...deployment('postgres'), kind: 'StatefulSet' }], expected: [] },
    { named: 'not itself', objects: [service('db', 'api')], expected: [] },
    { named: 'a quota of the namespace', objects: [made('v1', 'ResourceQuota', 'most')], expected: ['ResourceQuota/most'] },
  ])('are $named', ({ objects, expected }) => expect(causes(api, ...objects)).toEqual([...expected, 'Namespace/shop']));

  it('are none of a node, nor of what is not there', () => {
    expect(causesOf({ kind: 'Node', name: 'n1' }, worldOf([]))).toEqual([]);
    expect(causesOf({ kind: 'Deployment', namespace, name: 'gone' }, worldOf([]))).toEqual([]);
  });
});
