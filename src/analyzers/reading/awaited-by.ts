import type { Evidence } from '../../domain/evidence.js';
import { hostsOfTemplate } from '../../domain/hosts.js';
import { selects, type KubeObject, type World } from '../../domain/kube.js';
import { hostsOfComplaints } from './hosts.js';
import { troublesOf } from './scene.js';

const DEPENDENTS = ['Deployment', 'StatefulSet', 'DaemonSet'];

/** A workload in trouble that names a Service of this one, or undefined. */
export function awaitedBy(workload: KubeObject, world: World, evidence: Evidence): KubeObject | undefined {
  const labels = workload.spec?.template?.metadata?.labels;
  const services = world.list('Service', workload.metadata.namespace).filter((s) => Object.keys(s.spec?.selector ?? {}).length > 0 && selects({ matchLabels: s.spec.selector }, labels));
  const isServed = (r: { service: string; namespace: string }) => services.some((s) => s.metadata.name === r.service && s.metadata.namespace === r.namespace);
  return DEPENDENTS.flatMap((kind) => world.list(kind)).find((dependent) => {
    if (dependent === workload) return false;
    const pods = troublesOf(world, dependent, evidence).map((t) => t.pod);
    return pods.length > 0 && [...hostsOfTemplate(dependent, world), ...hostsOfComplaints(pods, evidence, world)].some(isServed);
  });
}
