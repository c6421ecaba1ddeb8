import { isCancellation } from '@temporalio/workflow';
import type { PlanAnswer, PlanRequest } from '../activities/contract.js';
import type { AlertAnalysis } from '../contracts/analysis.js';
import type { AnalyzeAlertInput } from '../domain/messages.js';
import type { Finding, Step } from '../domain/plan.js';
import type { Target } from '../domain/target.js';
import { analyze, quick } from './activity-options.js';

/**
 * What would be done about an alert: the same reading, diagnosis and decision as a remediation's, without its end. No
 * remediation is begun, nobody is asked or told, nothing is tried on the API server and nothing is learned.
 */
export async function analyzeAlert(input: AnalyzeAlertInput): Promise<Omit<AlertAnalysis, 'request_id'>> {
  const { target, problem, isCoLocated } = input;
  const { evidenceRef } = await quick('enrich', isCoLocated, 'read the cluster')({ target, problems: [problem] });
  const { findings } = await quick('diagnose', isCoLocated, 'deterministic analyzers')({ evidenceRef });
  const said = input.hasModel ? await askModel(input, evidenceRef, findings) : NOTHING_SAID;
  const answer = await quick('makePlan', isCoLocated, 'think a plan through')({
    remediationId: input.id, target, problems: [problem], severity: problem.severity, evidenceRef, findings, tried: [], rung: 0, isThought: true, ...said,
  });
  return analysisOf(answer, target);
}

type Said = Pick<PlanRequest, 'proposals' | 'template' | 'isAnswered'>;
const NOTHING_SAID: Said = { proposals: [] };

/** Somebody waits for the answer: a model that is slow or down is left out. */
async function askModel({ modelWithinMs }: AnalyzeAlertInput, evidenceRef: string, findings: Finding[]): Promise<Said> {
  try {
    const { proposals, template } = await analyze('ask the model', modelWithinMs)({ evidenceRef, findings });
    return { proposals, isAnswered: true, ...(template ? { template } : {}) };
  } catch (error) {
    if (isCancellation(error)) throw error;
    return NOTHING_SAID;
  }
}

function analysisOf(answer: PlanAnswer, about: Target): Omit<AlertAnalysis, 'request_id'> {
  const { cause, source, confidence, reasoning, summary, primary_reason, historical_context, oscillation_risk, edit } = answer.analysis;
  return {
    target: about,
    ...whatOf(answer),
    confidence,
    cause,
    source,
    reasoning: {
      summary: summary ?? reasoning, primary_reason: primary_reason ?? cause, historical_context: historical_context ?? '',
      oscillation_risk: oscillation_risk?.level ?? 'low', oscillation_why: oscillation_risk?.why ?? '',
    },
    ...(answer.verdict ? { verdict: answer.verdict } : {}),
    ...(edit === undefined ? {} : { edit }),
  };
}

type What = Pick<AlertAnalysis, 'action' | 'parameters' | 'target' | 'steps' | 'mode' | 'outcome' | 'why' | 'alternatives'>;

function whatOf(answer: PlanAnswer): What {
  if (answer.kind !== 'plan') {
    return { action: 'no_action', parameters: {}, steps: [], alternatives: [], outcome: answer.kind === 'conclude' ? answer.outcome : 'wait', why: answer.reason };
  }
  const { plan: { steps }, key, mode, passedOver } = answer;
  const main = steps.find((s) => isMain(s, key)) ?? steps.at(-1)!;
  return {
    action: main.action, parameters: main.parameters, target: main.target, mode,
    steps: steps.map((s) => ({ action: s.action, summary: s.summary, tier: s.tier, undo: s.undo.kind })),
    alternatives: passedOver.map(({ action, reason }) => ({ action, reason: `passed over: ${reason}` })),
  };
}

/** The step that the candidate is about: a template may put others around it. */
const isMain = ({ action, target }: Step, key: string): boolean => key === `${action}:${target.kind}/${target.namespace ?? ''}/${target.name}`;
