import { describe, expect, it } from '@jest/globals';
import type { TargetHint } from '../domain/signal.js';
import { hintsOf } from './kubernetes-hints.js';

const text = ({ kind, namespace, name }: TargetHint): string => `${kind} ${namespace ? `${namespace}/` : ''}${name}`;
const of = (labels: Record<string, string>): string[] => hintsOf(labels).map(text);

/** What a ServiceMonitor's target gives every series of kube-state-metrics. */
const KSM = { job: 'kube-state-metrics', service: 'kps-kube-state-metrics', pod: 'kps-kube-state-metrics-6bb9c4f7c9-8r7tq', container: 'kube-state-metrics', endpoint: 'http', instance: '10.244.1.7:8080' };
const { pod: _pod, container: _container, ...KSM_BESIDE_A_POD } = KSM;
const HONORED = { ...KSM, namespace: 'shop' };
const RENAMED = { ...KSM, namespace: 'monitoring', exported_namespace: 'shop' };
const KUBELET = { job: 'kubelet', service: 'kps-kubelet', endpoint: 'https-metrics', instance: '10.0.0.5:10250', metrics_path: '/metrics', node: 'worker-1' };
const NODE_EXPORTER = { job: 'node-exporter', namespace: 'monitoring', service: 'kps-node-exporter', pod: 'kps-node-exporter-x2x4z', container: 'node-exporter', endpoint: 'http-metrics' };
/** The old scrape configuration of Helm's `prometheus`: one job for all Services that ask for it. */
const ENDPOINTS = { job: 'kubernetes-service-endpoints', service: 'prometheus-kube-state-metrics', node: 'worker-7', instance: '10.244.1.7:8080' };

describe('kube-state-metrics with honor_labels', () => {
  it.each<[string, Record<string, string>, string]>([
    ['a pod', { ...KSM_BESIDE_A_POD, namespace: 'shop', pod: 'api-7d9f8b6c5d-x2x4z', container: 'api', reason: 'CrashLoopBackOff' }, 'Pod shop/api-7d9f8b6c5d-x2x4z'],
    ['a pod summed by namespace and pod', { namespace: 'shop', pod: 'api-7d9f8b6c5d-x2x4z' }, 'Pod shop/api-7d9f8b6c5d-x2x4z'],
    ['a deployment', { ...HONORED, deployment: 'api' }, 'Deployment shop/api'],
    ['a stateful set', { ...HONORED, statefulset: 'db' }, 'StatefulSet shop/db'],
    ['a daemon set', { ...HONORED, daemonset: 'agent' }, 'DaemonSet shop/agent'],
    ['a job beside the scrape job', { ...HONORED, job_name: 'reindex-29012345', condition: 'true' }, 'Job shop/reindex-29012345'],
    ['an autoscaler', { ...HONORED, horizontalpodautoscaler: 'api' }, 'HorizontalPodAutoscaler shop/api'],
    ['a quota whose rule drops job and instance', { namespace: 'shop', resourcequota: 'compute', resource: 'cpu', service: KSM.service, pod: KSM.pod, container: KSM.container, endpoint: 'http' }, 'ResourceQuota shop/compute'],
    ['a budget', { ...HONORED, poddisruptionbudget: 'db' }, 'PodDisruptionBudget shop/db'],
    ['a claim', { ...HONORED, persistentvolumeclaim: 'data', phase: 'Pending' }, 'PersistentVolumeClaim shop/data'],
    ['a volume', { ...KSM, namespace: 'monitoring', persistentvolume: 'pvc-1', phase: 'Failed' }, 'PersistentVolume pvc-1'],
    ['a node, in the namespace of who told', { ...KSM, namespace: 'monitoring', node: 'worker-1', condition: 'Ready', status: 'true' }, 'Node worker-1'],
    ['its own pod', { ...KSM, namespace: 'monitoring', reason: 'CrashLoopBackOff' }, 'Pod monitoring/kps-kube-state-metrics-6bb9c4f7c9-8r7tq'],
    ['its own deployment', { ...KSM, namespace: 'monitoring', deployment: 'kps-kube-state-metrics' }, 'Deployment monitoring/kps-kube-state-metrics'],
    ['a neighbour in its own namespace', { ...KSM, namespace: 'monitoring', deployment: 'grafana' }, 'Deployment monitoring/grafana'],
    ['a neighbour, told under a name that says nothing', { ...KSM, job: 'ksm', pod: 'ksm-6bb9c4f7c9-8r7tq', container: 'main', namespace: 'monitoring', deployment: 'grafana' }, 'Deployment monitoring/grafana'],
    ['an autoscaler, told under a name that says nothing', { ...KSM, job: 'ksm', pod: 'ksm-0', container: 'main', namespace: 'monitoring', horizontalpodautoscaler: 'ksm' }, 'HorizontalPodAutoscaler monitoring/ksm'],
    ['a deployment by Service discovery', { ...ENDPOINTS, namespace: 'shop', deployment: 'api' }, 'Deployment shop/api'],
    ['another exporter', { ...KSM_BESIDE_A_POD, namespace: 'monitoring', pod: 'kps-node-exporter-x2x4z', container: 'node-exporter', uid: '1' }, 'Pod monitoring/kps-node-exporter-x2x4z'],
    ['a pod named after a kubelet, seen by the kubelet', { ...KUBELET, namespace: 'kube-system', pod: 'kubelet-csr-approver-x2x4z' }, 'Pod kube-system/kubelet-csr-approver-x2x4z'],
  ])('%s', (_name, labels, first) => {
    expect(of(labels)[0]).toBe(first);
    // a hint at who told would be refused where its namespace is not served
    if (!first.includes('/kps-')) expect(of(labels).join()).not.toContain('/kps-');
  });
});

