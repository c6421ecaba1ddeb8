import type { Evidence } from '../domain/evidence.js';
import { conditionOf, controllerOf, type KubeObject, type World } from '../domain/kube.js';
import type { Finding } from '../domain/plan.js';
import { defineAnalyzer } from './define.js';
import { cut, eventsOf } from './reading/container-trouble.js';
import { cleanUp, nameOf, targetOf, type Proposed } from './reading/proposals.js';
import { logLinesOf } from './reading/scene.js';

const MANY = 10;

/** Jobs that failed for good, and namespaces that their leftovers fill. Finished work is evidence: it may go where it stands in the way. */
export const jobFailing = defineAnalyzer({
  id: 'job_failing',
  summary: 'A Job failed, or finished pods pile up in its namespace.',
  looksAt: ['jobs', 'cronjobs', 'pods', 'events', 'logs'],
  diagnose: (evidence, world) => [...pileUp(evidence, world), ...jobsInScope(evidence, world).flatMap((j) => failed(j, evidence, world))],
});

function jobsInScope(evidence: Evidence, world: World): KubeObject[] {
  const target = evidence.object;
  if (target?.kind === 'Job') return [target];
  return target?.kind === 'CronJob' ? world.ownedBy(target.metadata.uid ?? '').filter((o) => o.kind === 'Job') : [];
}

function failed(job: KubeObject, evidence: Evidence, world: World): Finding[] {
  const condition = conditionOf(job, 'Failed');
  if (condition?.status !== 'True') return [];
  const pods = world.ownedBy(job.metadata.uid ?? '').filter((o) => o.kind === 'Pod');
  const lines = pods.flatMap((p) => logLinesOf(evidence, p)).slice(-2);
  return [
    {
      analyzer: 'job_failing',
      cause: 'job.failed',
      summary: `${nameOf(job)} failed (${condition.reason ?? 'no reason'}); running it again is the owner's decision`,
      target: targetOf(job),
      evidence: [cut(`${condition.reason ?? ''}: ${condition.message ?? ''}`), ...lines.map((l) => cut(`log: ${l}`)), ...eventsOf(job, evidence.events).slice(-1).map((e) => cut(`${e.reason}: ${e.message}`))],
      confidence: 0.88,
      proposals: [],
      conclusion: 'needs_person',
      edit: `kubectl logs -n ${job.metadata.namespace} job/${job.metadata.name} --tail=50`,
    },
  ];
}

/** Many finished pods of Jobs matter when something counts objects: a pod quota at its limit, or an alert on the namespace. */
function pileUp(evidence: Evidence, world: World): Finding[] {
  const target = evidence.object;
  const namespace = target?.kind === 'Namespace' ? target.metadata.name : target?.metadata.namespace;
  if (!target || namespace === undefined) return [];
  const finished = world.list('Pod', namespace).filter((p) => isFinished(p) && controllerOf(p)?.kind === 'Job');
  const quota = world.list('ResourceQuota', namespace).find(isFull);
  const isMany = finished.length >= (ABOUT_A_NAMESPACE.includes(target.kind) ? MANY : Infinity);
  return finished.length > 0 && (quota || isMany) ? [leftovers({ target, namespace, finished, quota }, world)] : [];
}

const ABOUT_A_NAMESPACE = ['Namespace', 'ResourceQuota', 'Job', 'CronJob'];
const isFinished = (p: KubeObject): boolean => ['Succeeded', 'Failed'].includes(p.status?.phase);

interface PileUp {
  target: KubeObject;
  namespace: string;
  finished: KubeObject[];
  quota: KubeObject | undefined;
}

function leftovers({ target, namespace, finished, quota }: PileUp, world: World): Finding {
  const summary = `${finished.length} finished Job pods lie in ${namespace}${quota ? ` and ResourceQuota ${quota.metadata.name} is used up` : ''}`;
  const proposal = quota && removal(quota, namespace, world, summary);
  return {
    analyzer: 'job_failing',
    cause: 'job.leftovers',
    summary,
    target: targetOf(quota ?? target),
    evidence: [`${finished.filter((p) => p.status?.phase === 'Failed').length} Failed, ${finished.filter((p) => p.status?.phase === 'Succeeded').length} Succeeded`, ...(quota ? [cut(`${quota.metadata.name}: used ${JSON.stringify(quota.status?.used)} of ${JSON.stringify(quota.status?.hard)}`)] : [])],
    // surer than "the quota is used up", which is what it comes to and leaves to a person
    ...(proposal ? { confidence: proposal.confidence, proposals: [proposal] } : { confidence: 0.9, proposals: [], conclusion: 'needs_person' as const }),
    edit: `kubectl get jobs -n ${namespace}   # then: kubectl delete job NAME -n ${namespace}, and set ttlSecondsAfterFinished`,
  };
}

/** Only what counts against the quota helps it: finished Jobs (which take their pods along), or finished pods. */
function removal(quota: KubeObject, namespace: string, world: World, reason: string): Proposed | undefined {
  const home = world.get('Namespace', undefined, namespace);
  const mode = isFullOf(quota, 'count/jobs.batch') ? 'finished_jobs' : isFullOf(quota, 'count/pods') ? 'finished_pods' : undefined;
  return home && mode ? cleanUp(home, mode, 0.94, reason) : undefined;
}

const isFullOf = (quota: KubeObject, key: string): boolean => quota.status?.hard?.[key] !== undefined && Number(quota.status.used?.[key]) >= Number(quota.status.hard[key]);

/** Finished pods count against `count/pods`, finished Jobs against `count/jobs.batch`; plain `pods` counts running ones only. */
const isFull = (quota: KubeObject): boolean => ['count/pods', 'count/jobs.batch', 'pods'].some((key) => isFullOf(quota, key));
