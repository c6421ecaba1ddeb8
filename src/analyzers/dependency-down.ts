import type { Evidence } from '../domain/evidence.js';
import { hostsOfTemplate, type HostReference } from '../domain/hosts.js';
import { isPodReady, type KubeObject, type World } from '../domain/kube.js';
import type { Finding } from '../domain/plan.js';
import { defineAnalyzer, type AnalyzerDefinition } from './define.js';
import { cut, describeTrouble, type Trouble } from './reading/container-trouble.js';
import { hostsOfComplaints } from './reading/hosts.js';
import { nameOf, rollback, targetOf } from './reading/proposals.js';
import { containersOf, fallbackOf, isOfRevision, revisionOf, rolloutOf } from './reading/rollout.js';
import { livePodsOf, troublesOf, workloadsInScope } from './reading/scene.js';
import { findingOfService } from './reading/service-findings.js';
import { serviceState, type ServiceState } from './reading/service-state.js';
import { WORKLOAD_ANALYZERS } from './workload-analyzers.js';

/** How far a chain of dependencies is followed. */
const MAX_DEPTH = 3;

/**
 * Root over symptom: an application that cannot reach a Service it names is not the place to act. The finding's
 * target is the object at fault, and its proposals are what the analyzers say about that object.
 */
export const dependencyDown: AnalyzerDefinition<'dependency_down'> = defineAnalyzer({
  id: 'dependency_down',
  summary: 'A workload waits for a Service whose backend is down, missing, mislabelled or cut off.',
  looksAt: ['pods', 'services', 'deployments', 'statefulsets', 'networkpolicies', 'logs', 'events'],
  diagnose: (evidence, world) => diagnoseAt(evidence, world, MAX_DEPTH),
});

function diagnoseAt(evidence: Evidence, world: World, depth: number): Finding[] {
  return workloadsInScope(evidence, world).flatMap((w) => findingsOf(w, evidence, world, depth));
}

function findingsOf(workload: KubeObject, evidence: Evidence, world: World, depth: number): Finding[] {
  const troubles = troublesOf(world, workload, evidence).filter((t) => ['crash', 'not_ready', 'liveness'].includes(t.kind));
  const trouble = troubles[0];
  if (!trouble) return [];
  const seen = new Set<string>();
  const references = [...hostsOfComplaints(troubles.map((t) => t.pod), evidence, world), ...hostsOfTemplate(workload, world)];
  return references
    .sort((a, b) => Number(b.isComplained) - Number(a.isComplained))
    .filter((r) => !seen.has(keyOf(r)) && seen.add(keyOf(r)))
    .flatMap((reference) => judge({ workload, trouble, reference, evidence, world, depth }));
}

const keyOf = (r: HostReference): string => `${r.namespace}/${r.service}`;

interface Case {
  workload: KubeObject;
  trouble: Trouble;
  reference: HostReference;
  evidence: Evidence;
  world: World;
  depth: number;
}

function judge(c: Case): Finding[] {
  const state = serviceState(c.world, c.reference, c.trouble.pod);
  if (state.kind === 'unknown') return c.reference.isComplained ? outside(c) : [];
  if (state.kind === 'ok') return c.reference.isComplained ? unexplained(c) : [];
  if (state.kind === 'target_port' && !state.isCertain && !c.reference.isComplained) return [];
  if (isSelf(c, state)) return [];
  return (broughtByRollout(c, state) ?? rootFindings(c, state)).map((f) => ({ ...f, confidence: confidenceOf(c, f) }));
}

/** The application's own Service is never Ready while it is not. */
const isSelf = (c: Case, state: ServiceState): boolean => 'workloads' in state && state.workloads.every((w) => w === c.workload);

/** The application's own complaint beats every symptom; a Service that its template merely names is a weaker witness. */
function confidenceOf(c: Case, f: Finding): number {
  const others = livePodsOf(c.world, c.workload).filter(isPodReady).length;
  const base = c.reference.isComplained ? 0.98 : 0.88;
  return Math.min(others > 0 ? base - 0.2 : base, f.conclusion === 'inconclusive' ? 0.8 : 1);
}

function rootFindings(c: Case, state: ServiceState): Finding[] {
  const because = [describeTrouble(c.trouble), cut(`${c.reference.from}: ${c.reference.quote}`)];
  const told = findingOfService(state, c.world, c.trouble.pod);
  if (told) return [{ ...told, analyzer: 'dependency_down', confidence: 0.9, summary: `${nameOf(c.workload)} cannot reach ${keyOf(c.reference)}: ${told.summary}`, evidence: [...told.evidence, ...because] }];
  const roots = state.kind === 'no_pods' ? [state.workload] : state.kind === 'not_ready' ? state.workloads : [];
  return roots.flatMap((root) => ofRoot(c, root, because));
}