describe('kube-state-metrics without honor_labels', () => {
  it.each<[string, Record<string, string>, string[]]>([
    ['a pod', { ...RENAMED, exported_pod: 'api-7d9f8b6c5d-x2x4z', exported_container: 'api' }, ['Pod shop/api-7d9f8b6c5d-x2x4z']],
    ['a deployment', { ...RENAMED, deployment: 'api' }, ['Deployment shop/api']],
    ['a job', { ...RENAMED, job_name: 'reindex' }, ['Job shop/reindex']],
    ['a job that an old exporter called job', { ...RENAMED, exported_job: 'reindex' }, ['Job shop/reindex', 'CronJob shop/reindex', 'Namespace shop']],
    ['a namespace', RENAMED, ['Namespace shop']],
    ['a node', { ...RENAMED, exported_namespace: undefined, exported_node: 'worker-1', node: 'worker-7' } as never, ['Node worker-1']],
    ['a claim at the kubelet', { ...KUBELET, namespace: 'kube-system', exported_namespace: 'shop', persistentvolumeclaim: 'data' }, ['PersistentVolumeClaim shop/data', 'Node worker-1']],
    ['a deployment in the exporter’s own namespace', { ...RENAMED, exported_namespace: 'monitoring', deployment: 'grafana' }, ['Deployment monitoring/grafana']],
    ['no legal namespace', { ...RENAMED, exported_namespace: 'Not A Name', exported_pod: 'api-0' }, []],
  ])('%s', (_name, labels, hints) => {
    const present = Object.fromEntries(Object.entries(labels).filter(([, value]) => value !== undefined));
    expect(of(present)).toEqual(hints);
  });
});

describe('other tellers', () => {
  const ingress = { namespace: 'ingress', pod: 'nginx-7d9f8b6c5d-x2x4z', service: 'nginx-metrics', container: 'controller', job: 'nginx-metrics', exported_namespace: 'shop', ingress: 'api', status: '503' };
  it.each<[string, Record<string, string>, string[]]>([
    ['an ingress controller about a Service', { ...ingress, exported_service: 'api' }, ['Service shop/api']],
    ['an ingress controller about an Ingress', ingress, ['Pod shop/nginx-7d9f8b6c5d-x2x4z', 'Service shop/nginx-metrics', 'Namespace shop']],
    ['a pod of a scraper whose target has a namespace alone', { namespace: 'monitoring', exported_namespace: 'shop', pod: 'api-0' }, ['Pod shop/api-0', 'Namespace shop']],
    ['a proxy with names of its own', { namespace: 'edge', pod: 'traefik-0', service: 'traefik', exported_service: 'shop-api-80@kubernetes' }, ['Pod edge/traefik-0']],
    ['an application about itself', { namespace: 'shop', job: 'checkout', service: 'checkout', pod: 'checkout-7d9f8b6c5d-x2x4z', container: 'app', endpoint: 'http', instance: '10.244.1.9:8080' }, ['Pod shop/checkout-7d9f8b6c5d-x2x4z', 'Service shop/checkout']],
    ['a pod and its deployment, by hand', { namespace: 'shop', deployment: 'api', pod: 'api-7d9f8b6c5d-x2x4z' }, ['Pod shop/api-7d9f8b6c5d-x2x4z', 'Deployment shop/api']],
    ['node-exporter by address', { ...NODE_EXPORTER, instance: '10.0.0.5:9100', mountpoint: '/' }, ['Node 10.0.0.5']],
    ['node-exporter by name', { ...NODE_EXPORTER, instance: 'worker-1' }, ['Node worker-1']],
    ['node-exporter without instance', NODE_EXPORTER, ['Pod monitoring/kps-node-exporter-x2x4z', 'Service monitoring/kps-node-exporter']],
    ['node-exporter outside of a cluster', { job: 'node-exporter', instance: 'db1.example.com:9100' }, []],
    ['kube-state-metrics is down', { job: 'kube-state-metrics', namespace: 'monitoring', service: 'kps-kube-state-metrics' }, ['Service monitoring/kps-kube-state-metrics']],
    ['a workload by kind and name', { namespace: 'shop', workload: 'api', workload_type: 'deployment' }, ['Deployment shop/api']],
    ['an owner by kind and name', { ...HONORED, owner_kind: 'ReplicaSet', owner_name: 'api-7d9f8b6c5d' }, ['ReplicaSet shop/api-7d9f8b6c5d']],
    ['an owner of no known kind', { namespace: 'shop', owner_kind: 'Secret', owner_name: 'api' }, ['Namespace shop']],
    ['labels that every object has', { namespace: 'shop', constructor: 'x', hasOwnProperty: 'x' }, ['Namespace shop']],
  ])('%s', (_name, labels, hints) => expect(of(labels)).toEqual(hints));
});
