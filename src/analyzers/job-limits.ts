import type { Evidence } from '../domain/evidence.js';
import { conditionOf, podsOf, type KubeObject, type World } from '../domain/kube.js';
import type { Finding } from '../domain/plan.js';
import { containerStatusesOf } from '../domain/status.js';
import { defineAnalyzer } from './define.js';
import { cut } from './reading/container-trouble.js';
import { forPerson, patchOf } from './reading/person.js';
import { nameOf, targetOf } from './reading/proposals.js';
import { logLinesOf } from './reading/scene.js';

/** Which of a Job's own limits ended it, or keeps it from starting. A later run of the same CronJob that did well settles it. */
export const jobLimits = defineAnalyzer({
  id: 'job_limits',
  summary: 'A Job ran into its deadline or its retries, or is suspended.',
  looksAt: ['jobs', 'cronjobs', 'pods', 'logs'],
  diagnose: (evidence, world) => jobsInScope(evidence, world).flatMap((j) => findingOf(j, evidence, world)),
});

/** Of a CronJob only the newest run counts. */
function jobsInScope({ object }: Evidence, world: World): KubeObject[] {
  if (object?.kind === 'Job') return [object];
  const runs = object?.kind === 'CronJob' ? world.ownedBy(object.metadata.uid ?? '').filter((o) => o.kind === 'Job') : [];
  return runs.sort((a, b) => startOf(b).localeCompare(startOf(a))).slice(0, 1);
}

const startOf = (job: KubeObject): string => job.metadata.creationTimestamp ?? '';
const isDone = (job: KubeObject): boolean => conditionOf(job, 'Complete')?.status === 'True';

function findingOf(job: KubeObject, evidence: Evidence, world: World): Finding[] {
  const failed = conditionOf(job, 'Failed');
  const later = laterSuccess(job, evidence, world);
  if (later) return [settled(job, later)];
  if (job.spec?.suspend === true && !isDone(job)) {
    return [forPerson({ analyzer: 'job_limits', cause: 'job.suspended', summary: `${nameOf(job)} is suspended: it has not begun, and does not until somebody lets it`, target: targetOf(job), evidence: ['spec.suspend is true'], confidence: 0.9, edit: patchOf(job, { spec: { suspend: false } }) })];
  }
  if (failed?.status !== 'True') return [];
  if (failed.reason === 'DeadlineExceeded') return [overdue(job, failed.message)];
  return failed.reason === 'BackoffLimitExceeded' ? [outOfRetries(job, evidence, world)] : [];
}

/** Seen from the CronJob, or from a failed run of it. */
function laterSuccess(job: KubeObject, { object }: Evidence, world: World): KubeObject | undefined {
  const cron = world.topOwnerOf(job);
  const runs = cron === job ? [] : world.ownedBy(cron.metadata.uid ?? '').filter((o) => o.kind === 'Job');
  const hasFailedBefore = object?.kind === 'Job' ? conditionOf(job, 'Failed')?.status === 'True' : runs.some((r) => conditionOf(r, 'Failed')?.status === 'True');
  return hasFailedBefore ? runs.find((r) => isDone(r) && startOf(r) >= startOf(job)) : undefined;
}

const settled = (job: KubeObject, later: KubeObject): Finding => ({
  analyzer: 'job_limits',
  cause: 'job.later_run_succeeded',
  summary: `a run of ${nameOf(job)}'s CronJob failed, and the newer ${later.metadata.name} succeeded`,
  target: targetOf(job),
  evidence: [`${later.metadata.name} is Complete since ${later.status?.completionTime ?? '?'}`],
  confidence: 0.92,
  proposals: [],
  conclusion: 'already_resolved',
});

const overdue = (job: KubeObject, message = ''): Finding =>
  forPerson({
    analyzer: 'job_limits',
    cause: 'job.deadline',
    summary: `${nameOf(job)} was ended after its activeDeadlineSeconds of ${job.spec?.activeDeadlineSeconds ?? '?'}: it is too slow, or hangs`,
    target: targetOf(job),
    evidence: [cut(`DeadlineExceeded: ${message}`), `started ${job.status?.startTime ?? '?'}, ${job.status?.succeeded ?? 0} of ${job.spec?.completions ?? 1} pods succeeded`],
    confidence: 0.9,
    edit: `kubectl get job ${job.metadata.name} -n ${job.metadata.namespace} -o yaml   # raise activeDeadlineSeconds in its manifest and create it anew: a Job that ended does not start again`,
  });

function outOfRetries(job: KubeObject, evidence: Evidence, world: World): Finding {
  const pods = podsOf(world, job);
  const codes = pods.flatMap((p) => containerStatusesOf(p) as { state?: { terminated?: { exitCode?: number } }; lastState?: { terminated?: { exitCode?: number } } }[]).flatMap((s) => s.state?.terminated?.exitCode ?? s.lastState?.terminated?.exitCode ?? []);
  const last = pods.flatMap((p) => logLinesOf(evidence, p)).at(-1);
  const told = [...new Set(codes.filter((c) => c !== 0))].join(', ');
  return forPerson({
    analyzer: 'job_limits',
    cause: 'job.retries',
    summary: `${nameOf(job)} failed ${job.status?.failed ?? pods.length} times and has no retry left (backoffLimit ${job.spec?.backoffLimit ?? 6})${told ? `; exit code ${told}` : ''}`,
    target: targetOf(job),
    evidence: [`${job.status?.failed ?? 0} failed pods${told ? `, exit codes ${told}` : ''}`, ...(last ? [cut(`log: ${last}`)] : [])],
    confidence: 0.9,
    edit: `kubectl logs -n ${job.metadata.namespace} job/${job.metadata.name} --tail=50   # then correct it and create it anew`,
  });
}
