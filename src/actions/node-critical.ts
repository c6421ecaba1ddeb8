import type { KubeObject } from '../domain/kube.js';
import { isOfComponent } from './network-components.js';
import { podSpecOf } from './workload.js';

/** Host folders that only such agents write: CNI plugins and configuration, CSI sockets, device plugins, the runtime's configuration. */
const FOLDERS: readonly (readonly [what: string, path: RegExp])[] = [
  ['network', /^\/(etc\/cni|opt\/cni)(\/|$)/],
  ['storage', /^\/var\/lib\/kubelet\/(plugins|plugins_registry)(\/|$)/],
  ['the container runtime', /^(\/var\/lib\/kubelet\/device-plugins|\/etc\/containerd|\/etc\/crio|\/etc\/docker)(\/|$)/],
];

/**
 * What of its node would stop with this DaemonSet, in words; undefined for agents whose gap costs logs or metrics only.
 * By name, by the priority class that Kubernetes keeps for such pods, or by the host folders they write.
 */
export function criticalFor(daemonSet: KubeObject): string | undefined {
  if (isOfComponent(daemonSet)) return 'network';
  const spec = podSpecOf(daemonSet) ?? {};
  const paths = ((spec.volumes ?? []) as { hostPath?: { path?: string } }[]).map((v) => v.hostPath?.path ?? '');
  const found = FOLDERS.find(([, path]) => paths.some((p) => path.test(p)));
  return found?.[0] ?? (spec.priorityClassName === 'system-node-critical' ? 'the node itself (system-node-critical)' : undefined);
}
