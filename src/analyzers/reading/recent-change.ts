import { troubleBegan } from '../../domain/changes.js';
import { isWhole } from '../../domain/changes/field-changes.js';
import type { Evidence, RecordedChange } from '../../domain/evidence.js';
import type { KubeObject, ObjectRef, World } from '../../domain/kube.js';

/** What was changed longer ago than this before the trouble is no reason for it. */
const NEAR_S = 3600;

/** Asked for each change by each finding, and looks through all pods and events: once per evidence is enough. */
const begun = new WeakMap<Evidence, number>();

function beganMs(evidence: Evidence, target: KubeObject, world: World): number {
  const { problems, events, takenAt } = evidence;
  const known = begun.get(evidence) ?? Date.parse(troubleBegan({ world, target, problems, events, takenAt }));
  begun.set(evidence, known);
  return known;
}

/** Seconds from the change to the beginning of the trouble; negative: it came after. */
export function secondsBefore(change: RecordedChange, evidence: Evidence, world: World): number {
  return evidence.object ? (beganMs(evidence, evidence.object, world) - Date.parse(change.at)) / 1000 : 0;
}

/** Changes that can be why, the most telling first. Some clocks are late: a few seconds after the beginning still count. */
export const suspects = (evidence: Evidence, world: World, isMeant: (c: RecordedChange) => boolean): RecordedChange[] =>
  (evidence.changes ?? []).filter((c) => isMeant(c) && isNear(secondsBefore(c, evidence, world)));

const isNear = (seconds: number): boolean => seconds >= -15 && seconds <= NEAR_S;

/** `ConfigMap shop/cfg: key PORT written 3 min before the first sign of trouble, by kubectl-edit` */
export function tell(c: RecordedChange, evidence: Evidence, world: World): string {
  const values = c.from !== undefined || c.to !== undefined ? ` (${c.path ?? ''}: ${short(c.from)} → ${short(c.to)})` : '';
  return `${c.object.kind} ${c.object.namespace ? `${c.object.namespace}/` : ''}${c.object.name}: ${c.what}${values} ${when(secondsBefore(c, evidence, world))}${c.by ? `, by ${c.by}` : ''}`;
}

const short = (text = '(absent)'): string => (text.length > 60 ? `${text.slice(0, 59)}…` : text);

function when(seconds: number): string {
  const size = Math.abs(seconds);
  const amount = size < 90 ? `${Math.round(size)} s` : size < 5400 ? `${Math.round(size / 60)} min` : `${Math.round(size / 3600)} h`;
  return seconds < 0 ? `${amount} after the first sign of trouble` : `${amount} before the first sign of trouble`;
}

export const isAbout = (c: RecordedChange, o: ObjectRef): boolean => c.object.kind === o.kind && c.object.name === o.name && (c.object.namespace ?? '') === (o.namespace ?? '');

/** Their controllers keep earlier templates. How many replicas there should be, and whether it is paused, is no mistake by itself. */
const ROLLED_OUT = ['Deployment', 'StatefulSet', 'DaemonSet'];

/** The command that puts back what an edit took away, or a diff where one command cannot; undefined when the value before is not known. */
export function editBack(c: RecordedChange): string | undefined {
  const { kind, namespace, name } = c.object;
  const at = `${kind.toLowerCase()} ${name}${namespace ? ` -n ${namespace}` : ''}`;
  if (ROLLED_OUT.includes(kind)) return c.path?.startsWith('spec.template') ? `kubectl rollout undo ${kind.toLowerCase()}/${name} -n ${namespace}   # ${c.path}: ${short(c.to)} → ${short(c.from)}` : undefined;
  const value = c.source === 'snapshot' && c.path !== undefined ? valueBefore(c) : undefined;
  if (value === undefined) return undefined;
  if (c.path!.includes('[')) return `kubectl edit ${at}   # ${c.path}: ${c.to ?? '(absent)'} → ${value}`;
  const body = pathOf(c.path!).reduceRight<unknown>((inner, key) => ({ [key]: inner }), JSON.parse(value));
  return `kubectl patch ${at} --type=merge -p '${JSON.stringify(body)}'`;
}

/** As JSON; `null` where there was none. Undefined when it is not known as a whole. */
function valueBefore({ from, to }: RecordedChange): string | undefined {
  if (from === undefined) return to === undefined ? undefined : 'null';
  return isWhole(from) ? from : undefined;
}

/** Keys with dots (labels) are told apart by what follows: only the known maps of selectors and labels have such keys. */
function pathOf(path: string): string[] {
  const map = /^(spec\.(?:selector|podSelector\.matchLabels|selector\.matchLabels))\.(.+)$/.exec(path);
  return map ? [...map[1]!.split('.'), map[2]!] : path.split('.');
}
