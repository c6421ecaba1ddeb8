import type { Hold, PlanAnswer, PlanRequest, StageActivities, StepReply, StepRequest } from '../../src/activities/contract.js';
import type { Observation } from '../../src/domain/effectiveness.js';
import { compare } from '../../src/domain/plan-diff.js';
import { planHash, type Step } from '../../src/domain/plan.js';
import type { Signal } from '../../src/domain/signal.js';
import type { Target } from '../../src/domain/target.js';

export const target: Target = { cluster: 'test', apiVersion: 'apps/v1', kind: 'Deployment', namespace: 'shop', name: 'api', uid: 'u-1' };

export const signalOf = (more: Partial<Signal> = {}): Signal => ({
  source: 'alertmanager', cluster: 'test', fingerprint: 'f1', status: 'firing', alert: 'KubePodCrashLooping', severity: 'critical',
  startsAt: '2026-11-20T10:00:00.000Z', receivedAt: '2026-11-20T10:00:01.000Z', labels: {}, annotations: {}, hints: [], ...more,
});

export const stepOf = (action: string, more: Partial<Step> = {}): Step => ({
  ordinal: 0, action, target, parameters: { namespace: 'shop', name: 'api' }, tier: 1, summary: `${action} deployment shop/api`, reason: 'test',
  changes: [{ op: 'scale', ref: { apiVersion: 'apps/v1', kind: 'Deployment', namespace: 'shop', name: 'api' }, uid: 'u-1', before: 2, after: 4 }],
  undo: { kind: 'exact', changes: [{ op: 'scale', ref: { apiVersion: 'apps/v1', kind: 'Deployment', namespace: 'shop', name: 'api' }, uid: 'u-1', before: 4, after: 2 }] },
  timeoutS: 60, isWriting: true, ...more,
});

export const planAnswer = (step: Step, more: Partial<Extract<PlanAnswer, { kind: 'plan' }>> = {}): PlanAnswer => ({
  kind: 'plan',
  plan: { hash: planHash([step]), steps: [step], source: 'rules', confidence: 0.9, madeAt: '2026-11-20T10:00:02.000Z' },
  verdict: { decision: 'allow', findings: [] },
  analysis: { source: 'rules', cause: 'bad_rollout.crash', confidence: 0.9, reasoning: 'the new revision crashes' },
  baseline: { ready: 0, trouble: [], endpoints: {}, isVisible: true },
  approvalTimeoutMs: 3_600_000,
  mode: 'act',
  key: `${step.action}:shop/api`,
  passedOver: [],
  ...more,
});

export const concluded = (outcome: Extract<PlanAnswer, { kind: 'conclude' }>['outcome'], reason = 'so it is'): PlanAnswer => ({
  kind: 'conclude', outcome, reason, analysis: { source: 'rules', cause: 'none', confidence: 0.8, reasoning: reason },
});

export const seen = (more: Partial<Observation> = {}): Observation => ({
  isReached: true, isConditionGone: true, isAlertFiring: false, hasRefired: false, readyBefore: 0, readyNow: 2, sideEffects: [], evidence: ['2/2 ready'], ...more,
});

export interface Call {
  name: string;
  input: unknown;
}

/** As planning does it. */
const comparedWith = ({ compareWith, problems }: PlanRequest, answer: PlanAnswer): PlanAnswer => {
  if (answer.kind !== 'plan' || !compareWith) return answer;
  const { plan, verdict, analysis } = answer;
  return { ...answer, compared: compare(compareWith, { hash: plan.hash, steps: plan.steps, cause: analysis.cause, alerts: problems.filter((p) => p.status === 'firing').map((p) => p.alert), findings: verdict.findings }) };
};

/** Fakes at our own port: the activities of the workflow, each answering from a list (its last answer repeats). */
export function scriptedActivities(script: {
  plans: PlanAnswer[];
  /** What `holdOf` answers while a write waits. */
  holds?: (Hold | undefined)[];
  observations?: (Observation | Error)[];
  act?: (request: StepRequest, nth: number) => StepReply | Promise<StepReply>;
  analyze?: StageActivities['analyze'];
  inspect?: StageActivities['inspect'];
  notify?: StageActivities['notify'];
  enrich?: () => void | Promise<void>;
  record?: (input: Parameters<StageActivities['record']>[0]) => void | Promise<void>;
}) {
  const calls: Call[] = [];
  const saved: unknown[] = [];
  const nth = new Map<string, number>();
  const next = <T>(name: string, list: T[]): T => {
    const at = nth.get(name) ?? 0;
    nth.set(name, at + 1);
    return list[Math.min(at, list.length - 1)]!;
  };
  const log = (name: string, input: unknown) => void calls.push({ name, input });
  const acted = async (request: StepRequest): Promise<StepReply> => {
    const key = `${request.mode}:${request.step.action}`;
    const at = nth.get(key) ?? 0;
    nth.set(key, at + 1);
    log(key, request);
    return (await script.act?.(request, at)) ?? { status: 'applied', detail: '4/4 available' };
  };
  const stages: StageActivities = {
    enrich: async (input) => (log('enrich', input), await script.enrich?.(), { evidenceRef: 'sha256:evidence', hasObject: true }),
    diagnose: async (input) => (log('diagnose', input), { findings: [] }),
    analyze: async (input) => (log('analyze', input), (await script.analyze?.(input)) ?? { proposals: [], tokens: 7 }),
    inspect: async (input) => (log('inspect', input), (await script.inspect?.(input)) ?? { ref: `sha256:${input.call.summary}`, found: 'as expected', isError: false, isTruncated: false }),
    makePlan: async (input) => (log('makePlan', input), comparedWith(input, next('makePlan', script.plans))),
    holdOf: async (input) => (log('holdOf', input), { hold: script.holds ? next('holdOf', script.holds) : undefined }),
    assess: async (input) => {
      log('assess', input);
      const answer = next('assess', script.observations ?? [seen()]);
      if (answer instanceof Error) throw answer;
      return answer;
    },
    record: async (input) => (log('record', input), await script.record?.(input), void saved.push(structuredClone(input))),
    recordExpiry: async (input) => log('recordExpiry', input),
    notify: async (input) => (log('notify', input), script.notify?.(input)),
  };
  const actions = Object.fromEntries(['scale_deployment', 'rollback_deployment', 'restart_pod', 'notify_only'].map((id) => [id, acted]));
  return { calls, saved, activities: { ...stages, ...actions }, named: (prefix: string) => calls.filter((c) => c.name.startsWith(prefix)) };
}
