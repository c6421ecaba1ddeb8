const MOST = 10_000;

/** Runs this process started lately → their remediation, so that the alerts that join within the same second cost no request. */
export function recentRuns() {
  const runs = new Map<string, { runId: string; remediationId: string }>();
  return {
    get: (workflowId: string, runId: string): string | undefined => {
      const run = runs.get(workflowId);
      return run?.runId === runId ? run.remediationId : undefined;
    },
    set(workflowId: string, runId: string, remediationId: string): void {
      runs.delete(workflowId);
      runs.set(workflowId, { runId, remediationId });
      if (runs.size > MOST) runs.delete(runs.keys().next().value!);
    },
  };
}
