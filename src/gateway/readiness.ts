import type { Ready } from '../contracts/api.js';
import type { GatewayDeps } from './deps.js';
import { stormMember } from './storm-state.js';

const FRESH_MS = 1000;
const PATIENCE_MS = 1500;
export const SERVICE = 'kubernaut';

type State = 'up' | 'down' | 'degraded';

export interface Readiness {
  check(): Promise<Ready>;
  /** From now on the process takes nothing new. */
  closing(): void;
  readonly isClosing: boolean;
}

/**
 * `unhealthy` only when signals cannot be taken at all (Temporal out of reach, shutting down); everything else is `degraded`,
 * so that a broken database or cluster does not take the whole surface away from the people who look for the reason.
 */
export function createReadiness(deps: Pick<GatewayDeps, 'temporal' | 'store' | 'clusterHealth' | 'policyIssues' | 'metrics' | 'version' | 'storm' | 'cluster'>): Readiness {
  const startedMs = Date.now();
  let isClosing = false;
  let last: { atMs: number; states: Promise<Record<string, State>> } | undefined;

  const probe = async (): Promise<Record<string, State>> => {
    const [temporal, store] = await Promise.all([answers(() => deps.temporal.ping()), answers(() => deps.store.ping())]);
    const clusters = Object.entries(deps.clusterHealth());
    const areUp = clusters.every(([, isUp]) => isUp);
    const states: Record<string, State> = { temporal, store };
    if (clusters.length > 0) states.kubernetes = areUp ? 'up' : clusters.some(([, isUp]) => isUp) ? 'degraded' : 'down';
    for (const [dependency, state] of Object.entries(states)) deps.metrics.dependencyStatus.set({ dependency }, state === 'down' ? 0 : 1);
    return states;
  };

  return {
    get isClosing() {
      return isClosing;
    },
    closing: () => {
      isClosing = true;
    },
    async check() {
      // Many probes at once ask the servers once.
      if (!last || Date.now() - last.atMs > FRESH_MS) last = { atMs: Date.now(), states: probe() };
      const components = await last.states;
      const issues = [...issuesOf(components, deps.clusterHealth()), ...deps.policyIssues(), ...stormIssue(deps), ...(isClosing ? ['shutting down'] : [])];
      const isAble = components.temporal === 'up' && !isClosing;
      return {
        healthy: isAble,
        status: !isAble ? 'unhealthy' : issues.length > 0 ? 'degraded' : 'healthy',
        service: SERVICE,
        version: deps.version,
        uptime: Math.round((Date.now() - startedMs) / 1000),
        components,
        issues,
      };
    },
  };
}

function stormIssue(deps: Pick<GatewayDeps, 'storm' | 'cluster'>): string[] {
  const { storm } = stormMember(deps);
  return storm ? [`storm mode on cluster ${storm.cluster} since ${storm.since}, nothing new is written there: ${storm.why}`] : [];
}

async function answers(ping: () => Promise<void>): Promise<State> {
  const timeout = new Promise<State>((resolve) => setTimeout(() => resolve('down'), PATIENCE_MS).unref());
  return Promise.race([timeout, ping().then((): State => 'up', (): State => 'down')]);
}

const NEXT_MOVE: Record<string, string> = {
  temporal: 'Temporal is out of reach; no signal is taken until it answers (temporal.address)',
  store: 'the database is out of reach; signals are refused with 503 until it answers (database.url)',
};

function issuesOf(components: Record<string, State>, clusters: Readonly<Record<string, boolean>>): string[] {
  const servers = Object.entries(NEXT_MOVE).flatMap(([name, text]) => (components[name] === 'down' ? [text] : []));
  return [...servers, ...Object.entries(clusters).flatMap(([name, isUp]) => (isUp ? [] : [`cluster ${name} is out of reach or its watches are not in sync`]))];
}
