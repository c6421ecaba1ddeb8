import { fateOf, type TemporalConnection } from '../adapters/temporal/index.js';
import type { Logger } from '../adapters/telemetry/logger.js';
import type { Remediation } from '../contracts/remediation.js';
import type { Store } from '../domain/ports.js';
import { PHASES } from '../domain/remediation.js';

const EVERY_MS = 10 * 60_000;
/** A run that has just begun may be in the store before Temporal shows it, or the other way round. */
const SETTLED_MS = 60_000;
const PAGE = 200;

export interface ReconcileDeps {
  store: Pick<Store, 'listRemediations' | 'saveRemediation'>;
  temporal: Pick<TemporalConnection, 'client' | 'connection'>;
  /** Only its own: another installation may share the database. */
  cluster: string;
  logger: Pick<Logger, 'info' | 'warn'>;
  now?: () => string;
  settledMs?: number;
}

/** Closes in the store what nothing in Temporal continues: now and every ten minutes. Returns what stops it. */
export function keepReconciled(deps: ReconcileDeps): () => void {
  const run = (): void => void reconcile(deps).catch((error: unknown) => deps.logger.warn({ err: error }, 'open remediations could not be compared with Temporal; tried again in ten minutes'));
  run();
  const timer = setInterval(run, EVERY_MS).unref();
  return () => clearInterval(timer);
}

/** Resolves with the ids it closed. */
export async function reconcile({ store, temporal, cluster, logger, now = () => new Date().toISOString(), settledMs = SETTLED_MS }: ReconcileDeps): Promise<string[]> {
  const closed: string[] = [];
  for (const phase of PHASES.filter((p) => p !== 'closed')) {
    for (const doc of await all(store, phase)) {
      if (doc.cluster !== cluster || Date.parse(now()) - Date.parse(doc.started_at) < settledMs) continue;
      const fate = await temporal.connection.withDeadline(Date.now() + 5000, () => fateOf(temporal.client, doc));
      if (fate === 'open') continue;
      await store.saveRemediation('closed' in fate ? fate.closed : ended(doc, fate, now()));
      logger.info({ remediation: doc.id, workflow: doc.workflow_id }, 'closed in the store: nothing in Temporal continues it');
      closed.push(doc.id);
    }
  }
  return closed;
}

async function all(store: ReconcileDeps['store'], phase: string): Promise<Remediation[]> {
  const found: Remediation[] = [];
  let cursor: string | undefined;
  do {
    const page = await store.listRemediations({ phase, limit: PAGE, ...(cursor ? { cursor } : {}) });
    found.push(...page.items);
    cursor = page.next;
  } while (cursor !== undefined);
  return found;
}

const ended = (doc: Remediation, { outcome, reason }: Pick<Required<Remediation>, 'outcome' | 'reason'>, at: string): Remediation => ({
  ...doc,
  phase: 'closed',
  outcome,
  reason,
  closed_at: at,
  timeline: [...doc.timeline, { at, phase: 'closed', text: `${outcome}: ${reason}` }],
  revision: doc.revision + 1,
});
