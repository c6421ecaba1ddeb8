import { figureOf, measuredFor, worthOf, type Measured } from './measured.js';
import type { Finding, Proposal, ProposalSource } from './plan.js';
import { canonicalJson } from './sha256.js';
import { isSameObject } from './target.js';

export interface Ranking {
  /** What may be tried, best first: the rungs of the ladder. */
  candidates: Proposal[];
  /** Set when nothing is to be tried: a finding that is at least as sure says so. */
  conclusion?: NonNullable<Finding['conclusion']>;
  cause: string;
  /** Which analyzer found it; undefined when none did. */
  analyzer?: string;
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
 * Rules decide what there is to try and, with what was measured here, in which order; a model that says the same raises the
 * confidence, and what only a model says comes last (it needs approval: safety check `model_only`). A conclusion stands unless an
 * actionable finding is surer. Findings that are equally sure keep their order: the registry's, root before symptom.
 */
export function rank(findings: readonly Finding[], proposals: readonly Proposal[], measured: readonly Measured[] = []): Ranking {
  const diagnosis = diagnosisOf(findings);
  const { decisive, conclusion, actionable } = diagnosis;
  const { rules, alone, overruled } = together(diagnosis, proposals);
  const cause = decisive?.cause ?? (alone.length > 0 ? 'model' : 'unknown');
  const known = (p: Proposal) => measuredFor(measured, p.action, cause);
  const { candidates, leftOut } = byRecord([rules, alone], known);
  const ending = leftOut.length > 0 && actionable.length + alone.length > 0 ? 'needs_person' : conclusion?.conclusion;
  const reasoning = [...reasoningOf(decisive, candidates.filter((p) => p.source === 'model'), overruled), ...recordsOf(candidates, leftOut, known)];
  return {
    candidates,
    ...(candidates.length === 0 && ending ? { conclusion: ending } : {}),
    cause,
    ...decidedBy(decisive, candidates[0]),
    reasoning: reasoning.join('\n').slice(0, 4000),
  };
}

interface Diagnosis {
  /** Surer than any conclusion, with something to do. */
  actionable: Finding[];
  conclusion: Finding | undefined;
  /** What people are told is wrong. */
  decisive: Finding | undefined;
}

function diagnosisOf(findings: readonly Finding[]): Diagnosis {
  const sorted = [...findings].sort((a, b) => b.confidence - a.confidence);
  const conclusion = sorted.find((f) => f.conclusion !== undefined);
  const floor = Math.max(LEAST_CONFIDENCE, conclusion?.confidence ?? 0);
  const actionable = sorted.filter((f) => isActionable(f) && f.confidence >= floor);
  return { actionable, conclusion, decisive: actionable[0] ?? conclusion ?? sorted[0] };
}

/** `alone`: what only a model says; `overruled`: the same where the rules are sure that there is nothing to do. */
function together({ actionable, conclusion }: Diagnosis, proposals: readonly Proposal[]): { rules: Proposal[]; alone: Proposal[]; overruled: Proposal[] } {
  const said = [...proposals].sort(bySureness);
  const rules = merged(actionable.flatMap(proposalsOf), said);
  const alone = distinct(said.filter((m) => !rules.some((r) => isSameProposal(r, m))));
  return actionable.length === 0 && isSure(conclusion) ? { rules, alone: [], overruled: alone } : { rules, alone, overruled: [] };
}

type Known = (p: Proposal) => Measured | undefined;

/** Each group in its own order, so that no record carries what a model alone says before what the rules say. */
function byRecord(groups: readonly Proposal[][], known: Known): { candidates: Proposal[]; leftOut: Proposal[] } {
  const ordered = groups.flatMap((group) => inOrder(group, known));
  const isBad = (p: Proposal): boolean => worthOf(known(p)).isProvenBad;
  return { candidates: ordered.filter((p) => !isBad(p)).slice(0, MOST_CANDIDATES), leftOut: ordered.filter(isBad) };
}

/**
 * The order that came in, moved by what was measured: a place is as high as the lowest confidence up to it, so that equal records
 * change nothing and only comparable candidates (0.15 apart at the most) change places.
 */
function inOrder(proposals: readonly Proposal[], known: Known): Proposal[] {
  let height = 1;
  const placed = proposals.map((proposal) => {
    height = Math.min(height, proposal.confidence);
    return { proposal, place: height + worthOf(known(proposal)).shift };
  });
  return placed.sort((a, b) => b.place - a.place).map(({ proposal }) => proposal);
}

/** For people: what is known of the first, and what was left out for its record. */
const recordsOf = ([first]: readonly Proposal[], leftOut: readonly Proposal[], known: Known): string[] => [
  ...[first].flatMap((p) => (p && known(p) ? [`${p.action} ${figureOf(known(p)!)}`] : [])),
  ...leftOut.map((p) => `left out: ${p.action} on ${p.target.kind} ${p.target.name} ${figureOf(known(p)!)}`),
];

/** A total order, so that nothing depends on how an answer was arranged. */
const bySureness = (a: Proposal, b: Proposal): number => b.confidence - a.confidence || (canonicalJson(a) < canonicalJson(b) ? -1 : 1);

function decidedBy(finding: Finding | undefined, first: Proposal | undefined): Pick<Ranking, 'analyzer' | 'confidence' | 'source' | 'edit'> {
  const { confidence, source } = first ?? { confidence: finding?.confidence ?? 0, source: 'rules' as const };
  const edit = finding?.edit;
  return { confidence, source, ...(finding ? { analyzer: finding.analyzer } : {}), ...(edit === undefined ? {} : { edit }) };
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

const reasoningOf = (decisive: Finding | undefined, fromModel: readonly Proposal[], overruled: readonly Proposal[]): string[] => [
  ...(decisive ? [decisive.summary, ...decisive.evidence.map((e) => `- ${e}`)] : []),
  ...fromModel.slice(0, 2).map((p) => `${p.by} proposes ${p.action} on ${p.target.kind} ${p.target.name}: ${p.reason}`),
  ...overruled.slice(0, 2).map((p) => `${p.by} proposed ${p.action}, which the analyzers do not bear out`),
];
