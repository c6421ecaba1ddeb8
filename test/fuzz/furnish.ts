import type { Remediation } from '../../src/contracts/remediation.js';
import type { Store } from '../../src/domain/ports.js';
import { OUTCOMES, PHASES } from '../../src/domain/remediation.js';
import { remediationFor, signalRowFor, stepFor } from '../support/remediations.js';
import type { Known } from './protocol.js';

const COUNT = 60;
const NAMESPACES = ['shop', 'bank', 'monitoring'];

/** Remediations in every phase and outcome with what belongs to them, so that reads and decisions find something. */
export async function furnish(store: Store): Promise<Known> {
  const known: Known = { ids: [], targets: [], fingerprints: [] };
  const evidence = await store.putArtifact('evidence', { takenAt: '2026-03-01T02:00:00.000Z', events: [], logs: [], missing: [] });
  for (let i = 0; i < COUNT; i++) {
    const remediation = remediationNo(i, evidence);
    await store.saveRemediation(remediation);
    const row = await store.claimNotification({ remediationId: remediation.id, channel: 'log', kind: 'started' });
    await store.updateNotification({ ...row, status: 'sent', attempts: 1 });
    await store.recordSignal(signalRowFor(`known-${i}`, { workflowId: remediation.workflow_id, remediationId: remediation.id }));
    known.ids.push(remediation.id);
    known.targets.push(`${remediation.target.kind}/${remediation.target.name}`, remediation.target.name);
    known.fingerprints.push(`known-${i}`);
  }
  return known;
}

function remediationNo(i: number, evidence: string): Remediation {
  const phase = PHASES[i % PHASES.length]!;
  const target = { cluster: 'prod', apiVersion: 'apps/v1', kind: 'Deployment', namespace: NAMESPACES[i % 3]!, name: `known-${i}`, uid: `u-${i}` };
  const startedAt = new Date(Date.parse('2026-02-01T00:00:00Z') + i * 3_600_000).toISOString();
  return remediationFor(`r-${String(i).padStart(4, '0')}abcdef`, {
    phase, target,
    ...(phase === 'closed' ? { outcome: OUTCOMES[i % OUTCOMES.length]!, closed_at: startedAt } : {}),
    started_at: startedAt,
    ...(i % 2 === 0 ? { analysis: { source: 'rules', cause: 'it runs out of memory', confidence: 0.9, reasoning: 'seen', evidence_ref: evidence } as Remediation['analysis'] } : {}),
    ...(i % 3 === 0 ? { plan: { hash: 'abcdef0123', steps: [stepFor(0, { target })] } as Remediation['plan'] } : {}),
  });
}
