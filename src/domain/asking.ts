/** When people are reminded and who hears of it next, while a plan waits. */
export interface AskingPlan {
  remindAfterMs: readonly number[];
  escalateAfterMs?: number;
}

export interface AskedSoFar {
  askedAtMs: number;
  expiresAtMs: number;
  reminders: number;
  isEscalated: boolean;
}

export type NextStep = { kind: 'remind' | 'escalate' | 'expire'; atMs: number };

/** What is due next. Nothing is sent at the moment of expiry or later: then it is over. */
export function nextStepOf({ remindAfterMs, escalateAfterMs }: AskingPlan, { askedAtMs, expiresAtMs, reminders, isEscalated }: AskedSoFar): NextStep {
  const steps: NextStep[] = [];
  const remind = remindAfterMs[reminders];
  if (escalateAfterMs !== undefined && !isEscalated) steps.push({ kind: 'escalate', atMs: askedAtMs + escalateAfterMs });
  if (remind !== undefined) steps.push({ kind: 'remind', atMs: askedAtMs + remind });
  const [first] = steps.filter((s) => s.atMs < expiresAtMs).sort((a, b) => a.atMs - b.atMs);
  return first ?? { kind: 'expire', atMs: expiresAtMs };
}
