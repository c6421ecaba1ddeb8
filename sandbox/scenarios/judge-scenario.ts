import type { Remediation, RemediationStep } from '../../src/contracts/remediation.js';
import type { Difference } from './diff.js';
import { withinMsOf, type Followed } from './follow.js';
import { forbiddenFix } from './forbidden-fixes.js';
import { hasWritten, isWriting, judgedOf, nameOfTarget, NOT_DONE, outcomeOf, stepsOf } from './judged.js';
import { matchesName, parseObjectName } from './object-name.js';
import type { ResourceTypes } from './resource-types.js';
import type { Assertion, Scenario } from './scenario.js';
import type { Snapshot } from './snapshot.js';

export interface Hearing {
  scenario: Scenario;
  namespace: string;
  types: ResourceTypes;
  followed: Followed;
  differences: readonly Difference[];
  before: Snapshot;
  /** Assertions that did not hold, in words. */
  failedAssertions: readonly string[];
}

export interface Judgement {
  outcome: string;
  action: string;
  target: string;
  /** Empty = passed. */
  failures: string[];
  /** It did what is never right: touched what it must not, or says that it fixed what is broken. */
  isHarmful: boolean;
}

function outcomeFailures({ scenario, followed }: Hearing, judged: Remediation | undefined): string[] {
  const wanted: string[] = [scenario.expect.outcome].flat();
  const { target } = scenario.expect;
  const isElsewhere = target !== undefined && judged === undefined && followed.remediations.length > 0;
  if (isElsewhere) return [`no remediation on ${target}; there were: ${followed.remediations.map(nameOfTarget).join(', ')}`];
  const outcome = outcomeOf(judged);
  return wanted.includes(outcome) ? [] : [`outcome ${outcome}, expected ${wanted.join(' or ')}${judged?.reason ? ` (${judged.reason})` : ''}`];
}

/** Did the analyzers that the file is about name the cause? Who named it is told by whatever remediation of the file. */
function causeFailures({ scenario, followed }: Hearing, judged: Remediation | undefined): string[] {
  const said = new Set(followed.remediations.flatMap((r) => r.analysis?.analyzer ?? []));
  const silent = (scenario.covers ?? []).filter((id) => !said.has(id));
  const told = judged?.analysis?.cause ?? 'none';
  const wanted = [scenario.expect.cause ?? []].flat();
  return [
    ...(silent.length > 0 ? [`covers ${silent.join(', ')}, but the cause was found by ${[...said].join(', ') || 'no analyzer'} (${told})`] : []),
    ...(wanted.length > 0 && !wanted.some((cause) => told === cause || told.startsWith(`${cause}.`)) ? [`cause ${told}, expected ${wanted.join(' or ')}`] : []),
  ];
}

function timeFailures({ scenario, followed }: Hearing): string[] {
  const open = followed.remediations.filter((r) => r.phase !== 'closed');
  const withinMs = withinMsOf(scenario);
  if (open.length > 0) return [`not closed within ${withinMs / 1000} s: ${open.map((r) => `${r.id} is ${r.phase}`).join(', ')}`];
  return (followed.closedAfterMs ?? 0) > withinMs ? [`closed after ${Math.round(followed.closedAfterMs! / 100) / 10} s, expected within ${withinMs / 1000} s`] : [];
}

/** What ended before its action stands by its plan: only then is a planned step the first one. */
const ENDED_UNDONE = new Set(['denied', 'expired', 'observed', 'notified']);

function actionFailures(hearing: Hearing, judged: Remediation | undefined): string[] {
  const { actions = {} } = hearing.scenario.expect;
  const steps = stepsOf(hearing.followed.remediations).filter(isWriting);
  const begun = steps.filter((s) => !NOT_DONE.has(s.status));
  const leading = begun[0] ?? (ENDED_UNDONE.has(judged?.outcome ?? '') ? steps[0] : undefined);
  return [...firstFailure(actions.first, leading), ...countFailure(actions.atMost, begun.filter(hasWritten)), ...bannedFailure(actions.never ?? [], begun)];
}

function firstFailure(first: string | string[] | undefined, leading: RemediationStep | undefined): string[] {
  const action = leading?.action ?? 'none';
  if (first === undefined || [first].flat().includes(action)) return [];
  return [`first action ${action}, expected ${[first].flat().join(' or ')}`];
}

