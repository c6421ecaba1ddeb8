/** How much may be disturbed, over all remediations and processes. Absent figures bound nothing. */
export interface DisruptionBudget {
  perNamespacePerHour?: number;
  perClusterPerDay?: number;
  perWorkloadPerDay?: number;
  /** Pods that one step may take down side by side. */
  maxPodsAtOnce?: number;
  /** What a step meets that would go over one of them. */
  exceeded: 'ask' | 'escalate';
}

/** Disruptive steps (tier 2 and 3) that took place or are under way; as the store counts them, all replicas together. */
export interface DisruptionCount {
  namespaceHour: number;
  clusterDay: number;
  workloadDay: number;
}

/** Tier 1 has an exact inverse and disturbs nobody; tier 0 reads (actions.md 1.4). */
export const isDisruptive = ({ tier, isWriting }: { tier: number; isWriting: boolean }): boolean => isWriting && tier >= 2;

/** Is there anything to count at all? Without figures no statement is sent. */
export const countsDisruptions = (b: DisruptionBudget): boolean =>
  b.perNamespacePerHour !== undefined || b.perClusterPerDay !== undefined || b.perWorkloadPerDay !== undefined;

/** Every figure that one more would go over, in words. */
export function overBudget(budget: DisruptionBudget, count: DisruptionCount, where: { namespace?: string; cluster: string; workload: string }): string[] {
  const rows: [number | undefined, number, string][] = [
    [where.namespace === undefined ? undefined : budget.perNamespacePerHour, count.namespaceHour, `in namespace ${where.namespace} within an hour`],
    [budget.perClusterPerDay, count.clusterDay, `on cluster ${where.cluster} within a day`],
    [budget.perWorkloadPerDay, count.workloadDay, `on ${where.workload} within a day`],
  ];
  return rows.flatMap(([most, had, text]) => (most !== undefined && had >= most ? [`${had} of ${most} disruptive actions ${text}`] : []));
}
