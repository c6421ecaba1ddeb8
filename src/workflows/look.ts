import type { PlanAnswer, PlanRequest } from '../activities/contract.js';
import { quick } from './activity-options.js';
import { about } from './decide.js';
import type { Run } from './run.js';
import { ownProblems } from './state.js';

type Which = Pick<PlanRequest, 'pick' | 'pinnedAt' | 'compareWith'>;

export interface Look {
  answer: PlanAnswer;
  evidenceRef: string;
  /** Plans on the same reading again, whatever candidate stands first. */
  orElse(): Promise<PlanAnswer>;
}

/** Reads the cluster anew and plans a given candidate. The model is not asked again: what it proposed is known. */
export async function look(run: Run, which: Which): Promise<Look> {
  const { state, input } = run;
  const { evidenceRef } = await quick('enrich', input.isCoLocated, 'read the cluster again')({ target: input.target, problems: ownProblems(state) });
  const { findings } = await quick('diagnose', input.isCoLocated, 'deterministic analyzers')({ evidenceRef });
  const request: PlanRequest = { ...about(run), evidenceRef, findings, proposals: [], ...state.proposed, tried: state.tried.filter((key) => key !== state.key) };
  const plan = (more: Which) => quick('makePlan', input.isCoLocated, 'plan and check again')({ ...request, ...more });
  return { answer: await plan(which), evidenceRef, orElse: () => plan(which.compareWith ? { compareWith: which.compareWith } : {}) };
}

/** How the cause was found stays true when the cluster is only read again. */
export const investigationOf = ({ state }: Run) => {
  const { investigation } = state.doc.analysis ?? {};
  return investigation ? { investigation } : {};
};
