import { isNodeReady } from '../../kube.js';
import type { Check } from '../facts.js';
import { findingsOf } from './finding.js';

const QUORUM = 0.51;

/** Taking a working node away leaves two and 51 %; fencing a dead one costs nothing, but somebody must be left. */
export const nodesRemaining: Check = (f) => {
  if (f.step.target.kind !== 'Node' || f.step.action === 'uncordon_node') return [];
  const nodes = f.world.list('Node');
  const usable = nodes.filter((n) => isNodeReady(n) && !n.spec?.unschedulable);
  const left = usable.filter((n) => n.metadata.name !== f.step.target.name).length;
  const isUsable = usable.some((n) => n.metadata.name === f.step.target.name);
  const need = isUsable ? Math.max(2, Math.ceil(nodes.length * QUORUM)) : 1;
  return left < need ? findingsOf('nodes_remaining').deny('too_few_nodes', `without node ${f.step.target.name} ${left} schedulable nodes remain; ${need} are needed`) : [];
};

/** With half the nodes gone the state cannot be trusted: nothing is written (C10). */
export const clusterHealth: Check = (f) => {
  const nodes = f.world.list('Node');
  const ready = nodes.filter(isNodeReady).length;
  return f.step.isWriting && nodes.length > 0 && ready / nodes.length < QUORUM ? findingsOf('cluster_health').deny('cluster_unhealthy', `${ready} of ${nodes.length} nodes are Ready`) : [];
};
