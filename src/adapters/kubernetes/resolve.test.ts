import { expect, it } from '@jest/globals';
import { worldOf, type KubeObject } from '../../domain/kube.js';
import type { TargetHint } from '../../domain/signal.js';
import { resolveHints } from './resolve.js';

const make = (kind: string, name: string, more: Partial<KubeObject> = {}, owner?: KubeObject): KubeObject => ({
  apiVersion: 'v1', kind, ...more,
  metadata: { name, namespace: 'shop', uid: `${kind}-${name}`, ...(owner ? { ownerReferences: [{ apiVersion: 'v1', kind: owner.kind, name: owner.metadata.name, uid: owner.metadata.uid!, controller: true }] } : {}), ...more.metadata },
});
const template = (app: string) => ({ spec: { template: { metadata: { labels: { app } } } } });
const clusterScoped = (kind: string, name: string) => { const o = make(kind, name); delete o.metadata.namespace; return o; };

const api = make('Deployment', 'api', template('api'));
const set = make('ReplicaSet', 'api-7d9f8b6c5d', {}, api);
const db = make('StatefulSet', 'db', template('db'));
const cron = make('CronJob', 'nightly');
const job = make('Job', 'nightly-28', {}, cron);
const world = worldOf([
  api, set, make('Pod', 'api-7d9f8b6c5d-x2x4z', {}, set), db, cron, job, make('Pod', 'nightly-28-abcde', {}, job), make('Job', 'once'),
  make('DaemonSet', 'agent', template('agent')), make('Deployment', 'blue', template('web')), make('Deployment', 'green', template('web')),
  clusterScoped('Node', 'n1'), { ...clusterScoped('Node', 'n2'), status: { addresses: [{ type: 'InternalIP', address: '10.0.0.5' }] } }, clusterScoped('Namespace', 'shop'), make('ResourceQuota', 'q'), make('PersistentVolumeClaim', 'data'),
  make('HorizontalPodAutoscaler', 'api', { spec: { scaleTargetRef: { kind: 'Deployment', name: 'api' } } }),
  make('HorizontalPodAutoscaler', 'lost', { spec: { scaleTargetRef: { kind: 'Deployment', name: 'gone' } } }),
  make('Service', 'api', { spec: { selector: { app: 'api' } } }), make('Service', 'web', { spec: { selector: { app: 'web' } } }), make('Service', 'empty', { spec: {} }),
  make('PodDisruptionBudget', 'db', { spec: { selector: { matchLabels: { app: 'db' } } } }),
]);
const of = (kind: string, name: string, namespace: string | undefined = 'shop'): TargetHint => ({ kind, name, ...(namespace ? { namespace } : {}) });

it.each<[string, TargetHint[], string | undefined]>([
  ['pod to deployment', [of('Pod', 'api-7d9f8b6c5d-x2x4z')], 'Deployment api'],
  ['replica set to deployment', [of('ReplicaSet', 'api-7d9f8b6c5d')], 'Deployment api'],
  ['pod of a cron job', [of('Pod', 'nightly-28-abcde')], 'CronJob nightly'],
  ['job alone', [of('Job', 'once')], 'Job once'],
  ['vanished pod of a deployment', [of('Pod', 'api-55c9d4b8f7-zzzzz')], 'Deployment api'],
  ['vanished pod of a stateful set', [of('Pod', 'db-3')], 'StatefulSet db'],
  ['vanished pod of a daemon set', [of('Pod', 'agent-x2x4z')], 'DaemonSet agent'],
  ['vanished replica set', [of('ReplicaSet', 'api-55c9d4b8f7')], 'Deployment api'],
  ['vanished pod of nothing', [of('Pod', 'other-55c9d4b8f7-zzzzz')], undefined],
  ['a name that only resembles', [of('Pod', 'api-aeiou')], undefined],
  ['node, whatever namespace the exporter is in', [of('Node', 'n1', 'monitoring')], 'Node n1'],
  ['node by its address', [of('Node', '10.0.0.5', 'monitoring')], 'Node n2'],
  ['claim', [of('PersistentVolumeClaim', 'data')], 'PersistentVolumeClaim data'],
  ['quota', [of('ResourceQuota', 'q')], 'ResourceQuota q'],
  ['autoscaler to its workload', [of('HorizontalPodAutoscaler', 'api')], 'Deployment api'],
  ['autoscaler of nothing', [of('HorizontalPodAutoscaler', 'lost')], 'HorizontalPodAutoscaler lost'],
  ['service to its workload', [of('Service', 'api')], 'Deployment api'],
  ['service of two workloads', [of('Service', 'web')], 'Service web'],
  ['service without selector', [of('Service', 'empty')], 'Service empty'],
  ['budget to its workload', [of('PodDisruptionBudget', 'db')], 'StatefulSet db'],
  ['first that exists', [of('Pod', 'nope'), of('Deployment', 'api'), of('Namespace', 'shop', undefined)], 'Deployment api'],
  ['namespace at last', [of('Pod', 'nope'), of('Namespace', 'shop', undefined)], 'Namespace shop'],
  ['no namespace', [of('Deployment', 'api', '')], undefined],
  ['nothing', [], undefined],
])('%s', (_name, hints, expected) => {
  const target = resolveHints(world, 'c', hints);
  expect(target && `${target.kind} ${target.name}`).toBe(expected);
  if (target) expect(target).toMatchObject({ cluster: 'c', uid: `${target.kind}-${target.name}` });
});
