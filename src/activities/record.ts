import type { Remediation } from '../contracts/remediation.js';
import type { Embedder, Store } from '../domain/ports.js';

/** Keeps the document; when the remediation is closed, also what it taught. Safe to repeat: revisions and ids decide. */
export function createRecord(deps: { store: Store; embedder: Embedder; onClosed?: (r: Remediation) => void }) {
  return async ({ remediation, learn }: { remediation: Remediation; learn?: boolean }): Promise<void> => {
    await deps.store.saveRemediation(remediation);
    if (!learn) return;
    deps.onClosed?.(remediation);
    if (remediation.analysis === undefined) return;
    const summary = incidentText(remediation);
    const action = remediation.plan?.steps.findLast((s) => s.status === 'applied' || s.status === 'already_applied')?.action;
    await deps.store.rememberIncident({
      remediationId: remediation.id,
      summary,
      ...(action ? { action } : {}),
      outcome: remediation.outcome ?? 'failed',
      // Only what was proved at every horizon may teach (safety.md 2, poisoned memory).
      isVerified: remediation.outcome === 'fixed',
      embedding: await deps.embedder.embed(summary),
    });
  };
}

/** The text that similar incidents are found by. */
export const incidentText = (r: Pick<Remediation, 'problems' | 'target' | 'analysis'>): string =>
  [r.problems.map((p) => p.alert).join(' '), r.target.kind, r.target.name, r.analysis?.cause ?? '', r.analysis?.reasoning ?? ''].join(' ').slice(0, 2000);