/** The same analyzers, looking at the root as if it had been the target. */
function ofRoot(c: Case, root: KubeObject, because: string[]): Finding[] {
  const at: Evidence = { ...c.evidence, object: root, target: { ...c.evidence.target, apiVersion: root.apiVersion, kind: root.kind, namespace: root.metadata.namespace, name: root.metadata.name, uid: root.metadata.uid } };
  const own = [...(c.depth > 0 ? diagnoseAt(at, c.world, c.depth - 1) : []), ...WORKLOAD_ANALYZERS.flatMap((a) => a.diagnose(at, c.world))];
  const best = own.sort((a, b) => b.confidence - a.confidence)[0];
  const summary = `${nameOf(c.workload)} waits for ${keyOf(c.reference)}`;
  if (best) return [{ ...best, summary: `${summary}: ${best.summary}`, evidence: [...best.evidence, ...because] }];
  return [
    {
      analyzer: 'dependency_down',
      cause: 'dependency.not_ready',
      summary: `${summary}, which ${nameOf(root)} does not serve yet`,
      target: targetOf(root),
      evidence: because,
      confidence: 0.8,
      proposals: [],
      conclusion: 'inconclusive',
      edit: `kubectl describe ${root.kind.toLowerCase()} ${root.metadata.name} -n ${root.metadata.namespace}`,
    },
  ];
}

/** The newest revision began to talk to something that is not there: the rollout is the root. */
function broughtByRollout(c: Case, state: ServiceState): Finding[] | undefined {
  if (c.workload.kind !== 'Deployment' || (state.kind !== 'missing' && state.kind !== 'port_missing')) return undefined;
  const rollout = rolloutOf(c.world, c.workload);
  if (!rollout.current || !isOfRevision(c.trouble.pod, rollout.current)) return undefined;
  const names = (o: KubeObject) => hostsOfTemplate({ ...o, metadata: { ...o.metadata, namespace: c.workload.metadata.namespace } }, c.world);
  const isNamed = (o: KubeObject) => names(o).some((r) => keyOf(r) === keyOf(c.reference) && (state.kind === 'missing' || r.port === c.reference.port));
  const imageOf = (o: KubeObject) => containersOf(o).map((x) => x.image).join();
  const to = isNamed(rollout.current)
    ? fallbackOf(rollout, (rs) => !isNamed(rs))
    : rollout.hasCompleted ? undefined : fallbackOf(rollout, (rs) => imageOf(rs) !== imageOf(rollout.current!));
  if (!to) return undefined;
  return [
    {
      analyzer: 'dependency_down',
      cause: 'bad_rollout.dependency',
      summary: `${nameOf(c.workload)}: revision ${revisionOf(rollout.current)} talks to ${keyOf(c.reference)}, which is not there`,
      target: targetOf(c.workload),
      evidence: [describeTrouble(c.trouble), cut(`${c.reference.from}: ${c.reference.quote}`), `${to.metadata.name} does not name it`],
      confidence: 0.95,
      proposals: [rollback(c.workload, to, 0.95, `revision ${revisionOf(to)} does not need ${keyOf(c.reference)}`)],
    },
  ];
}

const forPerson = { analyzer: 'dependency_down', proposals: [], conclusion: 'needs_person' as const };

/** A host beyond what evidence covers: worth telling, not worth acting on the application. */
const outside = (c: Case): Finding[] => [
  {
    ...forPerson,
    cause: 'dependency.outside',
    summary: `${nameOf(c.workload)} cannot reach ${keyOf(c.reference)}, which was not read`,
    target: targetOf(c.workload),
    evidence: [describeTrouble(c.trouble), cut(`log: ${c.reference.quote}`)],
    confidence: 0.6,
    edit: `kubectl get service,endpointslices -n ${c.reference.namespace}`,
  },
];

/** Everything that the API shows is right and the application still says no. */
function unexplained(c: Case): Finding[] {
  const service = c.world.get('Service', c.reference.namespace, c.reference.service)!;
  return [
    {
      ...forPerson,
      cause: 'dependency.refused',
      summary: `${nameOf(c.workload)} cannot connect to ${nameOf(service)} although it has Ready endpoints; its target port may be wrong`,
      target: targetOf(service),
      evidence: [describeTrouble(c.trouble), cut(`log: ${c.reference.quote}`), `targetPort ${(service.spec?.ports ?? []).map((p: { targetPort?: unknown; port: number }) => p.targetPort ?? p.port).join(', ')}`],
      confidence: 0.65,
      edit: `kubectl get service ${service.metadata.name} -n ${service.metadata.namespace} -o yaml   # compare targetPort with what the pods listen on`,
    },
  ];
}
