import type { DecisionView, Replay } from '../../contracts/replay.js';
import type { Finding, Proposal } from '../../domain/plan.js';
import { rank } from '../../domain/ranking.js';
import { canonicalJson } from '../../domain/sha256.js';
import { describeTarget } from '../../domain/target.js';
import type { PlanAnswer } from '../contract.js';
import type { DecisionInput } from './input.js';

/** A decision in the words that are compared. */
export function viewOf({ request, measured }: Pick<DecisionInput, 'request' | 'measured'>, answer: PlanAnswer): DecisionView {
  const { cause, confidence } = answer.analysis;
  return {
    findings: request.findings.map(findingText),
    proposals: request.proposals.map(proposalText),
    candidates: rank(request.findings, request.proposals, measured).candidates.map(proposalText),
    cause,
    confidence,
    ...resultOf(answer),
    ...(answer.verdict ? { verdict: { decision: answer.verdict.decision, findings: answer.verdict.findings.map(({ check, reason, message, severity }) => ({ check, reason, message, severity })) } } : {}),
  };
}

function resultOf(answer: PlanAnswer): Pick<DecisionView, 'result' | 'steps' | 'plan_hash' | 'mode' | 'why'> {
  if (answer.kind === 'plan') return { result: 'plan', plan_hash: answer.plan.hash, steps: answer.plan.steps.map((s) => s.summary), mode: answer.mode };
  return { result: answer.kind === 'conclude' ? answer.outcome : answer.kind, steps: [], why: answer.reason.slice(0, 1000) };
}

const findingText = (f: Finding): string => `${f.cause} ${describeTarget(f.target)} ${f.confidence.toFixed(2)}${f.conclusion ? ` (${f.conclusion.replaceAll('_', ' ')})` : ''}`;

const proposalText = (p: Proposal): string => `${p.action} ${describeTarget(p.target)} ${canonicalJson(p.parameters)} ${p.confidence.toFixed(2)} (${p.source})`;

const COMPARED = ['findings', 'proposals', 'candidates', 'cause', 'confidence', 'result', 'steps', 'plan_hash', 'mode', 'verdict', 'why'] as const;

export const differencesOf = (before: DecisionView, after: DecisionView): Replay['differences'] =>
  COMPARED.filter((what) => canonicalJson(before[what]) !== canonicalJson(after[what])).map((what) => ({ what, before: textOf(before[what]), after: textOf(after[what]) }));

function textOf(value: DecisionView[(typeof COMPARED)[number]]): string {
  if (value === undefined) return '-';
  if (Array.isArray(value)) return value.join('\n') || '-';
  if (typeof value === 'object') return [value.decision, ...value.findings.map((f) => `${f.severity} ${f.reason}: ${f.message}`)].join('\n');
  return String(value);
}
