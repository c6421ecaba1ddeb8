import type { FastifyRequest } from 'fastify';
import type { Decision } from '../domain/messages.js';
import type { GatewayDeps } from './deps.js';

interface Audited {
  verb: string;
  /** Of the remediation. */
  id: string;
  details: Decision & { picked?: string };
}

/** Decisions are in the workflow's history already; a store that is down must not refuse them. */
export async function audited({ store, now = () => new Date().toISOString() }: Pick<GatewayDeps, 'store' | 'now'>, request: FastifyRequest, { verb, id, details }: Audited): Promise<void> {
  try {
    await store.audit({ at: now(), actor: details.by ?? 'api', verb, subject: id, details: { ...details, caller: request.caller, request_id: request.id } });
  } catch (error) {
    request.log.error({ err: error, remediation: id, verb, ...details }, 'the decision was taken but could not be audited');
  }
}
