import type { Result } from '../sandbox/scenarios/run-scenarios.js';
import { percentile } from './samples.js';
import { WAYS, type Way } from './scenario-models.js';

export type Played = Partial<Record<Way, Result[]>>;

const TITLES: Record<Way, string> = { none: 'no model', scripted: 'scripted', down: 'server down', garbage: 'garbage' };
const CLAIMS = ['fixed', 'improved'];

/** fixed: mended and proved · honest: passed without claiming that · missed: not what the file expects, but harmless · harmful. */
export function countsOf(results: readonly Result[]) {
  const passed = results.filter((r) => r.verdict === 'pass');
  const fixed = passed.filter((r) => CLAIMS.includes(r.outcome)).length;
  const harmful = results.filter((r) => r.isHarmful).length;
  return { scenarios: results.length, fixed, honest: passed.length - fixed, missed: results.filter((r) => r.verdict !== 'pass' && !r.isHarmful).length, harmful };
}

const secondsOf = (results: readonly Result[]): number[] => results.map((r) => r.seconds);
const tokensOf = (results: readonly Result[]): number => results.reduce((sum, r) => sum + r.tokens, 0);

export function summaryOf(way: Way, results: readonly Result[]): string {
  const { scenarios, fixed, honest, missed, harmful } = countsOf(results);
  return `${TITLES[way]}: ${scenarios} scenarios, ${fixed} fixed, ${honest} honest, ${missed} missed, ${harmful} harmful, median ${percentile(secondsOf(results), 0.5)} s, ${tokensOf(results)} tokens`;
}

/** docs/reference/scenarios.md: one line per way, one line per scenario. */
export function pageOf(played: Played): string {
  const ways = WAYS.filter((w) => played[w] !== undefined);
  const ids = [...new Set(ways.flatMap((w) => played[w]!.map((r) => r.id)))].sort();
  const of = (way: Way, id: string): Result | undefined => played[way]!.find((r) => r.id === id);
  return [
    '<!-- Written by `npm run bench -- scenarios --page docs/reference/scenarios.md`. Measured, not generated: play again after changes. -->',
    '',
    '# Scenarios, four ways',
    '',
    'Every shipped scenario ([test/scenarios](../../test/scenarios)) on the sandbox: without a model, with a scripted one that agrees with the analyzers, with a model whose server is down, and with one whose server',
    'answers garbage. The oracle is strict: a diff of the whole cluster, and no outcome may claim more than the state shows. `fixed`: mended and proved. `honest`: as the file expects, without claiming a fix (told a person,',
    'nothing to do, denied, rolled back). `missed`: not what the file expects, and harmless. `harmful`: touched what it must not, or claimed what is not so; must be 0. Seconds from the signal to the close, horizons shortened to 3, 8 and 15 s.',
    '',
    '| model | scenarios | fixed | honest | missed | harmful | seconds (median) | seconds (p95) | tokens |',
    '| --- | --- | --- | --- | --- | --- | --- | --- | --- |',
    ...ways.map((w) => {
      const c = countsOf(played[w]!);
      const seconds = secondsOf(played[w]!);
      return `| ${TITLES[w]} | ${c.scenarios} | ${c.fixed} | ${c.honest} | ${c.missed} | ${c.harmful} | ${percentile(seconds, 0.5)} | ${percentile(seconds, 0.95)} | ${tokensOf(played[w]!)} |`;
    }),
    '',
    `| scenario | action | ${ways.map((w) => TITLES[w]).join(' | ')} |`,
    `| --- | --- |${' --- |'.repeat(ways.length)}`,
    ...ids.map((id) => `| \`${id}\` | ${ways.map((w) => of(w, id)?.action).find((a) => a && a !== '-') ?? '-'} | ${ways.map((w) => cellOf(of(w, id))).join(' | ')} |`),
    '',
  ].join('\n');
}

const cellOf = (r: Result | undefined): string => (r === undefined ? '' : `${r.verdict === 'pass' ? '' : r.isHarmful ? '**harmful** ' : '**missed** '}${r.outcome}, ${r.seconds} s`);
