import type { Permission } from '../../actions/define.js';

/** A rule of a Role, as RBAC has it. One resource per rule, so that a reader of the file can strike a line. */
export interface Rule {
  apiGroups: string[];
  resources: string[];
  verbs: string[];
  resourceNames?: string[];
}

const VERBS = ['get', 'list', 'watch', 'create', 'update', 'patch', 'delete'];

const resourceOf = ({ resource, subresource }: Permission): string => (subresource === undefined ? resource : `${resource}/${subresource}`);

const ruleOf = (p: Permission): Rule => ({
  apiGroups: [p.group],
  resources: [resourceOf(p)],
  verbs: [...p.verbs],
  ...(p.names ? { resourceNames: [...p.names].sort() } : {}),
});

const keyOf = ({ apiGroups, resources, resourceNames }: Rule): string => [...apiGroups, ...resources, ...(resourceNames ?? [])].join('|');

/** What several actions declare about one resource becomes one rule; in a fixed order, so that the files change only when the rights do. */
export function rulesOf(permissions: readonly Permission[]): Rule[] {
  const merged = new Map<string, Rule>();
  for (const rule of permissions.map(ruleOf)) {
    const known = merged.get(keyOf(rule));
    const verbs = new Set([...rule.verbs, ...(known?.verbs ?? [])]);
    merged.set(keyOf(rule), { ...rule, verbs: [...verbs].sort((a, b) => VERBS.indexOf(a) - VERBS.indexOf(b)) });
  }
  return [...merged.values()].map(harmless).sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
}

const READ_VERBS = ['get', 'list', 'watch'];

/** The reader's rather than the executor's: nothing in it writes. */
export const isReading = ({ verbs }: Permission): boolean => verbs.every((v) => READ_VERBS.includes(v));

const isWriting = ({ verbs }: Rule): boolean => verbs.some((v) => !READ_VERBS.includes(v));
const names = (pattern: RegExp) => ({ resources }: Rule): boolean => resources.some((r) => pattern.test(r));

/** The list of actions.md 3.1. `pods/exec` is not on it: one group that is off by default holds it. */
const NEVER: readonly [why: string, is: (rule: Rule) => boolean][] = [
  ['it has a wildcard', ({ apiGroups, resources, verbs }) => [...apiGroups, ...resources, ...verbs].some((part) => part.includes('*'))],
  ['it leads to more rights', ({ verbs }) => verbs.some((v) => ['escalate', 'bind', 'impersonate'].includes(v))],
  ['it deletes without looking', ({ verbs }) => verbs.includes('deletecollection')],
  ['it is never granted', names(/^(secrets|serviceaccounts\/token|.*\/(proxy|attach|portforward|finalizers))$/)],
  ['rights, webhooks and definitions are never written', (rule) => isWriting(rule) && (rule.apiGroups.includes('rbac.authorization.k8s.io') || names(/^(serviceaccounts|customresourcedefinitions|.*webhookconfigurations|.*admissionpolic.*)$/)(rule))],
  ['pods are never created, only Jobs', (rule) => rule.verbs.includes('create') && names(/^pods$/)(rule)],
];

/** Why no role of ours may hold this rule, or undefined. */
export const neverBecause = (rule: Rule): string | undefined => NEVER.find(([, is]) => is(rule))?.[0];

function harmless(rule: Rule): Rule {
  const why = neverBecause(rule);
  if (why) throw new Error(`no role may ${rule.verbs.join(', ')} ${rule.resources.join(', ')}: ${why} (actions.md 3.1)`);
  return rule;
}
