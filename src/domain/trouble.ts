import { isNodeReady, isPodReady, selects, type KubeObject, type World } from './kube.js';

/**
 * Trouble that a bystander can see, keyed by top owner rather than pod, so that a rollout's new pod names are not new
 * trouble: `deployment shop/api: CrashLoopBackOff`. Compared before and after an action (actions.md 1.7).
 */
export function troubleIn(world: World, namespaces: readonly string[]): string[] {
  const pods = namespaces.flatMap((ns) => world.list('Pod', ns)).filter((p) => !p.metadata.deletionTimestamp);
  const ofPods = pods.flatMap((pod) => podTrouble(pod).map((reason) => `${nameOf(world.topOwnerOf(pod))}: ${reason}`));
  const ofNodes = world.list('Node').flatMap((node) => nodeTrouble(node).map((reason) => `node ${node.metadata.name}: ${reason}`));
  const ofBudgets = namespaces
    .flatMap((ns) => world.list('PodDisruptionBudget', ns))
    .filter((b) => (b.status?.currentHealthy ?? 0) < (b.status?.desiredHealthy ?? 0))
    .map((b) => `${nameOf(b)}: below its desired healthy pods`);
  return [...new Set([...ofPods, ...ofNodes, ...ofBudgets])].sort();
}

const BAD_WAITING = new Set([
  'CrashLoopBackOff', 'ErrImagePull', 'ImagePullBackOff', 'InvalidImageName', 'CreateContainerConfigError', 'CreateContainerError', 'RunContainerError', 'StartError',
]);

interface ContainerStatus {
  state?: { waiting?: { reason?: string }; terminated?: { reason?: string } };
  lastState?: { terminated?: { reason?: string; finishedAt?: string } };
}

function podTrouble(pod: KubeObject): string[] {
  const statuses: ContainerStatus[] = [...(pod.status?.initContainerStatuses ?? []), ...(pod.status?.containerStatuses ?? [])];
  const waiting = statuses.map((s) => s.state?.waiting?.reason).filter((r): r is string => r !== undefined && BAD_WAITING.has(r));
  const killed = statuses.some((s) => s.state?.terminated?.reason === 'OOMKilled' || (s.lastState?.terminated?.reason === 'OOMKilled' && s.state?.waiting)) ? ['OOMKilled'] : [];
  const pending = (pod.status?.conditions ?? []).some((c: { type: string; status: string }) => c.type === 'PodScheduled' && c.status === 'False') ? ['Unschedulable'] : [];
  return [...waiting, ...killed, ...pending];
}

function nodeTrouble(node: KubeObject): string[] {
  const pressures = (node.status?.conditions ?? []).filter((c: { type: string; status: string }) => c.type.endsWith('Pressure') && c.status === 'True');
  return [...(isNodeReady(node) ? [] : ['NotReady']), ...pressures.map((c: { type: string }) => c.type)];
}

/** Ready pods behind each Service that selects a pod of this workload: `shop/api` → 2. */
export function endpointsOf(world: World, workload: KubeObject): Record<string, number> {
  const { namespace } = workload.metadata;
  const labels = workload.spec?.template?.metadata?.labels ?? workload.metadata.labels;
  const services = world.list('Service', namespace).filter((s) => s.spec?.selector && selects({ matchLabels: s.spec.selector }, labels));
  return Object.fromEntries(
    services.map((s) => [
      `${namespace}/${s.metadata.name}`,
      world.list('Pod', namespace).filter((p) => selects({ matchLabels: s.spec.selector }, p.metadata.labels) && isPodReady(p)).length,
    ]),
  );
}

const nameOf = (o: KubeObject): string => `${o.kind.toLowerCase()} ${o.metadata.namespace ? `${o.metadata.namespace}/` : ''}${o.metadata.name}`;
