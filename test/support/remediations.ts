import type { Remediation, RemediationStep } from '../../src/contracts/remediation.js';
import type { SignalRow } from '../../src/domain/ports.js';

type Target = Remediation['target'];

export const apiTarget: Target = { cluster: 'prod', apiVersion: 'apps/v1', kind: 'Deployment', namespace: 'shop', name: 'api', uid: 'u-1' };

/** A remediation that is complete and plausible; `over` says what the test is about. */
export function remediationFor(id: string, over: Partial<Remediation> = {}): Remediation {
  const target = over.target ?? apiTarget;
  return {
    id,
    workflow_id: `remediation/${target.cluster}/${target.namespace ?? '-'}/${target.kind}/${target.name}`,
    run_id: 'run-1',
    cluster: target.cluster,
    target,
    phase: 'received',
    severity: 'critical',
    problems: [{ fingerprint: 'f1', alert: 'KubePodCrashLooping', status: 'firing', started_at: '2025-01-31T08:00:00.000Z' }],
    assessments: [],
    timeline: [{ at: '2025-01-31T08:00:00.000Z', phase: 'received', text: 'KubePodCrashLooping fired' }],
    usage: { tokens: 0, api_requests: 0 },
    started_at: '2025-01-31T08:00:00.000Z',
    links: {},
    revision: 1,
    ...over,
  };
}

export function stepFor(ordinal: number, over: Partial<RemediationStep> = {}): RemediationStep {
  return {
    ordinal,
    action: 'scale_deployment',
    target: apiTarget,
    parameters: { namespace: 'shop', name: 'api', replicas: 4 },
    tier: 2,
    status: 'applied',
    summary: 'scale deployment shop/api 2 → 4',
    undo: 'exact',
    started_at: '2025-01-31T08:00:10.000Z',
    ended_at: '2025-01-31T08:00:20.000Z',
    rung: 0,
    wrote: [{ path: 'spec.replicas', value: '4' }],
    ...over,
  };
}

export function signalRowFor(fingerprint: string, over: Partial<SignalRow> & { startsAt?: string; status?: 'firing' | 'resolved' } = {}): SignalRow {
  const { startsAt = '2025-01-31T08:00:00Z', status = 'firing', ...row } = over;
  return {
    signal: {
      source: 'alertmanager', cluster: 'prod', fingerprint, status, alert: 'KubePodCrashLooping', severity: 'critical', startsAt,
      receivedAt: '2025-01-31T08:00:05Z', labels: { namespace: 'shop', pod: 'api-1' }, annotations: {}, hints: [{ kind: 'Pod', namespace: 'shop', name: 'api-1' }],
    },
    outcome: 'started',
    workflowId: 'remediation/prod/shop/Deployment/api',
    remediationId: 'r-0123456789',
    ...row,
  };
}
