import type { Finding, Proposal, ProposalSource } from './plan.js';
import { canonicalJson } from './sha256.js';
import { isSameObject } from './target.js';

export interface Ranking {
  /** What may be tried, best first: the rungs of the ladder. */
  candidates: Proposal[];
  /** Set when nothing is to be tried: a finding that is at least as sure says so. */
  conclusion?: NonNullable<Finding['conclusion']>;
  cause: string;
  /** For people: what was found, and what was left out and why. */
  reasoning: string;
  confidence: number;
  source: ProposalSource;
  /** For a person, from the finding that decided. */
  edit?: string;
}

/** A proposal less sure than this is no rung: better tell a person. */
const LEAST_CONFIDENCE = 0.6;
/** Rules this sure that there is nothing (for us) to do are not overruled by a model. */
const SURE = 0.7;
/** What agreement adds; the rest stays doubt. */
const AGREEMENT = 0.03;
const MOST_CANDIDATES = 6;

/**
 * Rules decide the order; a model that says the same raises the confidence, and what only a model says comes last
 * (it needs approval: safety check `model_only`). A conclusion stands unless an actionable finding is surer.
 */
export function rank(findings: readonly Finding[], proposals: readonly Proposal[]): Ranking {
  const sorted = [...findings].sort((a, b) => b.confidence - a.confidence);
  const conclusion = sorted.find((f) => f.conclusion !== undefined);
  const floor = Math.max(LEAST_CONFIDENCE, conclusion?.confidence ?? 0);
  const actionable = sorted.filter((f) => isActionable(f) && f.confidence >= floor);
  const rules = merged(actionable.flatMap(proposalsOf), proposals);
  const alone = proposals.filter((m) => !rules.some((r) => isSameProposal(r, m)));
  const isSettled = actionable.length === 0 && isSure(conclusion);
  const fromModel = isSettled ? [] : distinct(alone).sort((a, b) => b.confidence - a.confidence);
  const candidates = [...rules, ...fromModel].slice(0, MOST_CANDIDATES);
  const decisive = actionable[0] ?? conclusion ?? sorted[0];
  return {
    candidates,
    ...(candidates.length === 0 && conclusion ? { conclusion: conclusion.conclusion! } : {}),
    ...decidedBy(decisive, candidates[0]),
    reasoning: reasoningOf(decisive, fromModel, isSettled ? alone : []),
  };
}

function decidedBy(finding: Finding | undefined, first: Proposal | undefined): Pick<Ranking, 'cause' | 'confidence' | 'source' | 'edit'> {
  const { confidence, source } = first ?? { confidence: finding?.confidence ?? 0, source: 'rules' as const };
  const edit = finding?.edit;
  return { cause: finding?.cause ?? (first ? 'model' : 'unknown'), confidence, source, ...(edit === undefined ? {} : { edit }) };
}

const isActionable = (f: Finding): boolean => f.conclusion === undefined && f.proposals.length > 0;

const isSure = (f: Finding | undefined): boolean =>
  f?.conclusion === 'already_resolved' || f?.conclusion === 'no_action_needed' || (f?.conclusion === 'needs_person' && f.confidence >= SURE);

/** The first rung is as sure as its finding, the later ones never surer. */
const proposalsOf = (f: Finding): Proposal[] =>
  f.proposals.map((p, i) => ({ ...p, confidence: i === 0 ? f.confidence : Math.min(p.confidence, f.confidence), source: 'rules' as const, by: f.analyzer }));

/** Rules without repeats, each raised where a model agrees. */
const merged = (rules: readonly Proposal[], model: readonly Proposal[]): Proposal[] =>
  distinct(rules).map((rule) => {
    const agreeing = model.find((m) => isSameProposal(rule, m));
    if (!agreeing) return rule;
    // what the analyzer pinned wins over what a model adds to it
    return { ...rule, confidence: Math.min(0.99, rule.confidence + AGREEMENT), source: 'both' as const, by: `${rule.by}, ${agreeing.by}` };
  });

const distinct = (proposals: readonly Proposal[]): Proposal[] =>
  proposals.filter((p, i) => proposals.findIndex((q) => isSameProposal(p, q)) === i);

/** Same action on the same object, and no parameter that both give differs. */
export const isSameProposal = (a: Proposal, b: Proposal): boolean =>
  a.action === b.action &&
  isSameObject(a.target, b.target) &&
  Object.entries(a.parameters).every(([key, value]) => b.parameters[key] === undefined || value === undefined || canonicalJson(b.parameters[key]) === canonicalJson(value));

function reasoningOf(decisive: Finding | undefined, fromModel: readonly Proposal[], overruled: readonly Proposal[]): string {
  const parts = [
    ...(decisive ? [decisive.summary, ...decisive.evidence.map((e) => `- ${e}`)] : []),
    ...fromModel.slice(0, 2).map((p) => `${p.by} proposes ${p.action} on ${p.target.kind} ${p.target.name}: ${p.reason}`),
    ...overruled.slice(0, 2).map((p) => `${p.by} proposed ${p.action}, which the analyzers do not bear out`),
  ];
  return parts.join('\n').slice(0, 4000);
}
