import { createLogger } from '../src/adapters/telemetry/logger.js';
import type { Problem } from '../src/domain/evidence.js';
import { workflowIdOf, type Target } from '../src/domain/target.js';
import { startWorkers } from '../src/workers/main.js';
import type { TemporalServer } from '../temporal/dev-server.js';
import { until } from './targets.js';

const STAGES = ['enrich', 'diagnose', 'makePlan', 'assess', 'record', 'notify'];
const PATIENCE_MS = 120_000;

/**
 * What each remediation asks to be looked at: the product's workflow code goes through the history as Temporal kept it, and its
 * first activity is handed all problems. Nobody serves what comes after that, so nothing closes. By workflow id; those that
 * say nothing are missing.
 */
export async function problemsTold(temporal: TemporalServer, workflowIds: readonly string[]): Promise<Map<string, Problem[]>> {
  const told = new Map<string, Problem[]>();
  const enrich = async ({ target, problems }: { target: Target; problems: Problem[] }): Promise<{ evidenceRef: string }> => {
    told.set(workflowIdOf(target), problems);
    return { evidenceRef: 'none' };
  };
  const workers = await startWorkers({
    temporal, roles: ['workflows', 'context'], limits: { actions: 1, workflows: 1 }, logger: createLogger({ level: 'silent', format: 'json' }),
    activities: { stages: { ...Object.fromEntries(STAGES.map((name) => [name, notServed])), enrich }, actions: {} },
  });
  try {
    await until('every remediation has told its problems', async () => workflowIds.every((id) => told.has(id)), PATIENCE_MS).catch(() => undefined);
    return told;
  } finally {
    await workers.stop();
  }
}

const notServed = (): Promise<never> => Promise.reject(new Error('only looked at, not worked on'));
