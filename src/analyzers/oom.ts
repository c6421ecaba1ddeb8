import type { Evidence } from '../domain/evidence.js';
import { isNodeReady, type KubeObject, type World } from '../domain/kube.js';
import type { Finding } from '../domain/plan.js';
import { bytesOf } from '../domain/quantity.js';
import { defineAnalyzer } from './define.js';
import { describeTrouble, type Trouble } from './reading/container-trouble.js';
import { moreMemory, nameOf, rollback, targetOf, type Proposed } from './reading/proposals.js';
import { changedFields, containerOf, fallbackOf, isOfRevision, revisionOf, rolloutOf, type Rollout } from './reading/rollout.js';
import { troublesOf, workloadsInScope } from './reading/scene.js';

const MI = 2 ** 20;
const GI = 2 ** 30;
const RESIZABLE = ['Deployment', 'StatefulSet', 'DaemonSet'];

/**
 * limit lowered since an earlier revision → go back · the new revision's program needs more than the old → go back, then grow
 * · neither → the load grew: double the limit, within half of the largest node (actions.md 2.2).
 */
export const oom = defineAnalyzer({
  id: 'oom',
  summary: 'A container is killed because it needs more memory than its limit.',
  looksAt: ['pods', 'deployments', 'statefulsets', 'daemonsets', 'replicasets', 'nodes'],
  diagnose: (evidence, world) => workloadsInScope(evidence, world).flatMap((w) => findingsOf(evidence, world, w)),
});

function findingsOf(evidence: Evidence, world: World, workload: KubeObject): Finding[] {
  const killed = troublesOf(world, workload, evidence).filter((t) => t.kind === 'oom');
  const trouble = killed[0];
  if (!trouble) return [];
  const limit = bytesOf(containerOf(workload, trouble.container)?.resources?.limits?.['memory']);
  if (!(limit > 0) || trouble.isInit || !RESIZABLE.includes(workload.kind)) return [forPerson(workload, trouble, killed)];
  const growth = growthOf(world, workload, trouble.container, limit);
  const judged = (workload.kind === 'Deployment' ? afterRollout(world, workload, killed, limit, growth) : undefined) ?? grown(workload, trouble, growth);
  return [{ ...base(workload, killed, trouble), ...judged, evidence: [...killed.slice(0, 3).map(describeTrouble), ...judged.evidence] }];
}

type Judged = Pick<Finding, 'cause' | 'summary' | 'confidence' | 'proposals' | 'evidence' | 'conclusion' | 'edit'>;

const base = (workload: KubeObject, killed: Trouble[], trouble: Trouble) => ({
  analyzer: 'oom',
  target: targetOf(workload),
  evidence: [...killed.slice(0, 3).map(describeTrouble), `container ${trouble.container}`],
});

function afterRollout(world: World, workload: KubeObject, killed: Trouble[], limit: number, growth: Proposed | undefined): Judged | undefined {
  const rollout = rolloutOf(world, workload);
  const { container } = killed[0]!;
  if (!rollout.current || !killed.some((t) => isOfRevision(t.pod, rollout.current))) return undefined;
  const limitOf = (rs: KubeObject) => bytesOf(containerOf(rs, container)?.resources?.limits?.['memory']);
  const roomier = roomierThan(limit, rollout, container, limitOf);
  if (roomier) {
    const was = limitOf(roomier) === 0 ? 'no limit' : sizeOf(limitOf(roomier));
    return {
      cause: 'oom.limit_lowered',
      summary: `${nameOf(workload)}: the memory limit of ${container} went from ${was} to ${sizeOf(limit)} in revision ${revisionOf(rollout.current)}, and it is OOMKilled since`,
      confidence: 0.96,
      evidence: [`${roomier.metadata.name} had ${was}, now ${sizeOf(limit)}`],
      proposals: [rollback(workload, roomier, 0.96, `revision ${revisionOf(roomier)} had ${was} for ${container}`), ...(growth ? [{ ...growth, confidence: 0.7 }] : [])],
    };
  }
  const isShared = killed.some((t) => !isOfRevision(t.pod, rollout.current));
  const other = fallbackOf(rollout, (rs) => changedFields(rs, rollout.current, container).some((f) => ['image', 'command', 'args', 'env'].includes(f)));
  if (!other || rollout.hasCompleted || isShared) return undefined;
  return {
    cause: 'oom.new_revision',
    summary: `${nameOf(workload)}: revision ${revisionOf(rollout.current)} needs more memory than its limit of ${sizeOf(limit)}`,
    confidence: 0.88,
    evidence: [`revision ${revisionOf(rollout.current)} changed ${changedFields(other, rollout.current, container).join(', ')} and never became available`],
    proposals: [rollback(workload, other, 0.88, `revision ${revisionOf(other)} ran within ${sizeOf(limit)}`), ...(growth ? [{ ...growth, confidence: 0.75 }] : [])],
  };
}

