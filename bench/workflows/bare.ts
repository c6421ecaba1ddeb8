import { defineSignal, proxyActivities, proxyLocalActivities, setHandler } from '@temporalio/workflow';

export interface BareActivities {
  noop(): Promise<void>;
  patch(mark: string): Promise<void>;
}

const OPTIONS = { startToCloseTimeout: '30s' } as const;
const queued = proxyActivities<BareActivities>(OPTIONS);
const local = proxyLocalActivities<BareActivities>(OPTIONS);

export const poke = defineSignal('poke');

/**
 * The floor: what any workflow with six steps before its write costs on these servers. `isLocal` = the steps as local
 * activities, which is how a remediation runs them when everything is in one process.
 */
export async function bare(mark: string, isLocal: boolean): Promise<void> {
  setHandler(poke, () => undefined);
  const { noop } = isLocal ? local : queued;
  for (let step = 0; step < 6; step++) await noop();
  await queued.patch(mark);
}

/** Answers nothing and does nothing: only its start is measured. */
export async function idle(): Promise<void> {
  setHandler(poke, () => undefined);
}

/** The floor of a decision: so many empty local activities one after the other. Answers when they were done, by the clock that a remediation notes its plan with. */
export async function steps(count: number): Promise<number> {
  setHandler(poke, () => undefined);
  for (let step = 0; step < count; step++) await local.noop();
  return Date.now();
}
