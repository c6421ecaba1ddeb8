import { setTimeout as sleep } from 'node:timers/promises';
import type { Remediation } from '../../src/contracts/remediation.js';
import { isKubernautError } from '../../src/domain/errors.js';
import type { ClusterView } from '../simulator/world.js';
import { alertManagerBody, alertOf, type SentAlert } from './alerts.js';
import { whyNot } from './assertions.js';
import { diffSnapshots } from './diff.js';
import { performStep, type FaultContext } from './fault.js';
import { followToTheEnd, type Followed } from './follow.js';
import { isExpectedOutcome } from './judged.js';
import { judgeScenario, type Judgement } from './judge-scenario.js';
import type { LoadedScenario } from './load.js';
import type { Product } from './product.js';
import type { RemediationFeed } from './remediation-feed.js';
import { resolverOf } from './resolver.js';
import type { Assertion, ScenarioPolicy } from './scenario.js';
import { takeSnapshot, type Snapshot } from './snapshot.js';
import { SCENARIO_LABEL, stageOf, type Stage } from './stage.js';
import { territoryOf } from './territory.js';
import type { Workbench } from './workbench.js';

export interface Result {
  id: string;
  title: string;
  file: string;
  outcome: string;
  action: string;
  target: string;
  /** From the signal until the last remediation closed. */
  seconds: number;
  /** `error` = the scenario itself could not be played. */
  verdict: 'pass' | 'fail' | 'error';
  /** Empty when it passed. */
  why: string;
  namespace: string;
  remediations: string[];
  /** See Judgement. */
  isHarmful: boolean;
  /** Of a model, over all its remediations. */
  tokens: number;
}

export interface Theatre {
  bench: Workbench;
  view: ClusterView;
  product: Product;
  feed: RemediationFeed;
  signal: AbortSignal;
  /** Where cleaning goes on while the next scenario plays. */
  sweep(cleaning: Promise<void>): void;
}

/** A status may lag behind the object it describes. */
const ASSERT_FOR_MS = 10_000;
/** The simulator learns of new image rows by watch; without a pause the first pods could be judged by the old ones. */
const SETTLE_MS = 300;

/** Plays one scenario from an empty namespace to its verdict. Never rejects. */
export async function runScenario(loaded: LoadedScenario, theatre: Theatre): Promise<Result> {
  const { scenario, file, namespace } = loaded;
  const base = { id: scenario.id, title: scenario.title ?? scenario.id, file, namespace };
  const territory = territoryOf(loaded, theatre.bench.types());
  const stage = stageOf(theatre.bench, loaded, territory);
  const startedAt = new Date().toISOString();
  const isMine = (r: Remediation): boolean =>
    r.started_at >= startedAt && (r.target.namespace === undefined ? territory.isAlone : territory.namespaces.includes(r.target.namespace));
  let remediations: readonly Remediation[] = [];
  let result: Result;
  try {
    const played = await play(loaded, theatre, stage, isMine);
    remediations = played.followed.remediations;
    const { failures, ...judged } = played.judgement;
    const seconds = Math.round((played.followed.closedAfterMs ?? played.followed.tookMs) / 100) / 10;
    result = { ...base, ...judged, seconds, verdict: failures.length === 0 ? 'pass' : 'fail', why: failures.join('; '), remediations: remediations.map((r) => r.id), tokens: tokensOf(remediations) };
  } catch (error) {
    remediations = theatre.feed.latest().filter(isMine);
    result = { ...base, outcome: '-', action: '-', target: '-', seconds: 0, verdict: 'error', why: messageOf(error), remediations: remediations.map((r) => r.id), isHarmful: false, tokens: tokensOf(remediations) };
  }
  const cleaning = leave(theatre, stage, scenario.policy, remediations);
  if (territory.isAlone) {
    await cleaning.catch((error: unknown) => void (result = { ...result, verdict: 'error', why: `${result.why} not cleaned up: ${messageOf(error)}`.trim() }));
  } else theatre.sweep(cleaning);
  return result;
}

const tokensOf = (remediations: readonly Remediation[]): number => remediations.reduce((sum, r) => sum + r.usage.tokens, 0);

export const messageOf = (error: unknown): string => (isKubernautError(error) ? `${error.code}: ${error.message}` : error instanceof Error ? error.message : String(error));

