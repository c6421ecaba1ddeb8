import { KubernautError } from '../domain/errors.js';
import type { Step } from '../domain/plan.js';
import { isPausedFor, type Policy } from '../domain/policy.js';
import type { Clock } from '../domain/ports.js';
import { namespaceOf } from '../domain/target.js';

/** The kill switch, asked at the last moment before each write (actions.md 1.5). Throws `Paused`. */
export const createAssertNotPaused = ({ policy, clock }: { policy(): Promise<Pick<Policy, 'pauses'>>; clock: Clock }) =>
  async ({ action, target }: Pick<Step, 'action' | 'target'>): Promise<void> => {
    const { pauses } = await policy();
    const namespace = namespaceOf(target);
    const pause = pauses.find((p) => isPausedFor(p, { cluster: target.cluster, action, now: clock.now(), ...(namespace ? { namespace } : {}) }));
    if (pause) throw new KubernautError('Paused', `writes are paused by ${pause.by}: ${pause.reason}${pause.until ? ` (until ${pause.until})` : ''}; lift it with: kubernaut resume`);
  };
