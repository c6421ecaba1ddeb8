import type { FastifyInstance } from 'fastify';
import { NamespaceQuery, Problem, RemediationId } from '../../contracts/api.js';
import { EvidenceRecord, Fingerprint, NotificationRecords, SignalRecords, type NotificationRecord, type SignalRecord } from '../../contracts/records.js';
import type { NotificationRow } from '../../contracts/notification.js';
import { isKubernautError, KubernautError } from '../../domain/errors.js';
import type { SignalRow } from '../../domain/ports.js';
import { environmentOf, priorityOf } from '../../domain/signal.js';
import type { GatewayDeps } from '../deps.js';
import { currentRemediation, findRemediation } from '../find-remediation.js';
import { storeFor, type Identity } from '../identity.js';

interface ById {
  Params: { id: string };
  Querystring: { namespace?: string };
}

const errors = { '4xx': Problem, '5xx': Problem };

/** What was kept beside the remediations themselves: signals and their fate, deliveries, evidence. */
export function recordRoutes(app: FastifyInstance, all: GatewayDeps, leftOut: () => string[] = () => []): void {
  const seenBy = (identity: Identity | undefined): GatewayDeps => ({ ...all, store: storeFor(all.store, identity) });
  app.get<{ Params: { fingerprint: string } }>(
    '/api/v1/signals/:fingerprint',
    { schema: { tags: ['signals'], summary: 'What became of an alert, newest first', params: Fingerprint, response: { 200: SignalRecords, ...errors } } },
    async ({ params: { fingerprint }, identity }) => {
      const deps = seenBy(identity);
      const rows = await deps.store.signalsOf(fingerprint);
      if (rows.length > 0) return { items: await withRemediations(deps, rows) };
      const why = ['it never arrived, or was refused at the door, which the sender was told', ...leftOut()].join('; ');
      throw new KubernautError('NotFound', `no signal with the fingerprint ${fingerprint.slice(0, 100)} was taken: ${why}`);
    },
  );
  const about = (summary: string, response: object) => ({ schema: { tags: ['remediations'], summary, params: RemediationId, querystring: NamespaceQuery, response: { 200: response, ...errors } } });
  app.get<ById>('/api/v1/remediations/:id/notifications', about('Who was told, and whether it arrived', NotificationRecords), async ({ params, query, identity }) => {
    const deps = seenBy(identity);
    const { id } = await findRemediation(deps, params.id, query.namespace);
    return { items: (await deps.store.notificationsOf(id)).map(notificationOf) };
  });
  app.get<ById>('/api/v1/remediations/:id/evidence', about('What the decision was made from, as it was kept', EvidenceRecord), async ({ params, query, identity }) => {
    const deps = seenBy(identity);
    const { id, analysis } = await currentRemediation(deps, params.id, query.namespace);
    if (!analysis?.evidence_ref) throw new KubernautError('NotFound', `remediation ${id} has no evidence yet; ask again when it has read the cluster`);
    return { ref: analysis.evidence_ref, ...((await deps.store.getArtifact(analysis.evidence_ref)) as object) };
  });
}

async function withRemediations({ store }: GatewayDeps, rows: readonly (SignalRow & { at: string })[]): Promise<SignalRecord[]> {
  const ids = [...new Set(rows.flatMap((r) => r.remediationId ?? []))];
  const found = new Map(await Promise.all(ids.map(async (id) => [id, await fateOf(store, id)] as const)));
  return rows.map((row) => ({ ...recordOf(row), ...(row.remediationId && found.get(row.remediationId) ? { remediation: found.get(row.remediationId)! } : {}) }));
}

async function fateOf(store: GatewayDeps['store'], id: string): Promise<SignalRecord['remediation']> {
  try {
    const { phase, outcome, reason } = await store.getRemediation(id);
    return { phase, ...(outcome ? { outcome } : {}), ...(reason ? { reason } : {}) };
  } catch (error) {
    if (isKubernautError(error, 'NotFound')) return undefined; // its first document is still on its way to the store
    throw error;
  }
}

function recordOf({ signal, outcome, reason, workflowId, remediationId, rules, heldUntil, at }: SignalRow & { at: string }): SignalRecord {
  const environment = environmentOf(signal);
  return {
    fingerprint: signal.fingerprint,
    alert: signal.alert,
    cluster: signal.cluster,
    status: signal.status,
    started_at: signal.startsAt,
    received_at: at,
    severity: signal.severity,
    priority: priorityOf(signal),
    ...(environment ? { environment } : {}),
    ...(signal.route ? { route: signal.route } : {}),
    outcome,
    ...(reason ? { reason } : {}),
    rules: [...(rules ?? [])],
    ...(heldUntil ? { held_until: heldUntil } : {}),
    ...(workflowId ? { workflow_id: workflowId } : {}),
    ...(remediationId ? { remediation_id: remediationId } : {}),
  };
}

const notificationOf = ({ channel, kind, status, attempts, error, updatedAt }: NotificationRow): NotificationRecord => ({
  channel, kind, status, attempts, ...(error ? { error } : {}), updated_at: updatedAt,
});