async function play(loaded: LoadedScenario, theatre: Theatre, stage: Stage, isMine: (r: Remediation) => boolean): Promise<{ followed: Followed; judgement: Judgement }> {
  const { scenario, namespace } = loaded;
  const { bench, product, feed, signal } = theatre;
  await setPolicies(product, scenario.policy, stage.territory.namespaces);
  await stage.build(signal);
  const context: FaultContext = { bench, images: stage.images, namespace, remember: stage.remember, apply: stage.apply, signal };
  await sleep(SETTLE_MS);
  for (const step of scenario.fault ?? []) await performStep(step, context);
  const before = await takeSnapshot(bench);
  const alerts = (scenario.signal?.alertmanager ?? []).map((a) => alertOf(a, new Date().toISOString()));
  const signalledAtMs = Date.now();
  const resolver = resolverOf(alerts, scenario, theatre.view, signalledAtMs);
  await speak(alerts, product, stage);
  const isExpected = (remediations: readonly Remediation[]) => isExpectedOutcome({ scenario, namespace, types: bench.types(), remediations });
  const disturb = (step: Parameters<typeof performStep>[0]) => performStep(step, context);
  const followed = await followToTheEnd({ scenario, product, feed, resolver, isMine, isExpected, disturb, signalledAtMs, signal });
  const failedAssertions = await assertState(bench, loaded, signal);
  const after = await takeSnapshot(bench);
  const differences = diffSnapshots(before, after, { isForeign: foreignIn([before, after], stage.territory.namespaces) });
  const judgement = judgeScenario({ scenario, namespace, types: bench.types(), followed, differences, before, failedAssertions });
  await restoreOthers(stage, bench, differences);
  return { followed, judgement };
}

/** The signal itself: the file's alerts, or the ticker's voice. */
const speak = (alerts: readonly SentAlert[], product: Product, stage: Stage): Promise<void> =>
  alerts.length === 0 ? stage.unsilence() : product.sendAlerts(alertManagerBody(alerts));

/** The file's own policy holds in each of its namespaces, with what it says of one namespace on top. */
async function setPolicies(product: Product, policy: ScenarioPolicy | undefined, namespaces: readonly string[]): Promise<void> {
  if (policy === undefined) return;
  const { namespaces: single = {}, ...common } = policy;
  for (const name of new Set([...namespaces, ...Object.keys(single)])) {
    const own = single[name];
    const isOurs = namespaces.includes(name);
    const actions = { ...(isOurs ? common.actions : {}), ...own?.actions };
    await product.setPolicy(name, { ...(isOurs ? common : {}), ...own, ...(Object.keys(actions).length > 0 ? { actions } : {}) });
  }
}

async function assertState(bench: Workbench, { scenario, namespace }: LoadedScenario, signal: AbortSignal): Promise<string[]> {
  const check = async (a: Assertion): Promise<string | undefined> =>
    whyNot(a, await bench.get(bench.name(a.get, { file: namespace, ...(a.namespace === undefined ? {} : { explicit: a.namespace }) })));
  for (const end = Date.now() + ASSERT_FOR_MS; ; await sleep(300, undefined, { signal })) {
    const failures = (await Promise.all((scenario.expect.state ?? []).map(check))).filter((f) => f !== undefined);
    if (failures.length === 0 || Date.now() > end) return failures;
  }
}

/** Namespaces of other scenarios, of this run or another one's. */
function foreignIn(snapshots: readonly Snapshot[], own: readonly string[]): (namespace: string) => boolean {
  const scenarios = snapshots.flatMap((s) => [...s.values()]).filter((o) => o.kind === 'Namespace' && o.metadata.labels?.[SCENARIO_LABEL] !== undefined);
  const foreign = new Set(scenarios.map((o) => o.metadata.name).filter((name) => !own.includes(name)));
  return (namespace) => foreign.has(namespace);
}

/** What the product did to objects that were there before this file: remembered, so that clearing puts them back. */
async function restoreOthers(stage: Stage, bench: Workbench, differences: ReturnType<typeof diffSnapshots>): Promise<void> {
  for (const d of differences) {
    const one = d.before ?? d.after!;
    const type = await bench.typeOf(one);
    stage.remember({ type, name: d.name, ...(d.namespace === undefined ? {} : { namespace: d.namespace }) }, d.before);
  }
}

async function leave({ product }: Theatre, stage: Stage, policy: ScenarioPolicy | undefined, remediations: readonly Remediation[]): Promise<void> {
  const names = policy === undefined ? [] : [...new Set([...stage.territory.namespaces, ...Object.keys(policy.namespaces ?? {})])];
  const asked = [...remediations.filter((r) => r.phase !== 'closed').map((r) => product.cancel(r.id)), ...names.map((n) => product.removePolicy(n))];
  const told = await Promise.allSettled(asked);
  await stage.clear();
  const failure = told.find((t) => t.status === 'rejected');
  if (failure) throw failure.reason;
}
