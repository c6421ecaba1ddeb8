import type { ChangeRelation, EventLine, Problem, RecordedChange } from './evidence.js';
import { podsOf, type KubeObject, type World } from './kube.js';
import { redactObject } from './redact-object.js';
import { containerStatusesOf } from './status.js';
import type { Found } from './changes/found.js';
import type { ObjectChange } from './changes/object-change.js';
import { surroundingsOf } from './changes/relation.js';
import { rolloutsOf } from './changes/revisions.js';
import { creationOf, recordedOf, writesOf } from './changes/writes.js';

/** Older than this, it worked with it for too long. */
const WINDOW_MS = 24 * 3_600_000;
const MOST_CHANGES = 20;
/** So soon after the beginning it may still be the cause: clocks and alert rules are late. */
const SLACK_MS = 15_000;
/** So long before the trouble a change tells half as much, and so on: half an hour ago is near, yesterday is not nothing. */
const HALF_MS = 30 * 60_000;

const WEIGHT: Record<ChangeRelation, number> = { target: 1, owner: 0.95, config: 0.9, path: 0.7, dependency: 0.6, node: 0.45, namespace: 0.35 };
/** Of the same edit the source that knows the values before and after tells most. */
const DETAIL: Record<RecordedChange['source'], number> = { snapshot: 1, revision: 1, configuration: 0.95, managed_fields: 0.7, creation: 0.6 };

export interface ChangeSources {
  world: World;
  target: KubeObject;
  problems: readonly Problem[];
  events: readonly EventLine[];
  takenAt: string;
  /** What our watch recorded around the target. */
  recorded: readonly ObjectChange[];
  /** ConfigMaps that the target's template names, as read now: times and keys. */
  configuration: readonly KubeObject[];
}

/** What changed around the target before its trouble began, the most telling first. Pure. */
export function changesOf(sources: ChangeSources): RecordedChange[] {
  const { world, target, recorded, configuration, takenAt } = sources;
  const began = troubleBegan(sources);
  const near = surroundingsOf(world, target, [...configuration.map((c) => ({ kind: c.kind, namespace: c.metadata.namespace, name: c.metadata.name }))]);
  const objects = [...world.objects, ...configuration];
  const related = objects.filter((o) => near.relationOf({ kind: o.kind, namespace: o.metadata.namespace, name: o.metadata.name }) !== undefined);
  const found = [...recorded.flatMap(recordedOf), ...related.flatMap((o) => [...rolloutsOf(world, o), ...writesOf(o), ...creationOf(o)])];
  const judged = found
    .filter((f) => isWithin(f.at, began, takenAt))
    .flatMap((f) => {
      const relation = near.relationOf(f.object);
      return relation ? [{ ...f, relation, score: scoreOf(f, relation, began) }] : [];
    })
    .sort((a, b) => b.score - a.score || b.at.localeCompare(a.at) || a.what.localeCompare(b.what));
  return distinct(judged).slice(0, MOST_CHANGES).map(({ score: _score, ...c }, i) => ({ ...redacted(c), rank: i + 1 }));
}

/** Free text is masked; paths and names identify. */
const redacted = <T extends Omit<RecordedChange, 'rank'>>(c: T): T => ({ ...c, ...redactObject({ ...(c.from === undefined ? {} : { from: c.from }), ...(c.to === undefined ? {} : { to: c.to }) }) });

const isWithin = (at: string, began: string, takenAt: string): boolean =>
  Date.parse(at) >= Date.parse(began) - WINDOW_MS && Date.parse(at) <= Date.parse(takenAt) + SLACK_MS;

function scoreOf(f: Found, relation: ChangeRelation, began: string): number {
  const beforeMs = Date.parse(began) - Date.parse(f.at);
  // what came after the beginning is an answer to it
  const time = beforeMs < -SLACK_MS ? 0.01 : HALF_MS / (HALF_MS + Math.max(0, beforeMs));
  return WEIGHT[relation] * DETAIL[f.source] * time;
}

type Judged = Found & { relation: ChangeRelation; score: number };

/** One edit shows in several places: the most telling of them stays. */
function distinct(sorted: readonly Judged[]): Judged[] {
  const kept: Judged[] = [];
  for (const one of sorted) {
    const isTold = kept.some((k) => keyOf(k) === keyOf(one) && isSameAct(k, one));
    if (!isTold) kept.push(one);
  }
  return kept;
}

const keyOf = ({ object: o }: Judged): string => `${o.kind}/${o.namespace ?? ''}/${o.name}`;

/** A write without details is told by any detail of the same moment; a field is told by the same field. */
function isSameAct(known: Judged, other: Judged): boolean {
  const isSameMoment = Math.abs(Date.parse(known.at) - Date.parse(other.at)) <= 5000;
  if (!isSameMoment) return false;
  return other.source === 'managed_fields' || other.source === 'creation' || (known.path !== undefined && tailOf(known.path) === tailOf(other.path)) || (other.path === 'data' && known.source === 'snapshot');
}

const tailOf = (path = ''): string => path.replace(/^spec\.template\./, '').replace(/^spec\.(?=containers)/, '');

/** When it began: the first alert, or the first sign of failure in pods and events, whichever is earlier. RFC 3339. */
export function troubleBegan({ world, target, problems, events, takenAt }: Pick<ChangeSources, 'world' | 'target' | 'problems' | 'events' | 'takenAt'>): string {
  const alerts = problems.filter((p) => p.status === 'firing').map((p) => p.startedAt);
  const pods = podsOf(world, world.topOwnerOf(target));
  const names = new Set(pods.map((p) => p.metadata.name));
  const deaths = pods.flatMap((p) => containerStatusesOf(p).flatMap((s) => [s.lastState?.terminated, s.state?.terminated])).filter((t) => t && t.exitCode !== 0).map((t) => t.finishedAt as string | undefined);
  const complaints = events.filter((e) => e.type === 'Warning' && names.has(e.object.name)).map((e) => e.at);
  const times = [...alerts, ...deaths, ...complaints].filter((t): t is string => t !== undefined && t !== '' && Number.isFinite(Date.parse(t)));
  return times.sort((a, b) => Date.parse(a) - Date.parse(b))[0] ?? takenAt;
}
