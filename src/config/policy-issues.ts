import { durationMs } from '../domain/duration.js';
import type { Policy } from '../domain/policy.js';
import type { PolicyRule, Signed } from '../domain/policy-rule.js';
import type { PolicyWindow } from '../domain/policy-window.js';
import { policyCel, shippedRules } from '../policy/compile.js';
import { cronOf } from '../policy/clocked.js';
import { expressionIssue } from './expression-issue.js';
import type { ConfigIssue } from './issues.js';

const MOST_RULES = 200;

/** What the schema of the policy cannot say: expressions, calendars, actions, and what contradicts itself. */
export function policyIssues(policy: Policy, actionIds?: readonly string[]): ConfigIssue[] {
  const { rules, windows, shippedRules: shipped } = policy;
  return [
    ...namesTwice(rules, 'policy.rules'), ...namesTwice(windows, 'policy.windows'),
    ...(rules.length > MOST_RULES ? [{ path: 'policy.rules', got: `${rules.length} rules`, expected: `at most ${MOST_RULES}`, example: 'one rule with more in its expression' }] : []),
    ...unknownShipped(shipped.without),
    ...rules.flatMap((rule, i) => ruleIssues(rule, `policy.rules.${i}`, actionIds)),
    ...windows.flatMap((w, i) => windowIssues(w, `policy.windows.${i}`)),
    ...(policy.opa?.timeout !== undefined && durationMs(policy.opa.timeout) > 30_000 ? [{ path: 'policy.opa.timeout', got: policy.opa.timeout, expected: 'at most 30s: every plan waits for it', example: '2s' }] : []),
  ];
}

/** At night is no time to learn that nobody is called. */
export function unknownChannels({ policy: { approvals }, channels }: { policy: Policy; channels: object }): ConfigIssue[] {
  const known = Object.keys(channels);
  return (approvals?.escalateTo ?? []).flatMap((channel, i) =>
    known.includes(channel) ? [] : [{ path: `policy.approvals.escalateTo.${i}`, got: channel, expected: `a channel that is configured: ${known.join(', ')}`, example: known[0] ?? 'log' }],
  );
}

const namesTwice = (entries: readonly { name: string }[], path: string): ConfigIssue[] =>
  entries.flatMap(({ name }, i) => (entries.findIndex((e) => e.name === name) < i ? [{ path: `${path}.${i}.name`, got: `a second ${name}`, expected: 'a name of its own', example: `${name}-2` }] : []));

function unknownShipped(without: readonly string[]): ConfigIssue[] {
  if (without.length === 0) return [];
  const names = shippedRules().map((r) => r.name);
  return without.flatMap((name, i) => (names.includes(name) ? [] : [{ path: `policy.shippedRules.without.${i}`, got: name, expected: `a shipped rule: ${names.join(', ')}`, example: names[0] ?? '' }]));
}

const EXAMPLE = 'environment == "prod" && tier >= 2';

function ruleIssues({ when, effect, signed }: PolicyRule, path: string, actionIds: readonly string[] | undefined): ConfigIssue[] {
  const compiled = policyCel().compile(when, 'bool');
  return [
    ...('problem' in compiled ? [expressionIssue(`${path}.when`, when, compiled, { type: 'bool', example: EXAMPLE })] : []),
    ...(signed ? signedIssues(signed, { effect, path, actionIds }) : []),
  ];
}

