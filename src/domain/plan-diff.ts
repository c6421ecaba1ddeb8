import { writesOf } from './change.js';
import type { SafetyFinding, Step } from './plan.js';
import { canonicalJson, hashOf } from './sha256.js';
import { describeTarget } from './target.js';

/** What a person was asked about: enough to tell later what is different. */
export interface Asked {
  hash: string;
  steps: Step[];
  cause: string;
  /** Alerts that fired then. */
  alerts: string[];
  findings: Pick<SafetyFinding, 'check' | 'reason' | 'message' | 'severity'>[];
}

export interface Difference {
  what: 'step' | 'target' | 'parameter' | 'write' | 'undo' | 'cause' | 'check' | 'problem';
  where: string;
  from?: string;
  to?: string;
  text: string;
}

const MOST = 40;
const TEXT_MAX = 200;

/**
 * What differs between two questions, the writes first. The hash does not decide what is shown: it knows no causes and no
 * checks. Names of objects that we create carry the number of the try, and are not a difference.
 */
export function diffOf(before: Asked, after: Asked): Difference[] {
  const differences = [...stepsDiff(before.steps, after.steps), ...causeDiff(before, after), ...checksDiff(before, after), ...alertsDiff(before, after)];
  return differences.slice(0, MOST);
}

export interface Comparison {
  changes: Difference[];
  /** What takes the ground from under a decision about the earlier one; absent: it still holds. */
  moved?: string;
}

export function compare(before: Asked, after: Asked): Comparison {
  const changes = diffOf(before, after);
  const moved = changes.find(isDecisive)?.text ?? (before.hash === after.hash ? undefined : 'what would be written differs');
  return { changes, ...(moved === undefined ? {} : { moved }) };
}

/** A difference that takes the ground from under a decision. That another alert joined, or a check has nothing to say any more, does not. */
export const isDecisive = (d: Difference): boolean => d.what !== 'problem' && !(d.what === 'check' && d.to === undefined);

const short = (value: unknown): string => {
  const text = typeof value === 'string' ? value : canonicalJson(value);
  return text.length <= TEXT_MAX ? text : `${text.slice(0, TEXT_MAX - 1)}…`;
};

function differs(what: Difference['what'], where: string, { from, to }: { from?: unknown; to?: unknown }, name = where): Difference[] {
  const [was, is] = [from, to].map((value) => (value === undefined ? undefined : short(value)));
  if (was === is) return [];
  const text = is === undefined ? `no longer: ${name}${was === name ? '' : ` (was ${was!})`}` : was === undefined ? `new: ${name}${is === name ? '' : `: ${is}`}` : `${name}: ${was} → ${is}`;
  return [{ what, where, ...(was === undefined ? {} : { from: was }), ...(is === undefined ? {} : { to: is }), text }];
}

function stepsDiff(before: readonly Step[], after: readonly Step[]): Difference[] {
  const ordinals = [...new Set([...before, ...after].map((s) => s.ordinal))].sort((a, b) => a - b);
  return ordinals.flatMap((ordinal) => {
    const [was, is] = [before, after].map((steps) => steps.find((s) => s.ordinal === ordinal));
    return was && is && was.action === is.action ? stepDiff(was, is) : differs('step', `step ${ordinal}`, { from: was?.summary, to: is?.summary });
  });
}

function stepDiff(was: Step, is: Step): Difference[] {
  const where = `step ${was.ordinal}`;
  return [
    ...differs('target', where, { from: describeTarget(was.target), to: describeTarget(is.target) }, `${where} acts on`),
    ...(was.target.uid === is.target.uid ? [] : differs('target', `${where} uid`, { from: was.target.uid, to: is.target.uid }, `${describeTarget(is.target)} is another object of that name`)),
    ...mapDiff('parameter', parametersOf(was), parametersOf(is)),
    ...mapDiff('write', writeMap(was.changes), writeMap(is.changes)),
    ...differs('undo', where, { from: was.undo.kind, to: is.undo.kind }, 'undo'),
  ];
}

const parametersOf = ({ parameters }: Step): Record<string, string> => Object.fromEntries(Object.entries(parameters).map(([key, value]) => [key, short(value)]));

/** `before → after` by path; of what has no fields, a digest. */
const writeMap = (changes: Step['changes']): Record<string, string> =>
  Object.fromEntries([
    ...writesOf(changes).map(({ path, before, value }) => [unnumbered(path), unnumbered(`${before} → ${value}`)]),
    ...changes.filter((c) => c.op !== 'edit' && c.op !== 'scale').map((c) => [unnumbered(`${c.op} ${nameOf(c)}`), hashOf(unnumbered(canonicalJson(c))).slice(0, 10)]),
  ]);

function nameOf(change: Step['changes'][number]): string {
  const { kind, name } = 'object' in change ? { kind: change.object.kind, name: change.object.metadata.name } : change.ref;
  return `${kind.toLowerCase()} ${name}`;
}

const unnumbered = (text: string): string => text.replace(/\bkb-[0-9a-f]{12}\b/g, 'kb-…');

function mapDiff(what: Difference['what'], before: Record<string, string>, after: Record<string, string>): Difference[] {
  return [...new Set([...Object.keys(before), ...Object.keys(after)])].flatMap((key) => differs(what, key, { from: before[key], to: after[key] }));
}

const causeDiff = (before: Asked, after: Asked): Difference[] => differs('cause', 'cause', { from: before.cause, to: after.cause });

/** What asks for a person or forbids; remarks come and go. */
function checksDiff(before: Asked, after: Asked): Difference[] {
  const [was, is] = [before, after].map(({ findings }) => Object.fromEntries(findings.filter((f) => f.severity !== 'info').map((f) => [`${f.check}/${f.reason}`, f.message])));
  return [...new Set([...Object.keys(was!), ...Object.keys(is!)])].flatMap((key) => {
    if (was![key] !== undefined && is![key] !== undefined) return [];
    return differs('check', key, { from: was![key], to: is![key] }, `check ${key}`);
  });
}

function alertsDiff(before: Asked, after: Asked): Difference[] {
  const names = [...new Set([...before.alerts, ...after.alerts])];
  const ifIn = (list: readonly string[], name: string): string | undefined => (list.includes(name) ? name : undefined);
  return names.flatMap((name) => differs('problem', name, { from: ifIn(before.alerts, name), to: ifIn(after.alerts, name) }));
}
