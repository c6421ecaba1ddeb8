import type { Permission } from '../../actions/define.js';
import { placesOf } from '../../actions/groups.js';
import type { Action } from '../../actions/index.js';
import type { Cluster } from '../../domain/ports.js';
import { isReading } from '../rbac/rules.js';
import type { Check, Ward } from './check.js';

type IsAllowed = Cluster['isAllowed'];

export interface Asking {
  /** Two accounts, where they are apart. */
  reader: IsAllowed;
  executor: IsAllowed;
  /** Roles are bound namespace by namespace: these are looked at where the cluster as a whole says no. */
  namespaces: readonly string[];
}

interface Answer {
  text: string;
  isOptional: boolean;
  /** `all`, or those where it is granted. */
  where: 'all' | string[];
}

const textOf = (verb: string, p: Permission): string => `${verb} ${p.resource}${p.subresource ? `/${p.subresource}` : ''}`;

async function answerOf(p: Permission, verb: string, action: string, asking: Asking): Promise<Answer> {
  const isAllowed = isReading(p) ? asking.reader : asking.executor;
  const [name] = p.names ?? [];
  const ask = { verb, group: p.group, resource: p.resource, subresource: p.subresource, ...(name ? { name } : {}) };
  const answer = (where: Answer['where']): Answer => ({ text: textOf(verb, p), isOptional: p.isOptional === true, where });
  if (await isAllowed(ask)) return answer('all');
  if (p.scope === 'cluster') return answer([]);
  const candidates = name && placesOf(action).length > 0 ? placesOf(action) : asking.namespaces;
  const granted = await Promise.all(candidates.map((namespace) => isAllowed({ ...ask, namespace })));
  return answer(candidates.filter((_, n) => granted[n]));
}

/** Whether RBAC lets us do it anywhere, and where. */
export async function checkAction(action: Action, asking: Asking, config: Ward['config']): Promise<Check> {
  const check = `action ${action.id}`;
  if (config.policy.actions[action.id]?.enabled === false) return { check, state: 'off', detail: 'disabled by the policy' };
  const answers = await Promise.all(action.permissions.flatMap((p) => p.verbs.map((verb) => answerOf(p, verb, action.id, asking))));
  const denied = answers.filter((a) => a.where.length === 0);
  if (denied.length === 0) return { check, state: 'ok', detail: answers.length === 0 ? 'needs no permission' : `may ${answers.map(allowedText).join(', ')}` };
  const needed = denied.filter((d) => !d.isOptional);
  const detail = needed.length > 0 ? `may not ${needed.map((d) => d.text).join(', ')}` : `works; a fallback may not ${denied.map((d) => d.text).join(', ')}`;
  return { check, state: 'warn', detail, next: `grant it (docs/guides/permissions.md), or switch it off: policy.actions.${action.id}.enabled: false` };
}

function allowedText({ text, where }: Answer): string {
  if (where === 'all') return text;
  return `${text} in ${where.length > 3 ? `${String(where.length)} namespaces` : where.join(', ')}`;
}