/** An earlier revision that serves within the same limit clears the limit: going further back would cost a good release. */
function roomierThan(limit: number, rollout: Rollout, container: string, limitOf: (rs: KubeObject) => number): KubeObject | undefined {
  const servesWithin = rollout.earlier.some((rs) => (rs.status?.availableReplicas ?? 0) > 0 && limitOf(rs) > 0 && limitOf(rs) <= limit);
  return servesWithin ? undefined : fallbackOf(rollout, (rs) => containerOf(rs, container) !== undefined && (limitOf(rs) === 0 || limitOf(rs) > limit));
}

function grown(workload: KubeObject, trouble: Trouble, growth: Proposed | undefined): Judged {
  const summary = `${nameOf(workload)}: ${trouble.container} outgrew its memory limit, which no recent rollout lowered`;
  if (growth) return { cause: 'oom.growth', summary, confidence: 0.88, evidence: [], proposals: [growth] };
  return { cause: 'oom.no_room', summary: `${summary}; no node has room for more`, confidence: 0.85, evidence: [], proposals: [], conclusion: 'needs_person', edit: editFor(workload, trouble.container) };
}

const forPerson = (workload: KubeObject, trouble: Trouble, killed: Trouble[]): Finding => ({
  ...base(workload, killed, trouble),
  cause: 'oom.not_resizable',
  summary: `${nameOf(workload)}: ${trouble.container} is OOMKilled and has no limit of its own to raise (${trouble.isInit ? 'init container' : workload.kind})`,
  confidence: 0.8,
  proposals: [],
  conclusion: 'needs_person',
  edit: editFor(workload, trouble.container),
});

/** ×2, at most half of what the largest schedulable node can give; undefined when that is no real help. */
function growthOf(world: World, workload: KubeObject, container: string, limit: number): Proposed | undefined {
  const nodes = world.list('Node').filter((n) => isNodeReady(n) && !n.spec?.unschedulable);
  const largest = Math.max(0, ...nodes.map((n) => bytesOf(n.status?.allocatable?.memory)));
  const wanted = Math.min(limit * 2, largest > 0 ? largest / 2 : limit * 2);
  if (wanted < limit * 1.2) return undefined;
  const size = sizeOf(wanted);
  return moreMemory(workload, container, size, 0.88, `${container} is OOMKilled at ${sizeOf(limit)}; twice that within half a node is ${size}`);
}

/** Whole Mi or Gi, rounded down so that a cap stays kept. */
function sizeOf(bytes: number): string {
  return bytes % GI === 0 ? `${bytes / GI}Gi` : `${Math.max(1, Math.floor(bytes / MI))}Mi`;
}

const editFor = (workload: KubeObject, container: string): string =>
  `kubectl set resources ${workload.kind.toLowerCase()}/${workload.metadata.name} -n ${workload.metadata.namespace} -c ${container} --limits=memory=SIZE`;
