import type { Remediation } from '../contracts/remediation.js';
import type { RemediateInput } from '../domain/messages.js';
import { workflowIdOf } from '../domain/target.js';

/** What is known the moment a remediation starts, so that the answer to the sender can be looked up at once. The workflow's own saves replace it. */
export function firstDocument(input: RemediateInput, { runId, now, note }: { runId: string; now: string; note?: string }): Remediation {
  const { target, first, remediationId, links } = input;
  const workflowId = workflowIdOf(target);
  return {
    id: remediationId,
    workflow_id: workflowId,
    run_id: runId,
    cluster: target.cluster,
    target,
    phase: 'received',
    severity: first.severity,
    problems: [{ fingerprint: first.fingerprint, alert: first.alert, status: 'firing', started_at: first.startsAt }],
    assessments: [],
    timeline: [{ at: now, phase: 'received', text: `${first.alert} from ${first.source}${note ? `; ${note}` : ''}` }],
    usage: { tokens: 0, api_requests: 0 },
    started_at: now,
    links: {
      ...(links.api ? { self: `${links.api}/api/v1/remediations/${remediationId}` } : {}),
      ...(links.temporalUi ? { temporal: `${links.temporalUi}/workflows/${encodeURIComponent(workflowId)}/${runId}` } : {}),
    },
    revision: 0,
  };
}