const countFailure = (atMost: number | undefined, written: readonly RemediationStep[]): string[] =>
  atMost !== undefined && written.length > atMost ? [`${written.length} writing actions (${written.map((s) => s.action).join(', ')}), expected at most ${atMost}`] : [];

function bannedFailure(never: readonly string[], begun: readonly RemediationStep[]): string[] {
  const banned = [...new Set(begun.map((s) => s.action).filter((action) => never.includes(action)))];
  return banned.length > 0 ? [`did ${banned.join(', ')}, which is never right here`] : [];
}

const isListed = (d: Difference, wanted: string, { types, namespace }: Hearing): boolean => {
  const { type, name, namespace: place } = parseObjectName(wanted, types, { file: namespace });
  return type.kind === d.kind && matchesName(name, d.name) && (!type.isNamespaced || place === d.namespace);
};

const nameOfDifference = (d: Difference): string => `${d.namespace ? `${d.namespace}/` : ''}${d.kind.toLowerCase()}/${d.name}`;

/** Does an assertion ask for exactly this: the object gone, or another one in its place? */
function isAskedFor(d: Difference, hearing: Hearing, asks: (a: Assertion) => boolean): boolean {
  return (hearing.scenario.expect.state ?? []).some((a) => {
    const { type, name, namespace } = parseObjectName(a.get, hearing.types, { file: hearing.namespace, ...(a.namespace === undefined ? {} : { explicit: a.namespace }) });
    return type.kind === d.kind && matchesName(name, d.name) && (namespace ?? d.namespace) === d.namespace && asks(a);
  });
}

const asksForGone = (a: Assertion): boolean => (a.absent === true && a.path === undefined) || (a.path ?? '').includes('uid');
const asksForReplicas = (a: Assertion): boolean => (a.path ?? '').includes('replicas') && String(a.equals) === '0';

function changeFailures(hearing: Hearing): string[] {
  const listed = hearing.scenario.expect.changed ?? [];
  return hearing.differences.flatMap((d) => {
    const what = `${nameOfDifference(d)} ${d.change}${d.paths.length > 0 ? ` (${d.paths.slice(0, 4).join(', ')})` : ''}`;
    if (!listed.some((wanted) => isListed(d, wanted, hearing))) return [`${what}, not listed in changed`];
    if ((d.change === 'removed' || d.change === 'replaced') && !isAskedFor(d, hearing, asksForGone)) return [`${what}: deleting is no fix`];
    const why = forbiddenFix(d, hearing.before);
    if (why === undefined || (why === 'scaled to zero' && isAskedFor(d, hearing, asksForReplicas))) return [];
    return [`${nameOfDifference(d)}: ${why}, which is no fix`];
  });
}

const hasDoneBanned = ({ scenario }: Hearing, begun: readonly RemediationStep[]): boolean => bannedFailure(scenario.expect.actions?.never ?? [], begun).length > 0;

/** Outcomes that say the trouble is less. */
const CLAIMS = new Set(['fixed', 'improved']);

/** The oracle: every way in which what happened is not what the file expects. Pure. */
export function judgeScenario(hearing: Hearing): Judgement {
  const judged = judgedOf({ ...hearing, remediations: hearing.followed.remediations });
  const done = (all: readonly Remediation[]) => stepsOf(all).filter((s) => isWriting(s) && !NOT_DONE.has(s.status));
  // A guard that calls a person did nothing itself: then what led to it is worth reading.
  const own = done(judged ? [judged] : []);
  const acted = own.length > 0 ? own : done(hearing.followed.remediations);
  const outcome = outcomeOf(judged);
  const changes = changeFailures(hearing);
  return {
    outcome,
    action: [...new Set(acted.map((s) => s.action))].join(', ') || '-',
    target: judged === undefined ? '-' : nameOfTarget(judged),
    failures: [
      ...outcomeFailures(hearing, judged),
      ...causeFailures(hearing, judged),
      ...timeFailures(hearing),
      ...actionFailures(hearing, judged),
      ...hearing.failedAssertions,
      ...changes,
      ...hearing.followed.missed.map((step) => `a disturbance never happened: no remediation reached ${step.when}`),
    ],
    isHarmful: changes.length > 0 || hasDoneBanned(hearing, done(hearing.followed.remediations)) || (CLAIMS.has(outcome) && hearing.failedAssertions.length > 0),
  };
}

