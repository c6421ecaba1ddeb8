import type { Approval, Remediation } from '../contracts/remediation.js';
import type { State } from './state.js';

const MARK: Record<string, string> = {
  planned: '◻', running: '▶', applied: '✔', already_applied: '✔', failed: '✖', undone: '↩', undo_refused: '⚠', skipped: '–',
};

/** The page that the Temporal Web UI shows under "Current Details": Markdown without HTML or images, rewritten at each step. */
export function cardOf(state: State): string {
  const { doc } = state;
  return [
    `**${doc.outcome ?? doc.phase}**${doc.reason ? `: ${clean(doc.reason)}` : ''}`,
    ...problemLines(state),
    ...analysisLines(doc),
    ...investigationLines(doc),
    ...planLines(doc),
    ...verdictLines(doc),
    ...policyLines(doc),
    ...holdLines(doc),
    ...approvalLines(doc),
    ...assessmentLines(doc),
    ...timelineLines(doc),
  ]
    .join('\n')
    .slice(0, 18_000);
}

const section = (title: string, lines: string[]): string[] => (lines.length === 0 ? [] : ['', `### ${title}`, ...lines]);

const problemLines = (state: State): string[] =>
  section('Problems', state.problems.map((p) => `- ${clean(p.alert)} (${p.severity}) ${p.status}${p.symptomOn ? `, a probable symptom on ${clean(p.symptomOn)}` : ''}${p.refires ? `, fired again ${p.refires}×` : ''}`));

const analysisLines = ({ analysis }: Remediation): string[] =>
  analysis
    ? section('Why', [
        `- ${clean(analysis.cause)} (${Math.round(analysis.confidence * 100)} % sure, by ${analysis.source})`,
        `- ${clean(analysis.reasoning)}`,
        ...(analysis.edit ? [`- for a person: \`${analysis.edit.replaceAll('`', "'")}\``] : []),
      ])
    : [];

const MOST_LOOKS = 20;

const investigationLines = ({ analysis }: Remediation): string[] => {
  const told = analysis?.investigation;
  if (!told) return [];
  const cost = told.cost === undefined ? '' : `, ${told.cost.toFixed(4)} USD`;
  return section('Investigation', [
    `- ${told.ended}${told.by ? ` by ${clean(told.by)}` : ''}: ${told.turns} answers, ${told.tools} looks, ${told.tokens} tokens${cost}`,
    ...told.asked.slice(-MOST_LOOKS).map((a) => `- ${clean(a.summary)}: ${clean(a.found)}${a.truncated ? ' (truncated)' : ''}`),
  ]);
};

const planLines = ({ plan }: Remediation): string[] =>
  plan
    ? section(`Plan ${plan.hash.slice(0, 10)}${plan.template ? ` (${plan.template})` : ''}`, plan.steps.map((s) => `- ${MARK[s.status] ?? ''} ${clean(s.summary)} (tier ${s.tier}, undo ${s.undo})${s.result ? `: ${clean(s.result)}` : ''}`))
    : [];

const verdictLines = ({ verdict }: Remediation): string[] =>
  verdict ? section(`Safety: ${verdict.decision}`, verdict.findings.map((f) => `- ${f.severity}: ${clean(f.message)}`)) : [];

const policyLines = ({ verdict }: Remediation): string[] =>
  section('Policy', (verdict?.rules ?? []).map((r) => `- ${clean(r.effect)} by ${clean(r.rule)}: ${clean(r.why)}`));

const holdLines = ({ id, hold }: Remediation): string[] =>
  hold
    ? section('Waits', [
        `Until ${hold.until}, by ${clean(hold.rule)}: ${clean(hold.message)}`,
        ...(hold.can_override ? ['```', `kubernaut approve ${id} --reason 'why it cannot wait'`, '```'] : []),
      ])
    : [];

const approvalLines = (doc: Remediation): string[] => {
  const { approval: a, plan } = doc;
  if (!a || !plan) return [];
  const said = [...(a.picked ? [`- ${clean(a.picked.by)} picked ${clean(a.picked.key)} instead of plan ${a.picked.from.slice(0, 10)}`] : []), ...diffLines(a)];
  return a.state === 'pending' ? section('Approve', [...said, ...waitingLines(a), ...commandLines(doc, a, plan.hash.slice(0, 10))]) : section(`Approval: ${a.state}`, [`- by ${clean(a.by ?? 'nobody')}`, ...said]);
};

const diffLines = ({ why, diff }: Approval): string[] => (why ? [`- asked again: ${clean(why)}`, ...(diff?.changes ?? []).map((c) => `  - ${clean(c.text)}`)] : []);

const waitingLines = (a: Approval): string[] => [
  ...(a.reminders ? [`- reminded ${a.reminders}×`] : []),
  ...(a.escalated_to ? [`- escalated to ${clean(a.escalated_to.join(', '))}`] : []),
  ...(a.approvers ? [`- may be approved by ${clean(a.approvers.join(', '))}`] : []),
  ...(a.alternatives ?? []).map((o, i) => `- or ${i + 2}: ${clean(o.summary)} (tier ${o.tier})`),
];

/** Paste-ready; ids and hashes are ours, everything else stays out of the code block. */
const commandLines = ({ id, workflow_id: workflow }: Remediation, a: Approval, hash: string): string[] => {
  const update = (input: string): string => `temporal workflow update execute --workflow-id '${workflow}' --name approveRemediation --input '${input}'`;
  const other = a.alternatives?.length ? [`kubernaut approve ${id} --plan ${hash} --candidate 2`, update(`{"by":"you","plan":"${hash}","candidate":2}`)] : [];
  return [`Until ${a.expires_at}:`, '```', `kubernaut approve ${id} --plan ${hash}`, update(`{"by":"you","plan":"${hash}"}`), ...other, `kubernaut reject ${id}`, '```'];
};

const assessmentLines = ({ assessments }: Remediation): string[] =>
  section('Effect', assessments.map((a) => `- ${a.horizon}: ${a.verdict ?? `due ${a.due_at}`}${a.evidence.length ? ` (${a.evidence.slice(0, 3).map(clean).join('; ')})` : ''}`));

const timelineLines = ({ timeline }: Remediation): string[] =>
  section('Timeline', timeline.slice(-30).map((t) => `- ${t.at.slice(11, 19)} ${t.phase}: ${clean(t.text)}`));

/** Alert names and log lines are untrusted: they must not draw links, headings or code in the page. */
export const clean = (text: string): string => text.replace(/[`*[\]<>#|\\]/g, ' ').replace(/\s+/g, ' ').slice(0, 400);
