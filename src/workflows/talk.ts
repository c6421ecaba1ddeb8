import { CancellationScope } from '@temporalio/workflow';
import { tell, type Telling } from './close.js';
import type { Run } from './run.js';

/** People being told, side by side with the work: a channel that is down for an hour must not hold what was decided elsewhere. */
export interface Talk {
  readonly isOn: boolean;
  /** It is out of date. */
  stop(): void;
}

export function talk(run: Run, telling: Telling): void {
  const scope = new CancellationScope();
  const one = { isOn: true, stop: () => (one.isOn ? scope.cancel() : undefined) };
  run.talks.push(one);
  void scope.run(() => tell(run, telling)).then(() => (one.isOn = false));
}

export const isTalking = ({ talks }: Run): boolean => talks.some((t) => t.isOn);

/** Nobody shall be asked any more for what is decided. */
export function stopTalks(run: Run): void {
  for (const one of run.talks.splice(0)) one.stop();
}
