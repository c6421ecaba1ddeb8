import type { Logger } from '../adapters/telemetry/logger.js';
import type { Metrics } from '../adapters/telemetry/metrics.js';
import type { Cluster, Store } from '../domain/ports.js';
import { nextStorm, nodesIn, type Storm, type StormLimits, type StormReading } from '../domain/storm.js';

/** One reading a second at the most, however many remediations ask: as the kill switch. */
const FRESH_MS = 1_000;
/** Also when nobody asks: a storm ends by itself. */
const EVERY_MS = 5_000;
/** Others were first this often: what they kept is as new as what we would keep. */
const MOST_TRIES = 5;

export interface StormWatch {
  /** The storm that holds now. Throws StoreUnavailable. */
  current(): Promise<Storm | undefined>;
  /** As of the last reading, without asking. */
  last(): Storm | undefined;
  start(): void;
  stop(): Promise<void>;
}

export interface StormWatchDeps {
  store: Pick<Store, 'readStorm' | 'keepStorm'>;
  cluster: Pick<Cluster, 'name' | 'world' | 'isHealthy'>;
  limits(): StormLimits | Promise<StormLimits>;
  metrics: Pick<Metrics, 'stormMode'>;
  logger: Pick<Logger, 'warn' | 'info'>;
  freshMs?: number;
  everyMs?: number;
}

/** Storm mode of one cluster: the state is in the store and one for all processes; nodes come from this process's watch cache. */
export function createStormWatch({ store, cluster, limits, metrics, logger, freshMs = FRESH_MS, everyMs = EVERY_MS }: StormWatchDeps): StormWatch {
  let last: Storm | undefined;
  let reading: { atMs: number; storm: Promise<Storm | undefined> } | undefined;
  let timer: NodeJS.Timeout | undefined;
  let isStopped = false;

  async function look(): Promise<Storm | undefined> {
    for (let tries = 1; ; tries++) {
      const { version, storm: before, ...read } = await store.readStorm(cluster.name);
      const now: StormReading = { ...read, ...(cluster.isHealthy() ? { nodes: nodesIn(cluster.world()) } : {}) };
      const next = nextStorm(before, now, await limits());
      if (next === before) return next;
      const told = changeOf(before, next, now);
      const isKept = await store.keepStorm({ cluster: cluster.name, version, at: now.at, ...(next ? { storm: next } : {}), ...(told ? { told } : {}) });
      if (isKept && told) tell(told);
      if (isKept || tries === MOST_TRIES) return next;
    }
  }

  function tell({ verb, details }: Told): void {
    const text = verb === 'storm_entered' ? 'storm mode: only reading and telling go on' : 'storm mode is over';
    logger[verb === 'storm_entered' ? 'warn' : 'info']({ cluster: cluster.name, ...details }, text);
  }

  function current(): Promise<Storm | undefined> {
    if (reading && performance.now() - reading.atMs < freshMs) return reading.storm;
    const own = { atMs: performance.now(), storm: look() };
    reading = own;
    own.storm.then(
      (storm) => {
        last = storm;
        metrics.stormMode.set({ cluster: cluster.name }, storm ? 1 : 0);
      },
      () => (reading = reading === own ? undefined : reading),
    );
    return own.storm;
  }

  function again(): void {
    // an outage of the store is told elsewhere; without it nothing is written either
    const next = (): void => void (isStopped || current().catch(() => undefined).finally(again));
    if (!isStopped) timer = setTimeout(next, everyMs).unref();
  }

  return {
    current,
    last: () => last,
    start() {
      current().catch(() => undefined);
      again();
    },
    async stop() {
      isStopped = true;
      clearTimeout(timer);
      await reading?.storm.catch(() => undefined);
    },
  };
}

interface Told {
  verb: 'storm_entered' | 'storm_left';
  details: object;
}

function changeOf(before: Storm | undefined, next: Storm | undefined, { remediations, nodes }: StormReading): Told | undefined {
  if ((before === undefined) === (next === undefined)) return undefined;
  const { since, why } = (next ?? before)!;
  return { verb: next ? 'storm_entered' : 'storm_left', details: { since, why, remediations, ...(nodes ? { nodes } : {}) } };
}
