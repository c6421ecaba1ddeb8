import type { Notification } from '../contracts/notification.js';
import type { Approval, Remediation, RemediationStep } from '../contracts/remediation.js';
import { describeTarget } from './target.js';

/** actions.md 2.27 refuses more than 4 KiB: lines are cut, and few enough, so that no incident reaches it. */
const LINE_MAX = 300;
const LINES_MAX = 14;

const cut = (text: string): string => {
  const flat = text.replace(/\s+/g, ' ').trim();
  return flat.length <= LINE_MAX ? flat : `${flat.slice(0, LINE_MAX - 1)}…`;
};

/** What a person is told about a remediation. Pure: the same document and kind give the same words. */
export function notificationOf(r: Remediation, kind: Notification['kind'], at: string = r.closed_at ?? r.started_at): Notification {
  const target = describeTarget(r.target);
  return {
    remediationId: r.id,
    kind,
    title: cut(titleOf(r, kind, target)),
    severity: r.severity,
    ...(r.outcome ? { outcome: r.outcome } : {}),
    target,
    lines: linesOf(r, kind).filter((l) => l !== '').map(cut).slice(0, LINES_MAX),
    commands: commandsOf(r, kind),
    links: Object.fromEntries(Object.entries({ remediation: r.links.self, temporal: r.links.temporal }).filter((l): l is [string, string] => l[1] !== undefined)),
    at,
  };
}

const NEWS: Record<Notification['kind'], (r: Remediation) => string> = {
  approval_requested: (r) => (r.approval?.diff ? ': the plan changed, a decision is needed again' : ': a decision is needed'),
  approval_reminder: () => ': a decision is still needed',
  approval_escalated: () => ': nobody decided yet',
  approval_decided: (r) => `: ${r.approval?.state ?? 'decided'}`,
  closed: (r) => `: ${(r.outcome ?? 'closed').replaceAll('_', ' ')}`,
  applied: () => ': applied, being verified',
  rolled_back: () => ': undone',
  message: () => '',
};

const titleOf = (r: Remediation, kind: Notification['kind'], target: string): string => `${r.problems[0]?.alert ?? 'signal'} · ${target}${NEWS[kind](r)}`;

/** Kinds that want a decision. */
const ASKING: ReadonlySet<string> = new Set(['approval_requested', 'approval_reminder', 'approval_escalated']);

/** The steps a reader cares about: of the try that runs now, or of all that were done. */
function stepsOf(r: Remediation, kind: Notification['kind']): RemediationStep[] {
  const steps = r.plan?.steps ?? [];
  return ASKING.has(kind) || kind === 'approval_decided' ? steps.filter((s) => s.status === 'planned') : steps.filter((s) => s.status !== 'planned');
}

function linesOf(r: Remediation, kind: Notification['kind']): string[] {
  const { approval } = r;
  return [
    kind === 'closed' && r.reason ? `Why: ${r.reason}` : '',
    causeLine(r),
    ...stepsOf(r, kind).map((s) => stepLine(s, kind)),
    ...(ASKING.has(kind) ? pendingLines(r) : []),
    approval?.by ? `${approval.state === 'approved' ? 'Approved' : 'Rejected'} by ${approval.by}${because(approval.reason)}` : '',
  ];
}

const because = (reason: string | undefined): string => (reason ? `: ${reason}` : '');

const causeLine = ({ analysis: a }: Remediation): string =>
  a ? `Cause: ${a.cause} (${Math.round(a.confidence * 100)} %)${because(a.reasoning)}` : '';

const pendingLines = ({ approval, verdict }: Remediation): string[] => [
  approval?.expires_at ? `Expires at ${approval.expires_at}; silence means no.` : '',
  ...(approval ? askedLines(approval) : []),
  ...(verdict?.findings ?? []).filter((f) => f.severity !== 'info').map((f) => `Check ${f.check}: ${f.message}`),
];

const askedLines = ({ why, diff, alternatives = [] }: Approval): string[] => [
  why ? `Asked again: ${why}` : '',
  ...(diff?.changes ?? []).slice(0, 3).map((c) => `Changed: ${c.text}`),
  ...alternatives.slice(0, 3).map((a, i) => `Or ${i + 2}: ${a.summary} (tier ${a.tier})`),
];

const UNDO = { exact: 'can be undone exactly', partial: 'can be undone in part', none: 'cannot be undone' } as const;

const stepLine = (s: RemediationStep, kind: Notification['kind']): string =>
  ASKING.has(kind) || kind === 'approval_decided' ? `Plan: ${s.summary} (tier ${s.tier}, ${UNDO[s.undo]})` : `${s.status.replaceAll('_', ' ')}: ${s.summary}${s.effect ? ` (${s.effect})` : ''}`;

/** Paste-ready. An approval names the plan it is for, so that it can never release another one. */
function commandsOf(r: Remediation, kind: Notification['kind']): string[] {
  const edit = r.analysis?.edit ? [r.analysis.edit] : [];
  switch (kind) {
    case 'approval_requested':
    case 'approval_reminder':
    case 'approval_escalated':
      return [
        `kubernaut approve ${r.id}${r.plan ? ` --plan ${r.plan.hash.slice(0, 10)}` : ''}`,
        `kubernaut reject ${r.id} --reason "…"`,
        `kubernaut show ${r.id}`,
      ];
    case 'applied':
      return [`kubernaut watch ${r.id}`, `kubernaut undo ${r.id}`];
    default:
      return [`kubernaut show ${r.id}`, ...(r.outcome !== 'fixed' ? edit.map((e) => e.slice(0, 1000)) : [])];
  }
}
