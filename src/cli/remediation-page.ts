import type { NotificationRecord } from '../contracts/records.js';
import type { Approval, Remediation, RemediationStep } from '../contracts/remediation.js';
import { formatDuration } from '../domain/duration.js';
import { describeTarget } from '../domain/target.js';
import { nextCommands } from './next-commands.js';
import { age, printable, printableLines, table } from './output.js';
import { reasoningLines } from './reasoning-lines.js';
import { timelineLine } from './timeline-line.js';

/** A remediation for a person, top to bottom in the order of questions: what, why, what was done, did it help, what now. */
export function remediationPage(r: Remediation, now: number = Date.now(), told: readonly NotificationRecord[] = []): string {
  const blocks = [head(r, now), problems(r), why(r), plan(r), verdict(r), policy(r, now), approval(r), assessments(r), timeline(r), notifications(told), links(r), next(r)];
  // again, over every line: what no renderer thought of must not reach the terminal either
  return blocks.filter((lines) => lines.length > 0).map((lines) => lines.map(printable).join('\n')).join('\n\n');
}

const indent = (lines: readonly string[]): string[] => lines.map((line) => `  ${line}`.trimEnd());
const block = (title: string, lines: readonly string[]): string[] => (lines.length === 0 ? [] : [title, ...indent(lines)]);
const grid = (rows: readonly (readonly string[])[]): string[] => table(rows.map((row) => row.map(printable))).split('\n');

function head(r: Remediation, now: number): string[] {
  const state = r.outcome === undefined ? r.phase : `${r.phase}: ${r.outcome}`;
  const took = r.closed_at === undefined ? '' : `, took ${formatDuration(Math.max(0, Date.parse(r.closed_at) - Date.parse(r.started_at)))}`;
  return [
    `${printable(r.id)}  ${state}`,
    ...indent([
      `${printable(describeTarget(r.target))} on ${printable(r.cluster)}, ${r.severity}, started ${age(r.started_at, now)} ago (${printable(r.started_at)})${took}`,
      ...(r.reason === undefined ? [] : [printable(r.reason)]),
    ]),
  ];
}

const problems = (r: Remediation): string[] =>
  block('Problems', r.problems.length === 0 ? [] : grid([
    ['STATUS', 'ALERT', 'FINGERPRINT', 'STARTED', 'RESOLVED'],
    ...r.problems.map((p) => [p.status, p.symptom_on === undefined ? p.alert : `${p.alert} (symptom: ${p.symptom_on})`, p.fingerprint, p.started_at, p.resolved_at ?? '-']),
  ]));

function why({ analysis: a, usage }: Remediation): string[] {
  if (!a) return [];
  const cost = [usage.tokens > 0 ? `${usage.tokens} tokens` : '', usage.cost === undefined ? '' : `cost ${usage.cost}`].filter(Boolean).join(', ');
  return block('Why', [
    `${printable(a.cause)}  (${a.source}, confidence ${a.confidence.toFixed(2)}${cost === '' ? '' : `, ${cost}`})`,
    ...printableLines(a.reasoning),
    ...reasoningLines(a),
    ...(a.edit === undefined ? [] : ['', 'For a person:', ...indent(printableLines(a.edit))]),
    ...(a.evidence_ref === undefined ? [] : [`evidence ${printable(a.evidence_ref)}`]),
  ]);
}

const plan = ({ plan: p }: Remediation): string[] => (p ? block(`Plan  ${printable(p.hash.slice(0, 12))}${p.template ? `  (template ${printable(p.template)})` : ''}`, p.steps.flatMap(stepLines)) : []);

function stepLines(s: RemediationStep): string[] {
  const parameters = Object.entries(s.parameters).map(([key, value]) => `${key}=${typeof value === 'string' ? value : JSON.stringify(value)}`);
  return [
    printable(`${s.ordinal}. ${s.summary}  [${s.status}]`),
    ...indent([
      printable(`${s.action}, tier ${s.tier}, undo ${s.undo}`),
      ...(parameters.length === 0 ? [] : [printable(parameters.join(' '))]),
      ...(s.wrote ?? []).map((w) => printable(`wrote ${w.path} = ${w.value}${w.before === undefined ? '' : ` (before: ${w.before})`}`)),
      ...(s.result === undefined ? [] : [printable(s.result)]),
      ...(s.effect === undefined ? [] : [printable(`effect: ${s.effect}`)]),
    ]),
  ];
}

