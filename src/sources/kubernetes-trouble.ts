import { conditionOf, type KubeObject, type World } from '../domain/kube.js';
import { claimTrouble } from './kubernetes-claims.js';
import { eventTrouble } from './kubernetes-events.js';
import { hasLasted, hintOf, nameOf, PATIENCE_MS, type Trouble } from './kubernetes-object.js';
import { podTrouble } from './kubernetes-pods.js';

/** All that is wrong right now. Pure: the same world at the same time gives the same answer. */
export function troubleIn(world: World, now: string): Trouble[] {
  const nowMs = Date.parse(now);
  return [
    ...world.list('Pod').flatMap((pod) => podTrouble(pod, nowMs)),
    ...world.list('Node').flatMap((node) => nodeTrouble(node, nowMs)),
    ...world.list('Job').flatMap(jobTrouble),
    ...world.list('PersistentVolumeClaim').flatMap((claim) => claimTrouble(claim, world, nowMs)),
    ...eventTrouble(world, nowMs),
  ];
}

function nodeTrouble(node: KubeObject, nowMs: number): Trouble[] {
  const bad = (node.status?.conditions ?? []).filter((c: Condition) => (c.type === 'Ready' ? c.status !== 'True' : /Pressure$|^NetworkUnavailable$/.test(c.type) && c.status === 'True'));
  return bad
    .filter((c: Condition) => hasLasted(c.lastTransitionTime, PATIENCE_MS.node, nowMs))
    .map(({ type, reason, message, lastTransitionTime }: Condition): Trouble => ({
      alert: type === 'Ready' ? 'KubeNodeNotReady' : 'KubeNodePressure',
      severity: type === 'Ready' ? 'warning' : 'info',
      object: hintOf(node),
      labels: { node: node.metadata.name, condition: type },
      startsAt: lastTransitionTime!,
      summary: type === 'Ready' ? 'Node is not ready.' : 'Node has as active Condition.',
      description: `${node.metadata.name}: ${reason ?? type} ${message ?? ''}`.trim(),
    }));
}

interface Condition {
  type: string;
  status: string;
  reason?: string;
  message?: string;
  lastTransitionTime?: string;
}

function jobTrouble(job: KubeObject): Trouble[] {
  const failed = conditionOf(job, 'Failed');
  if (failed?.status !== 'True' || !failed.lastTransitionTime || job.metadata.deletionTimestamp) return [];
  const labels = { namespace: job.metadata.namespace ?? '', job_name: job.metadata.name };
  const description = `Job ${nameOf(job)}: ${failed.reason ?? 'Failed'} ${failed.message ?? ''}`.trim();
  return [{ alert: 'KubeJobFailed', severity: 'warning', object: hintOf(job), labels, startsAt: failed.lastTransitionTime, summary: 'Job failed to complete.', description }];
}
