import type { Remediation } from '../contracts/remediation.js';
import { describeTarget } from '../domain/target.js';
import { age, type Column } from './output.js';

/** What it does or did; several actions in the order of the plan. */
export const actionsOf = (r: Remediation): string => [...new Set((r.plan?.steps ?? []).map((s) => s.action))].join(',') || '-';

export const REMEDIATION_COLUMNS: readonly Column<Remediation>[] = [
  { title: 'ID', value: (r) => r.id },
  { title: 'TARGET', value: (r) => describeTarget(r.target) },
  { title: 'PHASE', value: (r) => r.phase },
  { title: 'OUTCOME', value: (r) => r.outcome ?? '-' },
  { title: 'ACTION', value: actionsOf },
  { title: 'SEVERITY', value: (r) => r.severity },
  { title: 'AGE', value: (r) => age(r.started_at) },
  { title: 'CLUSTER', value: (r) => r.cluster, isWide: true },
  { title: 'WORKFLOW', value: (r) => r.workflow_id, isWide: true },
  { title: 'REASON', value: (r) => r.reason ?? r.analysis?.cause ?? '-', isWide: true },
];
