import type { Permission } from '../actions/define.js';
import type { Action } from '../actions/index.js';
import type { Change } from '../domain/change.js';
import { refOfChange } from '../domain/change.js';
import { KubernautError } from '../domain/errors.js';
import type { Step } from '../domain/plan.js';
import type { Cluster } from '../domain/ports.js';
import type { Registry } from '../domain/registry.js';

/** One SelfSubjectAccessReview. */
type Question = Parameters<Cluster['isAllowed']>[0];

/**
 * Asks for each verb that the step and its undo will need whether it is granted (actions.md 1.1, phase 2), so that nothing
 * is begun that could not be taken back. A dry run would show only the first write. Throws `Forbidden` naming what is missing.
 */
export function createAssertPermitted({ actions }: { actions: Registry<Action> }) {
  return async (cluster: Pick<Cluster, 'isAllowed'>, step: Step): Promise<void> => {
    if (!step.isWriting) return;
    const questions = questionsOf(actions.get(step.action), step);
    const answers = await Promise.all(questions.map(async (q) => ({ q, isAllowed: await cluster.isAllowed(q) })));
    const missing = answers.filter((a) => !a.isAllowed).map(({ q }) => textOf(q));
    if (missing.length === 0) return;
    throw new KubernautError('Forbidden', `${step.summary}: Kubernaut may not ${missing.join(', ')}; ask the platform team to bind the role of ${step.action} (docs/guides/permissions.md)`);
  };
}

const textOf = ({ verb, resource, subresource, namespace }: Question): string => `${verb} ${resource}${subresource ? `/${subresource}` : ''}${namespace ? ` in ${namespace}` : ''}`;

/** Declared verbs of every resource that the step or its undo touches, there where it touches it; each question once. */
export function questionsOf(action: Pick<Action, 'permissions'>, step: Pick<Step, 'changes' | 'undo'>): Question[] {
  const undo = step.undo.kind === 'none' ? [] : step.undo.changes;
  const all = [...step.changes, ...undo].flatMap((change) => {
    const about = action.permissions.filter((p) => isAbout(p, change));
    // an object that is named needs no right over all of its kind
    const fitting = about.some((p) => p.names) ? about.filter((p) => p.names) : about;
    // the fallback of a row is asked for only where nothing else fits: then it is the way that was chosen
    const needed = fitting.some((p) => !p.isOptional) ? fitting.filter((p) => !p.isOptional) : fitting;
    return needed.flatMap((p) => p.verbs.map((verb) => questionOf(p, verb, change)));
  });
  return [...new Map(all.map((q) => [JSON.stringify(q), q])).values()];
}

function questionOf({ group, resource, subresource, names }: Permission, verb: string, change: Change): Question {
  const { namespace, name } = refOfChange(change);
  return { verb, group, resource, ...(subresource ? { subresource } : {}), ...(namespace ? { namespace } : {}), ...(names && verb !== 'create' ? { name } : {}) };
}

function isAbout(p: Permission, change: Change): boolean {
  if (change.op === 'call') return false;
  const { apiVersion, kind, name } = refOfChange(change);
  const group = apiVersion.includes('/') ? apiVersion.split('/')[0] : '';
  return p.group === group && p.resource === pluralOf(kind) && p.subresource === subresourceOf(change) && (p.names === undefined || p.names.includes(name));
}

function subresourceOf(change: Change): string | undefined {
  switch (change.op) {
    case 'scale':
      return 'scale';
    case 'evict':
      return 'eviction';
    case 'exec':
      return 'exec';
    case 'edit':
      return change.subresource;
    default:
      return undefined;
  }
}

/** As Kubernetes' own kinds, and those of the operators we know, are spelt in paths. */
const pluralOf = (kind: string): string => {
  const lower = kind.toLowerCase();
  if (lower.endsWith('y')) return `${lower.slice(0, -1)}ies`;
  return lower.endsWith('s') ? `${lower}es` : `${lower}s`;
};
