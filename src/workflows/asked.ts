import type { Asked } from '../domain/plan-diff.js';
import type { Run } from './run.js';
import { ownProblems } from './state.js';

/** The question as it stands now, to compare a later one with. */
export const askedOf = ({ state }: Run): Asked => ({
  hash: state.plan!.hash,
  steps: state.plan!.steps,
  cause: state.doc.analysis?.cause ?? 'unknown',
  alerts: ownProblems(state).filter((p) => p.status === 'firing').map((p) => p.alert),
  findings: state.doc.verdict?.findings ?? [],
});
