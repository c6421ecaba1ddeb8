import type { Evidence } from '../domain/evidence.js';
import type { KubeObject, World } from '../domain/kube.js';
import type { Finding } from '../domain/plan.js';
import { defineAnalyzer } from './define.js';
import { cut } from './reading/container-trouble.js';
import { inKubectl } from './reading/person.js';
import { nameOf, targetOf } from './reading/proposals.js';
import { biggestUsers, boundsOf, shareOf } from './reading/quota-usage.js';
import { refusedIn } from './reading/refusal.js';

const NEARLY = 0.9;

/** An alert about the quota itself: which resource, who has most of it, and whether anybody is refused. */
export const quotaUsedUp = defineAnalyzer({
  id: 'quota_used_up',
  summary: 'A quota of a namespace is used up: which resource, and who uses most of it.',
  looksAt: ['resourcequotas', 'pods', 'deployments', 'events'],
  diagnose: (evidence, world) => quotasInScope(evidence, world).flatMap((q) => findingOf(q, evidence, world)),
});

const quotasInScope = ({ object }: Evidence, world: World): KubeObject[] => {
  if (object?.kind === 'ResourceQuota') return [object];
  return object?.kind === 'Namespace' ? world.list('ResourceQuota', object.metadata.name) : [];
};

function findingOf(quota: KubeObject, evidence: Evidence, world: World): Finding[] {
  const tight = boundsOf(quota).filter((b) => shareOf(b) >= NEARLY);
  const first = tight[0];
  if (!first) return [];
  const users = biggestUsers(world, quota.metadata.namespace, first.name);
  const refused = refusedIn(evidence, world).filter((r) => r.message.includes(`exceeded quota: ${quota.metadata.name}`));
  const told = refused.length > 0 ? `; ${refused.map((r) => nameOf(r.workload)).slice(0, 3).join(', ')} cannot get another pod` : '; nobody is refused so far';
  const finding = {
    analyzer: 'quota_used_up',
    cause: refused.length > 0 ? 'quota.used_up' : 'quota.nearly_used_up',
    summary: `${nameOf(quota)}: ${tight.map((b) => b.text).slice(0, 3).join('; ')}${told}`,
    target: targetOf(quota),
    evidence: [...tight.slice(0, 3).map((b) => b.text), ...(users.length > 0 ? [cut(`most of ${first.name} is used by ${users.join(', ')}`)] : []), ...refused.slice(0, 1).map((r) => cut(r.message))],
    proposals: [],
    edit: `kubectl edit ${inKubectl(quota)}   # raise spec.hard["${first.name}"], or free room: ${users[0] ?? 'nothing that was read uses it'}`,
  };
  return [refused.length > 0 ? { ...finding, confidence: 0.93, conclusion: 'needs_person' as const } : { ...finding, confidence: 0.8, conclusion: 'no_action_needed' as const }];
}
