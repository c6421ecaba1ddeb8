import type { Evidence } from '../domain/evidence.js';
import { conditionOf, type KubeObject, type World } from '../domain/kube.js';
import type { Finding } from '../domain/plan.js';
import { defineAnalyzer } from './define.js';
import { cut, eventsOf } from './reading/container-trouble.js';
import { forPerson, inKubectl, patchOf } from './reading/person.js';
import { nameOf, targetOf } from './reading/proposals.js';
import { secondsBetween } from './reading/scene.js';

const MISSED = ['TooManyMissedTimes', 'MissSchedule', 'FailedNeedsStart'];
const UNREADABLE = ['UnparseableSchedule', 'InvalidSchedule', 'UnknownTimeZone', 'UnsupportedSchedule'];

/** A schedule that starts nothing: suspended, blocked by a run that does not end, missed too often, or unreadable. */
export const cronJobIdle = defineAnalyzer({
  id: 'cron_job_idle',
  summary: 'A CronJob starts nothing: suspended, blocked by its own unfinished Job, or its schedule was missed.',
  looksAt: ['cronjobs', 'jobs', 'events'],
  diagnose: (evidence, world) => cronJobOf(evidence, world).flatMap((c) => findingOf(c, evidence, world)),
});

const cronJobOf = ({ object }: Evidence, world: World): KubeObject[] => {
  const top = object?.kind === 'Job' ? world.topOwnerOf(object) : object;
  return top?.kind === 'CronJob' ? [top] : [];
};

function findingOf(cron: KubeObject, evidence: Evidence, world: World): Finding[] {
  const last: string = cron.status?.lastScheduleTime ?? '(never)';
  const base = { analyzer: 'cron_job_idle', target: targetOf(cron), evidence: [`schedule ${cron.spec?.schedule ?? '?'}, last started ${last}`] };
  // a run that failed has its own story, whatever became of the schedule
  if (cron.spec?.suspend === true && evidence.object?.kind === 'CronJob') {
    return [forPerson({ ...base, cause: 'cron_job.suspended', summary: `${nameOf(cron)} is suspended: it starts nothing until somebody lets it`, evidence: ['spec.suspend is true', ...base.evidence], confidence: 0.9, edit: patchOf(cron, { spec: { suspend: false } }) })];
  }
  const events = eventsOf(cron, evidence.events);
  const unreadable = events.filter((e) => UNREADABLE.includes(e.reason)).at(-1);
  if (unreadable) return [forPerson({ ...base, cause: 'cron_job.schedule', summary: `${nameOf(cron)} has a schedule that cannot be read`, evidence: [cut(`${unreadable.reason}: ${unreadable.message}`), ...base.evidence], confidence: 0.92, edit: patchOf(cron, { spec: { schedule: 'MIN HOUR DAY MONTH WEEKDAY' } }) })];
  return [...blocked(cron, evidence, world), ...missed(cron, events, base)];
}

/** Under Forbid a run that never ends is the last one. */
function blocked(cron: KubeObject, evidence: Evidence, world: World): Finding[] {
  if (cron.spec?.concurrencyPolicy !== 'Forbid') return [];
  const events = eventsOf(cron, evidence.events).filter((e) => e.reason === 'JobAlreadyActive');
  const running = world.ownedBy(cron.metadata.uid ?? '').find((o) => o.kind === 'Job' && (o.status?.active ?? 0) > 0 && !o.status?.completionTime && conditionOf(o, 'Failed')?.status !== 'True');
  if (!running || events.length === 0) return [];
  const minutes = Math.round(secondsBetween(running.status?.startTime, evidence.takenAt) / 60);
  return [
    forPerson({
      analyzer: 'cron_job_idle',
      cause: 'cron_job.blocked',
      summary: `${nameOf(cron)} starts nothing new: ${nameOf(running)} has been running for ${minutes} min and its policy forbids a second one`,
      target: targetOf(running),
      evidence: [cut(`${events.at(-1)!.reason}: ${events.at(-1)!.message}`), `concurrencyPolicy Forbid, ${running.status.active} active pods`],
      confidence: 0.92,
      edit: `kubectl logs -n ${running.metadata.namespace} job/${running.metadata.name} --tail=50; kubectl delete ${inKubectl(running)}   # and set activeDeadlineSeconds in its template`,
    }),
  ];
}

function missed(cron: KubeObject, events: Evidence['events'], base: Pick<Finding, 'analyzer' | 'target' | 'evidence'>): Finding[] {
  const event = events.filter((e) => MISSED.includes(e.reason)).at(-1);
  if (!event) return [];
  return [
    forPerson({
      ...base,
      cause: 'cron_job.missed',
      summary: `${nameOf(cron)} missed its schedule`,
      evidence: [cut(`${event.reason}: ${event.message}`), ...base.evidence],
      confidence: 0.88,
      edit: `kubectl create job -n ${cron.metadata.namespace} --from=cronjob/${cron.metadata.name} ${cron.metadata.name}-by-hand   # and: ${patchOf(cron, { spec: { startingDeadlineSeconds: 200 } })}`,
    }),
  ];
}