function verdict({ verdict: v }: Remediation): string[] {
  if (!v) return [];
  return block(`Verdict  ${v.decision}`, v.findings.length === 0 ? ['no findings'] : grid(v.findings.map((f) => [f.severity, f.check, f.reason, f.message])));
}

/** What the policy said of each step and by which of its rules, also where nothing stood in the way. */
function policy({ verdict: v, hold }: Remediation, now: number): string[] {
  const rules = v?.rules ?? [];
  const lines = [
    ...(rules.length === 0 ? [] : grid([['EFFECT', 'RULE', 'WHY'], ...rules.map((r) => [r.effect, r.rule, r.why])])),
    ...(v?.approvers?.length ? [printable(`to be asked: ${v.approvers.join(', ')}`)] : []),
    ...(hold ? [printable(`waits until ${hold.until} for ${hold.rule} (since ${age(hold.since, now)})${hold.can_override ? '; approve with a reason to end the wait' : ''}`)] : []),
  ];
  return block('Policy', lines);
}

function approval({ approval: a }: Remediation): string[] {
  if (!a) return [];
  return block('Approval', [
    printable(stateLine(a)),
    ...(a.picked === undefined ? [] : [printable(`picked by ${a.picked.by}: ${a.picked.key}${a.picked.parameters ? ` ${JSON.stringify(a.picked.parameters)}` : ''}, instead of plan ${a.picked.from.slice(0, 12)}`)]),
    ...(a.approvers === undefined ? [] : [printable(`may be approved by ${a.approvers.join(', ') || 'nobody: the policy names nobody for all of its steps'}`)]),
    ...askedAgain(a),
    ...(a.state === 'pending' ? others(a) : []),
  ]);
}

function stateLine(a: Approval): string {
  const by = a.by === undefined ? '' : ` by ${a.by}${a.via === 'claim' ? ' (unverified)' : ''}`;
  const at = a.at === undefined ? '' : ` at ${a.at}`;
  const until = a.state === 'pending' && a.expires_at !== undefined ? `, waits until ${a.expires_at}` : '';
  const told = [a.reminders ? `${a.reminders} reminder(s)` : '', a.escalated_to ? `escalated to ${a.escalated_to.join(', ')}` : ''].filter(Boolean).join(', ');
  return `${a.state}${by}${at}${until}${told ? `, ${told}` : ''}${a.reason === undefined ? '' : `: ${a.reason}`}`;
}

const askedAgain = ({ why, diff }: Approval): string[] =>
  why === undefined ? [] : [printable(`asked again: ${why}`), ...indent((diff?.changes ?? []).map((c) => printable(c.text)))];

const others = ({ alternatives = [] }: Approval): string[] =>
  alternatives.length === 0 ? [] : ['', 'Or (approve --candidate N; checked when picked)', ...indent(grid(alternatives.map((o, i) => [`${i + 2}`, o.summary, `tier ${o.tier}`, `${o.source}, confidence ${o.confidence.toFixed(2)}`, o.key])))];

const assessments = (r: Remediation): string[] =>
  block('Assessments', r.assessments.length === 0 ? [] : grid(r.assessments.map((a) => [a.horizon, a.verdict ?? `due ${a.due_at}`, a.evidence.join('; ')])));

const timeline = (r: Remediation): string[] => block('Timeline', r.timeline.map(timelineLine));

const notifications = (told: readonly NotificationRecord[]): string[] =>
  block('Notifications', told.length === 0 ? [] : grid(told.map((n) => [n.channel, n.kind, n.status, n.updated_at, n.error ?? ''])));

const links = ({ links: l }: Remediation): string[] =>
  block('Links', [...(l.self === undefined ? [] : [`API       ${printable(l.self)}`]), ...(l.temporal === undefined ? [] : [`Temporal  ${printable(l.temporal)}`])]);

const next = (r: Remediation): string[] => block('Next', nextCommands(r).map(printable));
