import type { Alternative, Approval, Remediation, RemediationStep } from '../../contracts/remediation.js';
import { describeTarget } from '../../domain/target.js';
import { visible } from '../../domain/visible-text.js';

const LINE_MAX = 600;

/** Everything here was written by somebody else: made visible and short; the template escapes it. */
const said = (text: string): string => {
  const flat = visible(text).replace(/\s+/g, ' ').trim();
  return flat.length <= LINE_MAX ? flat : `${flat.slice(0, LINE_MAX - 1)}…`;
};

const RISK: Readonly<Record<number, string>> = {
  0: 'only reads or tells',
  1: 'bounded, with an exact way back',
  2: 'disruptive, but heals by itself',
  3: 'no way back, wide, or touches security',
};
const UNDO = { exact: 'can be undone exactly', partial: 'can be undone in part', none: 'cannot be undone' } as const;

export interface PageStep {
  summary: string;
  action: string;
  parameters: [name: string, value: string][];
  tier: number;
  risk: string;
  undo: string;
}

export interface PageView {
  id: string;
  alert: string;
  target: string;
  cluster: string;
  severity: string;
  cause?: string;
  sure?: string;
  reasoning: string[];
  why?: string;
  diff: string[];
  plan: string;
  steps: PageStep[];
  findings: { severity: string; message: string }[];
  others: { number: number; summary: string; about: string }[];
  expiresAt?: string;
}

/** What a person needs to decide on a small screen: what is wrong, why, what would be done, how risky, the way back. */
export const pageViewOf = (r: Remediation): PageView => ({
  id: r.id,
  alert: said(r.problems[0]?.alert ?? 'signal'),
  target: said(describeTarget(r.target)),
  cluster: said(r.cluster),
  severity: r.severity,
  ...causeView(r),
  plan: r.plan!.hash.slice(0, 10),
  steps: r.plan!.steps.filter((s) => s.status === 'planned').map(stepView),
  findings: (r.verdict?.findings ?? []).map((f) => ({ severity: f.severity, message: said(f.message) })),
  ...askedView(r.approval),
});

const causeView = ({ analysis: a }: Remediation): Pick<PageView, 'cause' | 'sure' | 'reasoning'> =>
  a
    ? { cause: said(a.cause), sure: `${Math.round(a.confidence * 100)} % sure, by ${a.source}`, reasoning: a.reasoning.split('\n').map(said).filter((l) => l !== '').slice(0, 12) }
    : { reasoning: [] };

const askedView = (a: Approval | undefined): Pick<PageView, 'why' | 'diff' | 'others' | 'expiresAt'> => ({
  ...(a?.why ? { why: said(a.why) } : {}),
  ...(a?.expires_at ? { expiresAt: a.expires_at } : {}),
  diff: (a?.diff?.changes ?? []).map((c) => said(c.text)).slice(0, 20),
  others: (a?.alternatives ?? []).map(otherView),
});

const otherView = (o: Alternative, i: number): PageView['others'][number] => ({
  number: i + 2,
  summary: said(o.summary),
  about: `${said(o.action)}, ${Math.round(o.confidence * 100)} % sure, by ${o.source}, tier ${o.tier}: ${RISK[o.tier] ?? 'unknown'}; checked when picked`,
});

const stepView = (s: RemediationStep): PageStep => ({
  summary: said(s.summary),
  action: s.action,
  parameters: Object.entries(s.parameters).map(([name, value]) => [said(name), said(typeof value === 'string' ? value : JSON.stringify(value))]),
  tier: s.tier,
  risk: RISK[s.tier] ?? 'unknown',
  undo: UNDO[s.undo],
});
