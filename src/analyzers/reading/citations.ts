import type { Evidence } from '../../domain/evidence.js';
import type { World } from '../../domain/kube.js';
import type { Finding } from '../../domain/plan.js';
import { editBack, isAbout, suspects, tell } from './recent-change.js';

/** Commands that only look: an edit that puts something back is worth more. */
const ONLY_LOOKS = /^kubectl (describe|get|logs|edit)\b/;

/** Each finding with the change that speaks for it; a person gets the edit that takes it back, where the value before is known. */
export function withChanges(findings: readonly Finding[], evidence: Evidence, world: World): Finding[] {
  return findings.map((f) => {
    if (f.conclusion === 'no_action_needed' || f.conclusion === 'already_resolved') return f;
    const [change] = suspects(evidence, world, (c) => c.source !== 'creation' && (isAbout(c, f.target) || isNearTarget(c.relation, f, evidence)));
    if (!change) return f;
    const back = f.conclusion === 'needs_person' && isAbout(change, f.target) && (f.edit === undefined || ONLY_LOOKS.test(f.edit)) ? editBack(change) : undefined;
    const [first, ...rest] = f.evidence;
    return { ...f, evidence: [...(first === undefined ? [] : [first]), tell(change, evidence, world), ...rest], ...(back ? { edit: back } : {}) };
  });
}

/** Of the target itself what it reads and what leads to it speak as well. */
const isNearTarget = (relation: string, f: Finding, { target }: Evidence): boolean =>
  isAboutTarget(f, target) && ['target', 'owner', 'config', 'path'].includes(relation);

const isAboutTarget = ({ target: t }: Finding, target: Evidence['target']): boolean => t.kind === target.kind && t.name === target.name && t.namespace === target.namespace;
