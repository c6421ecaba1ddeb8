import { isSelected } from './glob.js';

/** A time in which nothing is written (`freeze`), or outside of which nothing is written (`maintenance`). */
export interface PolicyWindow {
  name: string;
  kind: 'freeze' | 'maintenance';
  /** Five-field cron: when it begins. With `duration`, in elapsed time. */
  schedule?: string;
  duration?: string;
  /** IANA name; default UTC. */
  timezone?: string;
  /** Instead of a schedule: RFC 3339, `to` is the first instant after it. */
  from?: string;
  to?: string;
  /** Globs; a list that is absent selects everything. */
  namespaces?: string[];
  environments?: string[];
  actions?: string[];
  clusters?: string[];
  tiers?: number[];
  /** What a write meets that is not to be now. Default `wait`. */
  then?: 'wait' | 'ask' | 'deny';
  /** A person may end the wait with a reason. */
  override?: boolean;
  message?: string;
}

/** A window with its clock; made where packages are allowed (src/policy/clocked.ts). All times in milliseconds since 1970. */
export interface ClockedWindow {
  window: PolicyWindow;
  /** The end of the occurrence that lasts longest of those under way, or undefined when none is. */
  endAt(atMs: number): number | undefined;
  /** The next beginning after it. */
  nextAfter(atMs: number): number | undefined;
}

export interface WindowPlace {
  cluster: string;
  namespace?: string;
  environment?: string;
  action: string;
  tier: number;
}

export interface WindowHold {
  effect: NonNullable<PolicyWindow['then']>;
  /** Name of the window; of several the one that decides. */
  rule: string;
  kind: PolicyWindow['kind'];
  /** The first instant at which nothing stands in the way; RFC 3339. Absent: not within a quarter of a year. */
  until?: string;
  canOverride: boolean;
  message: string;
}

/** Beyond this nobody waits: what was wrong then is another incident. */
const LONGEST_MS = 92 * 86_400_000;
/** Windows of a minute in a row for ever must not be walked for ever. */
const MOST_STEPS = 2_000;
const EFFECTS = ['deny', 'ask', 'wait'] as const;

const effectOf = (w: PolicyWindow): NonNullable<PolicyWindow['then']> => w.then ?? 'wait';

const appliesTo = (w: PolicyWindow, at: WindowPlace): boolean =>
  isSelected(w.clusters, at.cluster) && isSelected(w.namespaces, at.namespace) && isSelected(w.environments, at.environment) &&
  isSelected(w.actions, at.action) && (w.tiers === undefined || w.tiers.length === 0 || w.tiers.includes(at.tier));

/** What stands in the way of a write now, if anything. A freeze beats a maintenance window; tier 0 is never asked about. */
export function holdAt(windows: readonly ClockedWindow[], place: WindowPlace, nowMs: number, overridden: readonly string[] = []): WindowHold | undefined {
  if (place.tier === 0) return undefined;
  const own = windows.filter(({ window }) => appliesTo(window, place));
  const inForce = own.filter(({ window }) => !overridden.includes(window.name));
  // Who overrides one maintenance window is outside of all of them on purpose.
  const isOutsideOnPurpose = own.some(({ window }) => window.kind === 'maintenance' && overridden.includes(window.name));
  const groups: Groups = { freezes: inForce.filter((c) => c.window.kind === 'freeze'), maintenance: isOutsideOnPurpose ? [] : inForce.filter((c) => c.window.kind === 'maintenance') };
  const blockers = blockersAt(groups, nowMs);
  if (blockers.length === 0) return undefined;
  const effect = EFFECTS.find((e) => blockers.some((b) => effectOf(b.window) === e))!;
  const [first] = blockers.filter((b) => effectOf(b.window) === effect).sort((a, b) => b.endsAt - a.endsAt);
  const { window } = first!;
  const until = freeFrom(groups, nowMs);
  return {
    effect, rule: window.name, kind: window.kind,
    ...(until === undefined ? {} : { until: new Date(until).toISOString() }),
    canOverride: blockers.every((b) => b.window.override === true),
    message: textOf(window, until),
  };
}

function textOf({ name, kind, message }: PolicyWindow, until: number | undefined): string {
  const what = kind === 'freeze' ? `freeze ${name} is on` : `it is outside of maintenance window ${name}`;
  return `${what}${until === undefined ? '' : ` until ${new Date(until).toISOString()}`}${message ? `: ${message}` : ''}`;
}

interface Groups {
  freezes: readonly ClockedWindow[];
  maintenance: readonly ClockedWindow[];
}

interface Blocker {
  window: PolicyWindow;
  endsAt: number;
}

function blockersAt({ freezes, maintenance }: Groups, atMs: number): Blocker[] {
  const frozen = freezes.flatMap((c): Blocker[] => {
    const endsAt = c.endAt(atMs);
    return endsAt === undefined ? [] : [{ window: c.window, endsAt }];
  });
  const isOutside = maintenance.length > 0 && maintenance.every((c) => c.endAt(atMs) === undefined);
  if (!isOutside) return frozen;
  // The one that opens first is the one that is waited for.
  const opening = maintenance.map((c) => ({ window: c.window, endsAt: c.nextAfter(atMs) ?? Infinity })).sort((a, b) => a.endsAt - b.endsAt)[0]!;
  return [...frozen, opening];
}

/** The first instant at which no freeze is on and a maintenance window, where there are any, is open. */
function freeFrom(groups: Groups, nowMs: number): number | undefined {
  let at = nowMs;
  for (let step = 0; step < MOST_STEPS && at - nowMs <= LONGEST_MS; step += 1) {
    const blockers = blockersAt(groups, at);
    if (blockers.length === 0) return at;
    const next = Math.max(...blockers.map((b) => b.endsAt));
    if (!(next > at)) return undefined;
    at = next;
  }
  return undefined;
}
