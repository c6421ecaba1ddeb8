import { durationMs } from './duration.js';
import { isNodeReady, type World } from './kube.js';

/** From when on too much happens at once on a cluster (actions.md 1.5). Each bound itself is still ordinary. */
export interface StormLimits {
  /** New remediations within a minute. */
  remediationsPerMinute: number;
  /** NotReady nodes, in percent of all. */
  nodesNotReady: number;
  /** It must have been calm for this long before the storm is over. */
  cooldown: string;
}

export const DEFAULT_STORM_LIMITS: StormLimits = { remediationsPerMinute: 100, nodesNotReady: 20, cooldown: '5m' };

export interface NodeCount {
  known: number;
  notReady: number;
}

/** One look at a cluster. */
export interface StormReading {
  at: string;
  /** Started within the minute before. */
  remediations: number;
  /** Undefined while the watches are behind: such a reading can begin a storm by its remediations, and ends none. */
  nodes?: NodeCount;
}

/** A storm that holds on a cluster: nothing new is written there. */
export interface Storm {
  since: string;
  /** What was too much when it was last too much. */
  why: string;
  /** Since when it has been calm without a break. */
  calmSince?: string;
  /** Of the newest reading that was kept. */
  readAt: string;
}

/** A reading speaks for the minute before it. What nobody looked at for longer was not calm, for all we know. */
const LONGEST_GAP_MS = 60_000;
/** A reading that changes nothing is kept this often only, which is often enough to show that somebody looks. */
const KEPT_EVERY_MS = 10_000;
/** One NotReady node is an incident of its own, also where it is a third of them: its remedies (cordon, drain) must not be forbidden by it. */
const FEWEST_NODES = 2;
/** What counts as calm: this part of each bound. Between the two nothing changes. */
const CALM = 0.5;

/** Ready must be True: False and Unknown count alike. A cordon says nothing about health. */
export const nodesIn = (world: World): NodeCount => {
  const nodes = world.list('Node');
  return { known: nodes.length, notReady: nodes.filter((n) => !isNodeReady(n)).length };
};

/**
 * What holds after a reading. It begins with the first one above a bound, and ends when none was above half of a bound for the
 * whole cooldown. Returns `previous` itself when nothing is worth keeping.
 *
 *            above a bound                  calm for the cooldown
 *   no storm ─────────────▶ storm ⇄ calming ─────────────────────▶ no storm
 */
export function nextStorm(previous: Storm | undefined, reading: StormReading, limits: StormLimits): Storm | undefined {
  const tooMuch = tooMuchIn(reading, limits);
  if (!previous) return tooMuch ? { since: reading.at, why: tooMuch, readAt: reading.at } : undefined;
  const { since, why } = previous;
  const { at, isUnbroken } = following(previous, reading);
  if (tooMuch || !isCalm(reading, limits)) return kept(previous, { since, why: tooMuch ?? why, readAt: at });
  if (!reading.nodes) return previous;
  const calmSince = (isUnbroken && previous.calmSince) || at;
  const isOver = Date.parse(at) - Date.parse(calmSince) >= durationMs(limits.cooldown);
  return isOver ? undefined : kept(previous, { since, why, calmSince, readAt: at });
}

/** The clocks of two processes differ a little: then the later one counts. One that was put back far starts anew. */
function following({ readAt }: Storm, { at }: StormReading): { at: string; isUnbroken: boolean } {
  const elapsedMs = Date.parse(at) - Date.parse(readAt);
  const isUnbroken = Math.abs(elapsedMs) <= LONGEST_GAP_MS;
  return { at: isUnbroken && elapsedMs < 0 ? readAt : at, isUnbroken };
}

const kept = (previous: Storm, next: Storm): Storm =>
  previous.calmSince === next.calmSince && Math.abs(Date.parse(next.readAt) - Date.parse(previous.readAt)) < KEPT_EVERY_MS ? previous : next;

/** In words, or undefined when nothing is. */
function tooMuchIn({ remediations, nodes }: StormReading, limits: StormLimits): string | undefined {
  const reasons: string[] = [];
  if (remediations > limits.remediationsPerMinute) reasons.push(`${remediations} new remediations within a minute, more than ${limits.remediationsPerMinute}`);
  if (nodes && isShareAbove(nodes, limits.nodesNotReady)) reasons.push(`${nodes.notReady} of ${nodes.known} nodes are NotReady, more than ${limits.nodesNotReady} %`);
  return reasons.length > 0 ? reasons.join('; ') : undefined;
}

const isCalm = ({ remediations, nodes }: StormReading, limits: StormLimits): boolean =>
  remediations <= limits.remediationsPerMinute * CALM && !(nodes && isShareAbove(nodes, limits.nodesNotReady * CALM));

const isShareAbove = ({ known, notReady }: NodeCount, percent: number): boolean => notReady >= FEWEST_NODES && notReady * 100 > known * percent;

/** For whoever is stopped by it: since when, why, until when, what next. */
export const stormText = (cluster: string, storm: Storm, { cooldown }: StormLimits): string =>
  `storm mode on cluster ${cluster} since ${storm.since}: ${storm.why}. Only reading and telling go on until it has been calm for ${cooldown}` +
  `${storm.calmSince ? ` (calm since ${storm.calmSince})` : ''}; look for the common cause, act by hand, or raise policy.storm, which is re-read while running`;
