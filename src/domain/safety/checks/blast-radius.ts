import { isNodeReady, selects, type KubeObject } from '../../kube.js';
import type { Check, SafetyFacts } from '../facts.js';
import { findingsOf } from './finding.js';
import { evictedPods } from './subject.js';

const { deny } = findingsOf('blast_radius');

const SHARE = 0.1;
const QUORUM = 0.51;

/** At most 10 % (one at least) of the pods behind one Service at once (actions.md 1.5). A drain goes pod by pod under its budgets. */
export const blastRadius: Check = (f) => {
  const pods = f.step.action === 'drain_node' ? [] : evictedPods(f);
  return f.world.list('Service').flatMap((service) => {
    const hit = pods.filter((p) => isBehind(service, p)).length;
    const all = hit > 1 ? f.world.list('Pod', service.metadata.namespace).filter((p) => isBehind(service, p)).length : 0;
    const most = Math.max(1, Math.floor(all * SHARE));
    return hit > most ? deny('blast_radius', `${hit} of ${all} pods behind service ${service.metadata.name} at once; at most ${most}`) : [];
  });
};

const isBehind = (service: KubeObject, pod: KubeObject): boolean =>
  service.metadata.namespace === pod.metadata.namespace && Object.keys(service.spec?.selector ?? {}).length > 0 && selects({ matchLabels: service.spec.selector }, pod.metadata.labels);

/** Taking a working node away leaves two and 51 %; fencing a dead one costs nothing, but somebody must be left. */
export const nodesRemaining: Check = (f) => {
  if (f.step.target.kind !== 'Node' || f.step.action === 'uncordon_node') return [];
  const nodes = f.world.list('Node');
  const usable = nodes.filter((n) => isNodeReady(n) && !n.spec?.unschedulable);
  const left = usable.filter((n) => n.metadata.name !== f.step.target.name).length;
  const isUsable = usable.some((n) => n.metadata.name === f.step.target.name);
  const need = isUsable ? Math.max(2, Math.ceil(nodes.length * QUORUM)) : 1;
  return left < need ? deny('too_few_nodes', `without node ${f.step.target.name} ${left} schedulable nodes remain; ${need} are needed`) : [];
};

/** With half the nodes gone the state cannot be trusted: nothing is written (C10). */
export const clusterHealth: Check = (f: SafetyFacts) => {
  const nodes = f.world.list('Node');
  const ready = nodes.filter(isNodeReady).length;
  return f.step.isWriting && nodes.length > 0 && ready / nodes.length < QUORUM ? deny('cluster_unhealthy', `${ready} of ${nodes.length} nodes are Ready`) : [];
};
