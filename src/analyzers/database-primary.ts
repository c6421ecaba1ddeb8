import type { Evidence } from '../domain/evidence.js';
import { conditionOf, isNodeReady, isPodReady, type KubeObject, type World } from '../domain/kube.js';
import type { Finding } from '../domain/plan.js';
import { defineAnalyzer } from './define.js';
import { membersOf, type Members } from './reading/database-members.js';
import { forPerson } from './reading/person.js';
import { failOver, nameOf, targetOf } from './reading/proposals.js';
import { secondsBetween } from './reading/scene.js';

/** An operator replaces a dead primary within this, or does not at all. */
const OPERATOR_S = 300;
const PRESSURES = ['DiskPressure', 'MemoryPressure', 'PIDPressure', 'NetworkUnavailable'];

/**
 * A primary that still works on a node that does not: moved in good time, while its replicas stream. A dead one is its
 * operator's: switching by hand beside it loses data (actions.md 2.20).
 */
export const databasePrimary = defineAnalyzer({
  id: 'database_primary',
  summary: 'The primary of a replicated database is on a failing node, or is down.',
  looksAt: ['clusters', 'statefulsets', 'pods', 'nodes'],
  diagnose(evidence, world) {
    const members = membersOf(evidence.object, world);
    return members?.primary ? findingOf(members as Led, evidence, world) : [];
  },
});

type Led = Members & { primary: KubeObject };

function findingOf(m: Led, evidence: Evidence, world: World): Finding[] {
  const { database, primary, replicas } = m;
  const node = world.get('Node', undefined, primary.spec?.nodeName);
  const ready = replicas.filter(isPodReady);
  const base = { analyzer: 'database_primary', target: targetOf(database), evidence: [`primary ${primary.metadata.name} on node ${primary.spec?.nodeName ?? '?'}, Ready ${String(isPodReady(primary))}`, `${ready.length} of ${replicas.length} replicas are Ready`] };
  if (!isPodReady(primary)) return [down(m, base, evidence)];
  const troubles = node ? troublesOf(node) : [];
  const elsewhere = ready.filter((p) => p.spec?.nodeName !== primary.spec?.nodeName && isSound(world.get('Node', undefined, p.spec?.nodeName)));
  if (troubles.length === 0 || m.isMoving) return [];
  const summary = `${nameOf(database)}: its primary ${primary.metadata.name} is on node ${node!.metadata.name}, which reports ${troubles.join(', ')}`;
  if (elsewhere.length === 0) {
    return [forPerson({ ...base, cause: 'database.primary_at_risk', summary: `${summary}; no replica on a sound node could lead`, confidence: 0.86, edit: `kubectl describe node ${node!.metadata.name}` })];
  }
  return [{ ...base, cause: 'database.primary_at_risk', summary: `${summary}; ${elsewhere.length} replicas on sound nodes could lead`, evidence: [...base.evidence, `node ${node!.metadata.name}: ${troubles.join(', ')}`], confidence: 0.9, proposals: [failOver(database, 0.9, `its primary's node ${node!.metadata.name} reports ${troubles.join(', ')}`)] }];
}

const troublesOf = (node: KubeObject): string[] => (isNodeReady(node) ? PRESSURES.filter((type) => conditionOf(node, type)?.status === 'True') : []);

const isSound = (node: KubeObject | undefined): boolean => node !== undefined && isNodeReady(node) && !node.spec?.unschedulable && troublesOf(node).length === 0;

/** Its operator is at it, or has had its time. */
function down({ database, primary, replicas, isMoving }: Led, base: Pick<Finding, 'analyzer' | 'target' | 'evidence'>, evidence: Evidence): Finding {
  const sinceS = secondsBetween(conditionOf(primary, 'Ready')?.lastTransitionTime, evidence.takenAt);
  const summary = `${nameOf(database)}: its primary ${primary.metadata.name} has not been Ready for ${Math.round(sinceS)} s`;
  const hasOthers = replicas.some(isPodReady);
  if (hasOthers && (isMoving || sinceS < OPERATOR_S)) {
    return { ...base, cause: 'database.failing_over', summary: `${summary}; its operator promotes a replica by itself`, confidence: 0.9, proposals: [], conclusion: 'inconclusive', edit: `kubectl describe ${database.kind.toLowerCase()} ${database.metadata.name} -n ${database.metadata.namespace}` };
  }
  return forPerson({ ...base, cause: 'database.primary_down', summary: `${summary}${hasOthers ? ', and its operator has not promoted a replica' : ', and no replica is Ready'}`, confidence: 0.88, edit: `kubectl describe ${database.kind.toLowerCase()} ${database.metadata.name} -n ${database.metadata.namespace}   # its operator decides who leads: see why it does not` });
}
