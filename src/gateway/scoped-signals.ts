import type { SignalResult } from '../contracts/api.js';
import type { Store } from '../domain/ports.js';
import type { Signal } from '../domain/signal.js';
import type { ParsedSignals } from '../sources/define.js';
import { coversAllOf, type Identity } from './identity.js';
import { forEachLimited } from './in-order.js';
import type { OpenSource } from './open-sources.js';
import { limitsOfToken, withinScope } from './source-scope.js';

export interface Scoped {
  scoped: ParsedSignals;
  foreign: SignalResult[];
}

type Fate = ReturnType<typeof withinScope>;

/** What the sender may not speak of goes out here, the ids of deliveries with it. */
export function scopeOf(parsed: ParsedSignals, { source, served, identity }: { source: OpenSource; served: readonly string[]; identity?: Identity }): Scoped {
  const ofAny = (signal: Signal): Fate => {
    const bySource = withinScope(signal, source, served);
    return bySource.own && identity ? withinScope(bySource.own, limitsOfToken(identity), served) : bySource;
  };
  const ignored = (parsed.ignored ?? []).map(({ signal, reason }) => ({ reason, ...ofAny(signal) }));
  const { scoped, foreign } = split(parsed, parsed.signals.map(ofAny));
  return {
    scoped: { ...scoped, ignored: ignored.flatMap(({ own, reason }) => (own ? [{ signal: own, reason }] : [])) },
    foreign: [...foreign, ...ignored.flatMap((e) => e.foreign ?? [])],
  };
}

const split = (parsed: ParsedSignals, each: readonly Fate[]): Scoped => ({
  scoped: {
    ...parsed,
    signals: each.flatMap((e) => e.own ?? []),
    deliveryIds: parsed.deliveryIds?.filter((_, i) => each[i]!.own !== undefined),
  },
  foreign: each.flatMap((e) => e.foreign ?? []),
});

const CONCURRENCY = 16;

/**
 * An end goes the way its alert went when it fired, by the fingerprint: with a token for one namespace somebody could end the
 * alert of another, by saying its fingerprint beside a name of their own. So the past of a fingerprint must be theirs, too.
 */
export async function scopedToHistory(before: Scoped, { store, identity }: { store: Pick<Store, 'signalsOf'>; identity?: Identity }): Promise<Scoped> {
  if (!identity || (identity.namespaces === undefined && identity.clusters === undefined)) return before;
  const { signals } = before.scoped;
  const each = new Array<Fate>(signals.length);
  await forEachLimited([...signals.keys()], CONCURRENCY, async (i) => {
    const own = signals[i]!;
    const past = await store.signalsOf(own.fingerprint);
    const isTheirs = past.every(({ signal }) => signal.cluster !== own.cluster || coversAllOf(identity, signal));
    each[i] = isTheirs ? { own } : { foreign: { fingerprint: own.fingerprint, outcome: 'rejected', reason: 'an alert with this fingerprint is about something that this token does not cover' } };
  });
  const { scoped, foreign } = split(before.scoped, each);
  return { scoped, foreign: [...before.foreign, ...foreign] };
}
