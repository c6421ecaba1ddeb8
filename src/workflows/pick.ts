import { isCancellation } from '@temporalio/workflow';
import type { PlanAnswer } from '../activities/contract.js';
import type { Verdict } from '../domain/plan.js';
import { askedOf } from './asked.js';
import { setPlan, takeAnswer, type Planned } from './decide.js';
import { textOf } from './failures.js';
import { investigationOf, look, type Look } from './look.js';
import type { Picking } from './picking.js';
import type { Run } from './run.js';
import type { Stage } from './state.js';

/**
 * Plans what a person picked, with every check and the dry run. Undefined when that cannot be: the plan that waited still
 * does. Otherwise the pick is the plan: approved by whoever picked it, unless the plan shows something that the list could not.
 */
export async function pick(run: Run): Promise<'approved' | Stage | undefined> {
  const { state } = run;
  const picking = state.picking!;
  run.note(`${whoOf(picking)} picks ${picking.key}${picking.parameters ? ` with ${Object.entries(picking.parameters).map(([k, v]) => `${k}=${String(v)}`).join(' ')}` : ''}; it is being planned`);
  const looked = await tried(run, picking);
  state.picking = undefined;
  const refusal = typeof looked === 'string' ? looked : (refusalOf(looked.answer) ?? overtaken(run));
  if (refusal === undefined) return adopted(run, picking, looked as Look);
  picking.refusal = refusal;
  run.note(`what ${whoOf(picking)} picked cannot be done: ${refusal}; the plan ${state.plan!.hash.slice(0, 10)} still waits`);
  return undefined;
}

export const whoOf = ({ decision }: Picking): string => decision.by ?? 'a person';

async function tried(run: Run, { key, parameters }: Picking): Promise<Look | string> {
  try {
    return await look(run, { pick: { key, ...(parameters ? { parameters } : {}) }, compareWith: askedOf(run) });
  } catch (error) {
    if (isCancellation(error)) throw error;
    return textOf(error);
  }
}

function refusalOf(answer: PlanAnswer): string | undefined {
  if (answer.kind !== 'plan') return answer.reason;
  return answer.mode === 'act' ? undefined : `the policy lets it be ${answer.mode === 'observe' ? 'observed' : 'suggested'} only`;
}

const overtaken = ({ state }: Run): string | undefined => (state.decision ? `it was rejected meanwhile by ${state.decision.by ?? 'a person'}` : undefined);

function adopted(run: Run, picking: Picking, { answer, evidenceRef }: Look): 'approved' | Stage {
  const { state } = run;
  const planned = answer as Planned;
  const asked = askedOf(run);
  takeAnswer(run, answer, { ...investigationOf(run), evidence_ref: evidenceRef });
  setPlan(run, planned);
  const { key, parameters, decision } = picking;
  const picked = { key, ...(parameters ? { parameters } : {}), by: whoOf(picking), at: run.now(), from: asked.hash };
  state.doc.approval = { ...state.doc.approval!, picked };
  picking.reply = { accepted: true, remediationId: state.doc.id, planHash: planned.plan.hash, picked: key };
  run.note(`${picked.by} picked ${key}: plan ${planned.plan.hash.slice(0, 10)} instead of ${asked.hash.slice(0, 10)}`);
  const hard = hardReasons(planned);
  if (hard.length === 0) {
    state.decision = { ...decision, plan: planned.plan.hash, kind: 'approve' };
    return 'approved';
  }
  const why = `${picked.by} picked it, and it needs a look at the whole plan: ${hard.join('; ')}`;
  picking.reply.waits = why;
  state.before = { asked, why };
  run.moveTo('validating', why);
  return 'approve';
}

/** What the list of candidates could not show: more than the policy's usual question stands against it. */
function hardReasons({ plan, verdict }: { plan: Planned['plan']; verdict: Verdict }): string[] {
  const checks = verdict.findings.filter((f) => f.severity === 'ask' && f.check !== 'autonomy').map((f) => f.message);
  const steps = plan.steps.flatMap((s) => s.needsApproval ?? (s.tier === 3 ? `${s.summary} is tier 3` : []));
  return [...new Set([...steps, ...checks])];
}
