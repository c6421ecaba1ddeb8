import type { KubeObject, World } from '../domain/kube.js';
import type { Finding } from '../domain/plan.js';
import { defineAnalyzer } from './define.js';
import { cut } from './reading/container-trouble.js';
import { nameOf, rollback, targetOf } from './reading/proposals.js';
import { refusedIn } from './reading/refusal.js';
import { changedPodFields, containersOf, fallbackOf, revisionOf, rolloutOf, templateText } from './reading/rollout.js';
import { bytesOf } from '../domain/quantity.js';

/** The API server refuses the pods that a controller wants to make: quota, limit range, pod security, service account. */
export const podsRejected = defineAnalyzer({
  id: 'pods_rejected',
  summary: 'Pods of a workload cannot be created: a quota or an admission rule refuses them.',
  looksAt: ['deployments', 'replicasets', 'statefulsets', 'daemonsets', 'jobs', 'events', 'resourcequotas'],
  diagnose: (evidence, world) => refusedIn(evidence, world).flatMap(({ workload, message }) => findingOf(workload, message, world)),
});

function findingOf(workload: KubeObject, message: string, world: World): Finding[] {
  const finding = { analyzer: 'pods_rejected', target: targetOf(workload), evidence: [cut(message)] };
  const quota = /exceeded quota: ([^,\s]+)/.exec(message);
  const smaller = quota && workload.kind === 'Deployment' ? smallerBefore(world, workload) : undefined;
  if (quota && smaller) {
    const why = `revision ${revisionOf(smaller)} asked for less than ResourceQuota ${quota[1]} leaves`;
    return [{ ...finding, cause: 'bad_rollout.quota', summary: `${nameOf(workload)}: its newest revision asks for more than ResourceQuota ${quota[1]} allows`, confidence: 0.93, proposals: [rollback(workload, smaller, 0.93, why)] }];
  }
  if (quota) {
    return [
      {
        ...finding,
        cause: 'quota.exceeded',
        summary: `${nameOf(workload)}: ResourceQuota ${quota[1]} does not allow another pod; a person must free or raise it`,
        confidence: 0.93,
        proposals: [],
        conclusion: 'needs_person',
        edit: quotaEdit(message, quota[1]!, workload.metadata.namespace),
      },
    ];
  }
  const to = workload.kind === 'Deployment' ? acceptedBefore(world, workload) : undefined;
  const summary = `${nameOf(workload)}: its pods are refused: ${cut(message, 120)}`;
  if (to) return [{ ...finding, cause: 'bad_rollout.rejected', summary, confidence: 0.9, proposals: [rollback(workload, to, 0.9, `pods of revision ${revisionOf(to)} were accepted`)] }];
  return [{ ...finding, cause: 'pods.rejected', summary, confidence: 0.85, proposals: [], conclusion: 'needs_person', edit: `kubectl describe ${workload.kind.toLowerCase()} ${workload.metadata.name} -n ${workload.metadata.namespace}` }];
}

function acceptedBefore(world: World, deployment: KubeObject): KubeObject | undefined {
  const rollout = rolloutOf(world, deployment);
  if (!rollout.current || rollout.hasCompleted) return undefined;
  return fallbackOf(rollout, (rs) => templateText(rs.spec?.template) !== templateText(rollout.current!.spec?.template) && changedSomething(rs, rollout.current!));
}

/** The rollout itself asked for more: then taking it back is the cure, and the quota is right as it is. */
function smallerBefore(world: World, deployment: KubeObject): KubeObject | undefined {
  const rollout = rolloutOf(world, deployment);
  if (!rollout.current || rollout.hasCompleted) return undefined;
  const now = askedBy(rollout.current);
  return fallbackOf(rollout, (rs) => {
    const before = askedBy(rs);
    return Object.keys(now).some((key) => (before[key] ?? 0) < now[key]!) && Object.keys(before).every((key) => before[key]! <= (now[key] ?? 0));
  });
}

/** `requests.memory` … of one pod. */
function askedBy(rs: KubeObject): Record<string, number> {
  const sum: Record<string, number> = {};
  for (const { resources } of containersOf(rs)) {
    for (const kind of ['requests', 'limits'] as const) {
      for (const [name, amount] of Object.entries(resources?.[kind] ?? {})) sum[`${kind}.${name}`] = (sum[`${kind}.${name}`] ?? 0) + bytesOf(amount);
    }
  }
  return sum;
}

const changedSomething = (a: KubeObject, b: KubeObject): boolean =>
  changedPodFields(a, b).length > 0 || JSON.stringify(a.spec?.template?.spec?.containers) !== JSON.stringify(b.spec?.template?.spec?.containers);

/** `requested: pods=1, used: pods=4, limited: pods=4` → the least hard limit that lets it through. */
function quotaEdit(message: string, quota: string, namespace: string | undefined): string {
  const part = (name: string) =>
    Object.fromEntries([...(new RegExp(`${name}: ([^ ]+(?:, ?[^ ]+)*?)(?:, [a-z]+:|$)`).exec(message)?.[1] ?? '').split(',').flatMap((p) => [p.split('=') as [string, string]])]);
  const requested = part('requested');
  const used = part('used');
  const hard = Object.fromEntries(Object.keys(requested).filter((k) => k && used[k] !== undefined).map((k) => [k, sum(requested[k]!, used[k]!)]));
  return `kubectl patch resourcequota ${quota} -n ${namespace} --type=merge -p '${JSON.stringify({ spec: { hard } })}'`;
}

function sum(a: string, b: string): string {
  const total = bytesOf(a) + bytesOf(b);
  if (!Number.isFinite(total)) return `${a}+${b}`;
  if (/[KMGT]i$/.test(a) || /[KMGT]i$/.test(b)) return `${Math.ceil(total / 2 ** 20)}Mi`;
  return Number.isInteger(total) ? String(total) : `${Math.ceil(total * 1000)}m`;
}
