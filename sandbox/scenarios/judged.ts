import type { Remediation, RemediationStep } from '../../src/contracts/remediation.js';
import { matchesName, parseObjectName } from './object-name.js';
import type { ResourceTypes } from './resource-types.js';
import type { Scenario } from './scenario.js';

export interface Gallery {
  scenario: Scenario;
  namespace: string;
  types: ResourceTypes;
  remediations: readonly Remediation[];
}

export const nameOfTarget = ({ target }: Remediation): string => `${target.kind.toLowerCase()}/${target.name}`;

/** Steps that were begun; a refused one wrote nothing. */
export const NOT_DONE = new Set<RemediationStep['status']>(['planned', 'skipped']);
export const isWriting = (s: RemediationStep): boolean => s.tier > 0;
export const hasWritten = (s: RemediationStep): boolean => isWriting(s) && !NOT_DONE.has(s.status) && s.status !== 'already_applied' && (s.status !== 'failed' || (s.wrote ?? []).length > 0);
export const stepsOf = (remediations: readonly Remediation[]): RemediationStep[] =>
  remediations.flatMap((r) => r.plan?.steps ?? []).sort((a, b) => ((a.started_at ?? '~') < (b.started_at ?? '~') ? -1 : 1));

function isTarget(r: Remediation, wanted: string, { types, namespace }: Pick<Gallery, 'types' | 'namespace'>): boolean {
  const name = parseObjectName(wanted, types, { file: namespace });
  const isPlace = wanted.split('/').length < 3 || r.target.namespace === name.namespace;
  return r.target.kind === name.type.kind && matchesName(name.name, r.target.name) && isPlace;
}

const hasActed = (r: Remediation): boolean => stepsOf([r]).some((s) => isWriting(s) && !NOT_DONE.has(s.status));

/**
 * Where several arose: the one on the expected target, else the one that acted, else the first (sandbox.md 4). Where
 * several followed each other on that target, the last that acted or called a person has the last word.
 */
export function judgedOf({ scenario, namespace, types, remediations }: Gallery): Remediation | undefined {
  const all = [...remediations].sort((a, b) => (a.started_at < b.started_at ? -1 : 1));
  const { target } = scenario.expect;
  const chosen = target === undefined ? (all.find(hasActed) ?? all[0]) : all.find((r) => isTarget(r, target, { namespace, types }));
  if (!chosen) return undefined;
  const sameTarget = all.filter((r) => nameOfTarget(r) === nameOfTarget(chosen) && r.target.namespace === chosen.target.namespace);
  return sameTarget.findLast((r) => hasActed(r) || r.outcome === 'escalated') ?? chosen;
}

/** What a report calls it; `none` when no remediation was started. */
export const outcomeOf = (r: Remediation | undefined): string => (r === undefined ? 'none' : (r.outcome ?? `still ${r.phase}`));

export const isExpectedOutcome = (gallery: Gallery): boolean => ([gallery.scenario.expect.outcome].flat() as string[]).includes(outcomeOf(judgedOf(gallery)));