/** Tier 3 by itself is bounded: by name, by object, by day. */
function signedIssues(signed: Signed, { effect, path, actionIds }: { effect: string; path: string; actionIds: readonly string[] | undefined }): ConfigIssue[] {
  const { namespaces = [], names = [], actions, until } = signed;
  const bounds = [...namespaces, ...names];
  return [
    ...(effect === 'allow' ? [] : [{ path: `${path}.signed`, got: `signed beside effect: ${effect}`, expected: 'signed beside effect: allow alone', example: 'effect: allow' }]),
    ...(bounds.length > 0 && !bounds.some((g) => /^[*?]+$/.test(g)) ? [] : [{ path: `${path}.signed.namespaces`, got: bounds.length === 0 ? 'no bounds' : 'bounds that fit everything', expected: 'namespaces or names, none of them * alone', example: '[shop-staging]' }]),
    ...(Number.isNaN(Date.parse(until)) ? [{ path: `${path}.signed.until`, got: until, expected: 'a time that exists', example: '2030-01-31T00:00:00Z' }] : []),
    ...actions.flatMap((id, i) => (!actionIds || actionIds.includes(id) ? [] : [{ path: `${path}.signed.actions.${i}`, got: id, expected: `one of ${actionIds.join(', ')}`, example: actionIds[0] ?? '' }])),
  ];
}

const LONGEST_MS = 92 * 86_400_000;

function windowIssues(w: PolicyWindow, path: string): ConfigIssue[] {
  const isFixed = w.from !== undefined || w.to !== undefined;
  if (isFixed === (w.schedule !== undefined)) {
    return [{ path, got: isFixed ? 'a schedule beside from or to' : 'neither a schedule nor from and to', expected: 'schedule with duration, or from and to', example: 'schedule: "0 22 * * FRI", duration: 8h' }];
  }
  return isFixed ? fixedIssues(w, path) : scheduleIssues(w, path);
}

function fixedIssues({ from, to, duration, timezone }: PolicyWindow, path: string): ConfigIssue[] {
  const extra = duration !== undefined ? 'duration' : timezone !== undefined ? 'timezone' : undefined;
  return [
    ...(extra ? [{ path: `${path}.${extra}`, got: `${extra} beside from or to`, expected: `no ${extra}: the times have their zone`, example: 'from: 2030-12-20T00:00:00+01:00' }] : []),
    ...[['from', from], ['to', to]].flatMap(([key, time]) => (time !== undefined && Number.isNaN(Date.parse(time)) ? [{ path: `${path}.${key}`, got: time, expected: 'a time that exists', example: '2030-12-20T00:00:00+01:00' }] : [])),
    ...(from !== undefined && to !== undefined && Date.parse(from) >= Date.parse(to) ? [{ path: `${path}.to`, got: to, expected: `a time after ${from}`, example: '2031-01-07T00:00:00+01:00' }] : []),
  ];
}

function scheduleIssues({ schedule = '', duration, timezone }: PolicyWindow, path: string): ConfigIssue[] {
  if (!isZone(timezone)) return [{ path: `${path}.timezone`, got: timezone ?? '', expected: 'an IANA time zone', example: 'Europe/Berlin' }];
  if (duration === undefined) return [{ path: `${path}.duration`, got: 'nothing', expected: 'how long it lasts from its beginning', example: '8h' }];
  const lengthMs = durationMs(duration);
  const problem = problemOfSchedule(schedule, timezone);
  return [
    ...(lengthMs > 0 && lengthMs <= LONGEST_MS ? [] : [{ path: `${path}.duration`, got: duration, expected: 'more than nothing and at most 92d', example: '8h' }]),
    ...(problem === undefined ? [] : [{ path: `${path}.schedule`, got: `${schedule}: ${problem}`, expected: 'five fields: minute, hour, day of month, month, day of week', example: '0 22 * * FRI' }]),
  ];
}

function isZone(timezone: string | undefined): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: timezone ?? 'UTC' });
    return true;
  } catch {
    return false;
  }
}

/** Any year will do to see whether it ever happens: a leap day comes within eight. */
function problemOfSchedule(schedule: string, timezone: string | undefined): string | undefined {
  try {
    return cronOf(schedule, timezone).nextRun(new Date('2024-01-01T00:00:00Z')) === null ? 'it never happens' : undefined;
  } catch (error) {
    return (error as Error).message;
  }
}
