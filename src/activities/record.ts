import type { Remediation } from '../contracts/remediation.js';
import type { Clock, Store } from '../domain/ports.js';
import type { StageActivities } from './contract.js';

/** Keeps the document; when the remediation is closed, also what it taught. Safe to repeat: revisions and ids decide. */
export function createRecord(deps: { store: Pick<Store, 'saveRemediation'>; learn: (r: Remediation) => Promise<void>; onClosed?: (r: Remediation) => void }) {
  return async ({ remediation, learn }: { remediation: Remediation; learn?: boolean }): Promise<void> => {
    await deps.store.saveRemediation(remediation);
    if (!learn) return;
    deps.onClosed?.(remediation);
    await deps.learn(remediation);
  };
}

/**
 * A temporary step came to its end. Always in the audit; in the document only when its remediation is closed, since an open
 * one keeps its own and would overwrite ours. Safe to repeat.
 */
export function createRecordExpiry({ store, clock }: { store: Store; clock: Clock }): StageActivities['recordExpiry'] {
  return async ({ remediationId, rung, ordinal, status, detail }) => {
    const remediation = await store.getRemediation(remediationId);
    const step = remediation.plan?.steps.find((s) => s.rung === rung && s.ordinal === ordinal);
    await store.audit({ at: clock.now(), actor: 'kubernaut', verb: `expiry_${status}`, subject: `${remediationId}/${String(rung * 100 + ordinal)}`, details: { detail } });
    if (!step || remediation.phase !== 'closed' || status === 'dropped' || step.status === 'undone') return;
    step.status = status === 'undone' ? 'undone' : 'undo_refused';
    step.result = detail;
    remediation.timeline.push({ at: clock.now(), phase: 'closed', text: `its time is over: ${step.summary}: ${detail}` });
    await store.saveRemediation({ ...remediation, revision: remediation.revision + 1 });
  };
}
