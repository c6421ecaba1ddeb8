import { refOf, type KubeObject, type ObjectRef } from '../../domain/kube.js';
import type { Finding } from '../../domain/plan.js';
import { revisionOf } from './rollout.js';

export type Proposed = Finding['proposals'][number];

export const targetOf = (o: KubeObject): ObjectRef & { uid?: string } => ({ ...refOf(o), uid: o.metadata.uid });

/** `deployment shop/api` */
export const nameOf = (o: KubeObject): string => `${o.kind.toLowerCase()} ${o.metadata.namespace ? `${o.metadata.namespace}/` : ''}${o.metadata.name}`;

const locator = (o: KubeObject) => ({ namespace: o.metadata.namespace, name: o.metadata.name });

/** The revision is pinned here, where it is known why this one is right. */
export const rollback = (deployment: KubeObject, to: KubeObject, confidence: number, reason: string): Proposed => ({
  action: 'rollback_deployment',
  target: targetOf(deployment),
  parameters: { ...locator(deployment), ...(revisionOf(to) > 0 ? { revision: revisionOf(to) } : {}) },
  confidence,
  reason,
});

export const restartPod = (pod: KubeObject, confidence: number, reason: string): Proposed => ({
  action: 'restart_pod',
  target: targetOf(pod),
  parameters: { namespace: pod.metadata.namespace, pod: pod.metadata.name },
  confidence,
  reason,
});

export const moreMemory = (workload: KubeObject, container: string, memory: string, confidence: number, reason: string): Proposed => ({
  action: 'increase_resources',
  target: targetOf(workload),
  parameters: { ...locator(workload), kind: workload.kind, container, memory },
  confidence,
  reason,
});

export const scale = (workload: KubeObject, replicas: number, confidence: number, reason: string): Proposed => ({
  action: workload.kind === 'StatefulSet' ? 'scale_statefulset' : 'scale_deployment',
  target: targetOf(workload),
  parameters: { ...locator(workload), replicas },
  confidence,
  reason,
});

export const onNode = (action: 'cordon_node' | 'uncordon_node', node: KubeObject, confidence: number, reason: string): Proposed => ({
  action,
  target: targetOf(node),
  parameters: { node: node.metadata.name },
  confidence,
  reason,
});

export const raiseMaximum = (hpa: KubeObject, maxReplicas: number, confidence: number, reason: string): Proposed => ({
  action: 'update_hpa',
  target: targetOf(hpa),
  parameters: { ...locator(hpa), maxReplicas },
  confidence,
  reason,
});

/** For a day: long enough for people to write a lasting policy. `target` is the workload that is isolated. */
export const allowFlow = (flow: { from: KubeObject; to: KubeObject; port: number; protocol: string; target: KubeObject }, confidence: number, reason: string): Proposed => ({
  action: 'update_network_policy',
  target: targetOf(flow.target),
  parameters: {
    namespace: flow.to.metadata.namespace,
    from: `${flow.from.kind}/${flow.from.metadata.name}`,
    to: `${flow.to.kind}/${flow.to.metadata.name}`,
    ...(flow.from.metadata.namespace === flow.to.metadata.namespace ? {} : { fromNamespace: flow.from.metadata.namespace }),
    port: flow.port,
    protocol: flow.protocol,
    ttl: '24h',
  },
  confidence,
  reason,
});

export const expandClaim = (claim: KubeObject, size: string, confidence: number, reason: string): Proposed => ({
  action: 'expand_pvc',
  target: targetOf(claim),
  parameters: { namespace: claim.metadata.namespace, pvc: claim.metadata.name, size },
  confidence,
  reason,
});

export const cleanUp = (namespace: KubeObject, mode: 'finished_pods' | 'finished_jobs', confidence: number, reason: string): Proposed => ({
  action: 'cleanup_storage',
  target: targetOf(namespace),
  parameters: { namespace: namespace.metadata.name, mode },
  confidence,
  reason,
});

/** The scheduler places the pods: only where they leave is said. */
export const migrate = (workload: KubeObject, fromNode: string, confidence: number, reason: string): Proposed => ({
  action: 'migrate_workload',
  target: targetOf(workload),
  parameters: { namespace: workload.metadata.namespace, workload: workload.metadata.name, kind: workload.kind, fromNode },
  confidence,
  reason,
});

export const quarantine = (pod: KubeObject, confidence: number, reason: string): Proposed => ({
  action: 'quarantine_pod',
  target: targetOf(pod),
  parameters: { namespace: pod.metadata.namespace, pod: pod.metadata.name },
  confidence,
  reason,
});

export const restartDns = (dns: KubeObject, confidence: number, reason: string): Proposed => ({
  action: 'restart_network',
  target: targetOf(dns),
  parameters: { component: 'coredns', kind: dns.kind, namespace: dns.metadata.namespace, name: dns.metadata.name },
  confidence,
  reason,
});

/** The action chooses the replica that is least behind, and refuses when none may lead. */
export const failOver = (database: KubeObject, confidence: number, reason: string): Proposed => ({
  action: 'failover_database',
  target: targetOf(database),
  parameters: { namespace: database.metadata.namespace, cluster: database.metadata.name, kind: database.kind },
  confidence,
  reason,
});
