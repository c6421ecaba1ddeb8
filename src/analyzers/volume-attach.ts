import type { Evidence } from '../domain/evidence.js';
import { isNodeReady, type KubeObject, type World } from '../domain/kube.js';
import type { Finding } from '../domain/plan.js';
import { defineAnalyzer } from './define.js';
import { claimNamesOf } from './reading/claims.js';
import { describeTrouble } from './reading/container-trouble.js';
import { forPerson, patchOf } from './reading/person.js';
import { nameOf, targetOf } from './reading/proposals.js';
import { livePodsOf, troublesOf, workloadsInScope } from './reading/scene.js';

const ONE_NODE = ['ReadWriteOnce', 'ReadWriteOncePod'];

/** A volume for one node at a time, wanted on two: a rolling update that starts the new pod first, or a second user. */
export const volumeAttach = defineAnalyzer({
  id: 'volume_attach',
  summary: 'A volume that only one node may have is still attached to another (Multi-Attach).',
  looksAt: ['pods', 'persistentvolumeclaims', 'deployments', 'nodes', 'events'],
  diagnose: (evidence, world) => workloadsInScope(evidence, world).flatMap((w) => findingOf(w, evidence, world)),
});

function findingOf(workload: KubeObject, evidence: Evidence, world: World): Finding[] {
  const trouble = troublesOf(world, workload, evidence).find((t) => t.kind === 'mount' && /Multi-Attach|already (?:exclusively attached|used by pod)/i.test(t.message));
  const held = trouble && holderOf(trouble.pod, world);
  if (!held) return [];
  const { claim, holder } = held;
  const node = world.get('Node', undefined, holder.spec.nodeName);
  const by = node !== undefined && !isNodeReady(node) ? 'held_by_dead_node' : livePodsOf(world, workload).includes(holder) ? 'rolling_update' : 'two_users';
  return [
    forPerson({
      analyzer: 'volume_attach',
      cause: `volume.${by}`,
      summary: `${nameOf(workload)}: ${nameOf(claim)} may be on one node only, and pod ${holder.metadata.name} has it on node ${holder.spec.nodeName}${by === 'held_by_dead_node' ? ', which is not Ready' : ''}`,
      target: targetOf(workload),
      evidence: [describeTrouble(trouble), `accessModes ${modesOf(claim).join(', ')}; ${trouble.pod.metadata.name} waits on node ${trouble.pod.spec.nodeName}`],
      // of a dead node it is the node that one acts on first
      confidence: by === 'held_by_dead_node' ? 0.9 : 0.92,
      edit: editOf(workload, held, by),
    }),
  ];
}

/** A claim of the pod for one node only, and a pod elsewhere that has it. */
function holderOf(pod: KubeObject, world: World): Held | undefined {
  const { namespace } = pod.metadata;
  for (const name of claimNamesOf(pod)) {
    const claim = world.get('PersistentVolumeClaim', namespace, name);
    const modes = modesOf(claim);
    const holder = world.list('Pod', namespace).find((p) => p !== pod && p.spec?.nodeName && p.spec.nodeName !== pod.spec?.nodeName && isRunning(p) && claimNamesOf(p).includes(name));
    if (claim && holder && modes.length > 0 && modes.every((m) => ONE_NODE.includes(m))) return { claim, holder };
  }
  return undefined;
}

const modesOf = (claim: KubeObject | undefined): string[] => claim?.spec?.accessModes ?? [];
const isRunning = (pod: KubeObject): boolean => !['Succeeded', 'Failed'].includes(pod.status?.phase);

interface Held {
  claim: KubeObject;
  holder: KubeObject;
}

function editOf(workload: KubeObject, { claim, holder }: Held, by: string): string {
  if (by === 'held_by_dead_node') return `kubectl taint nodes ${holder.spec.nodeName} node.kubernetes.io/out-of-service=nodeshutdown:NoExecute   # only when that machine is surely off: it lets the volume go`;
  if (by === 'rolling_update' && workload.kind === 'Deployment') return patchOf(workload, { spec: { strategy: { type: 'Recreate', rollingUpdate: null } } });
  return `kubectl get pods -n ${claim.metadata.namespace} -o wide   # ${claim.metadata.name} is for one node: run its users on the same one, or give each its own claim`;
}
