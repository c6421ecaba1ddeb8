import { createLogger } from '../../src/adapters/telemetry/logger.js';
import { createMetrics } from '../../src/adapters/telemetry/metrics.js';
import { loadConfig } from '../../src/config/load.js';
import type { NotificationRow } from '../../src/contracts/notification.js';
import type { Remediation } from '../../src/contracts/remediation.js';
import { KubernautError } from '../../src/domain/errors.js';
import type { Known } from '../../src/domain/occurrence.js';
import type { SignalRow, Store } from '../../src/domain/ports.js';
import type { Pause } from '../../src/domain/policy.js';
import type { Storm } from '../../src/domain/storm.js';
import type { Signal } from '../../src/domain/signal.js';
import type { GatewayDeps } from '../../src/gateway/deps.js';
import { createFilters } from '../../src/gateway/filters.js';
import { createIntake } from '../../src/gateway/intake.js';
import { createRedrive } from '../../src/gateway/redrive.js';
import type { LookRequest, TemporalGateway } from '../../src/gateway/temporal-port.js';
import { startGateway, type RunningGateway } from '../../src/gateway/server.js';

export const TOKEN = 'test-token';

/** Our own store port in memory, with a switch for an outage. */
export function memoryStore() {
  const signals = new Map<string, SignalRow>();
  const remediations = new Map<string, Remediation>();
  let pauses: Pause[] = [];
  const notifications: NotificationRow[] = [];
  const artifacts = new Map<string, unknown>();
  const counts = new Map<string, Map<string, number>>();
  const storms = new Map<string, { version: number; storm?: Storm }>();
  const audit: { verb: string; subject: string; actor: string }[] = [];
  const links = new Map<string, { decision: string; by: string; at: string } | undefined>();
  const state = { isDown: false, isReadOnly: false, links, signals, remediations, audit, notifications, artifacts };
  const up = () => {
    if (state.isDown) throw new KubernautError('StoreUnavailable', 'the database is out of reach');
  };
  const writable = () => {
    up();
    if (state.isReadOnly) throw new KubernautError('StoreUnavailable', 'the database takes no writes');
  };
  const keyOf = (k: { cluster: string; fingerprint: string; startsAt: string; status: string }) => `${k.cluster}/${k.fingerprint}/${k.startsAt}/${k.status}`;
  const store: Partial<Store> = {
    ping: async () => up(),
    knownOf: async (wanted, startsWithinMs) => (up(), wanted.map((s) => knownOf([...signals.values()], s, startsWithinMs))),
    enterSignals: async (fresh) => {
      writable();
      for (const signal of fresh) if (!signals.has(keyOf(signal))) signals.set(keyOf(signal), { signal, outcome: 'received' });
    },
    claimWaiting: async ({ limit }) => (writable(), [...signals.values()].filter((r) => r.outcome === 'received').slice(0, limit).map((r) => r.signal)),
    findSignal: async (key) => (up(), signals.get(keyOf(key))),
    recordSignal: async (row) => {
      writable();
      // As in the database: a row that names a remediation is final.
      if (!signals.get(keyOf(row.signal))?.remediationId) signals.set(keyOf(row.signal), row);
    },
    recordSignals: async (rows) => {
      for (const row of rows) await store.recordSignal!(row);
    },
    signalsOf: async (fingerprint) => (up(), [...signals.values()].filter((r) => r.signal.fingerprint === fingerprint).map((r) => ({ ...r, at: r.signal.receivedAt }))),
    openSignals: async (source, cluster) => {
      up();
      const open = [...signals.values()].filter(({ signal: s }) => s.source === source && s.cluster === cluster && s.status === 'firing' && !signals.has(keyOf({ ...s, status: 'resolved' })));
      return open.map((r) => ({ ...r, at: r.signal.receivedAt })).sort((a, b) => (a.signal.startsAt < b.signal.startsAt ? 1 : -1));
    },
    countForRule: async ({ rule, key, withinMs }, { cluster, fingerprint, startsAt }) => {
      writable();
      const starts = counts.get(`${rule} ${key}`) ?? new Map<string, number>();
      counts.set(`${rule} ${key}`, starts.set(`${cluster}/${fingerprint}/${startsAt}`, Date.parse(startsAt)));
      const at = Date.parse(startsAt);
      const ends = [...starts.values()].filter((s) => s >= at && s <= at + withinMs);
      return Math.max(...ends.map((end) => [...starts.values()].filter((s) => s >= end - withinMs && s <= end).length));
    },
    heldByRule: async ({ rule, key, withinMs }, { startsAt }) => {
      up();
      const isNear = (s: string) => Math.abs(Date.parse(s) - Date.parse(startsAt)) <= withinMs;
      const counted = counts.get(`${rule} ${key}`) ?? new Map<string, number>();
      return [...signals.values()]
        .filter(({ signal: s, outcome, remediationId, rules }) => outcome === 'suppressed' && !remediationId && rules?.includes(rule) && s.status === 'firing' && isNear(s.startsAt))
        .map((r) => r.signal)
        .filter((s) => counted.has(`${s.cluster}/${s.fingerprint}/${s.startsAt}`) && !signals.has(keyOf({ ...s, status: 'resolved' })));
    },
    filterHits: async () => {
      up();
      const rows = [...signals.values()].flatMap((r) => (r.rules ?? []).map((rule) => ({ rule, at: r.signal.receivedAt })));
      return [...new Set(rows.map((r) => r.rule))].map((rule) => ({ rule, hits: rows.filter((r) => r.rule === rule).length, lastAt: rows.findLast((r) => r.rule === rule)!.at }));
    },
    saveRemediation: async (r) => {
      writable();
      if ((remediations.get(r.id)?.revision ?? -1) <= r.revision) remediations.set(r.id, r);
    },
    saveFirst: async (firsts) => {
      writable();
      for (const r of firsts) if (!remediations.has(r.id)) remediations.set(r.id, r);
    },
    getRemediation: async (id) => {
      up();
      const found = [...remediations.values()].find((r) => r.id.startsWith(id));
      if (!found) throw new KubernautError('NotFound', `there is no remediation ${id}`);
      return found;
    },
    standingOf: async (ids) =>
      (up(), ids.map((id) => standingFrom([...remediations.values()].findLast((r) => r.workflow_id === id)))),
    releaseSymptoms: async () => {
      writable();
      const due = [...signals.values()].filter(({ signal: s, outcome, heldUntil, remediationId }) =>
        outcome === 'joined' && heldUntil && s.status === 'firing' && !signals.has(keyOf({ ...s, status: 'resolved' })) && remediations.get(remediationId!)?.phase === 'closed');
      for (const row of due) Object.assign(row, { outcome: 'received', heldUntil: undefined, workflowId: undefined, remediationId: undefined, signal: { ...row.signal, symptomOn: undefined, isOwn: true } });
      return due.length;
    },
    latestOf: async (workflowId) => (up(), [...remediations.values()].findLast((r) => r.workflow_id === workflowId)),
    listRemediations: async ({ target, phase, namespace, limit = 50 }) => {
      up();
      const isWanted = (r: Remediation) =>
        (!target || [r.target.name, `${r.target.kind.toLowerCase()}/${r.target.name}`].includes(target)) && (!phase || r.phase === phase) && (!namespace || r.target.namespace === namespace);
      return { items: [...remediations.values()].filter(isWanted).slice(0, limit) };
    },
    countInPhase: async (phase) => (up(), [...remediations.values()].filter((r) => r.phase === phase).length),
    notificationsOf: async (id) => (up(), notifications.filter((n) => n.remediationId === id)),
    getArtifact: async (ref) => (up(), artifacts.get(ref)),
    claimLink: async ({ id }) => {
      writable();
      if (links.has(id)) return false;
      links.set(id, undefined);
      return true;
    },
    usedLink: async (id) => (up(), links.get(id)),
    settleLink: async ({ id, ...used }) => (writable(), void links.set(id, used)),
    releaseLink: async (id) => (writable(), void links.delete(id)),
    audit: async (entry) => void audit.push(entry),
    readStorm: async (cluster) => {
      up();
      const { storm, version = 0 } = storms.get(cluster) ?? {};
      const at = new Date().toISOString();
      const remediationsNow = [...remediations.values()].filter((r) => r.cluster === cluster && Math.abs(Date.parse(r.started_at) - Date.parse(at)) <= 60_000).length;
      return { at, version: String(version), remediations: remediationsNow, ...(storm ? { storm } : {}) };
    },
    keepStorm: async ({ cluster, version, at, storm, told }) => {
      writable();
      if (String(storms.get(cluster)?.version ?? 0) !== version) return false;
      storms.set(cluster, { version: Number(version) + 1, storm });
      if (told) await store.audit!({ at, actor: 'kubernaut', verb: told.verb, subject: `cluster ${cluster}`, details: told.details });
      return true;
    },
    pauses: async () => pauses,
    setPause: async (pause) => {
      if (!('remove' in pause)) return void pauses.push(pause);
      const { remove } = pause;
      pauses = pauses.filter((p) => p.cluster !== remove.cluster || p.namespace !== remove.namespace || p.action !== remove.action);
    },
  };
  return { state, store: store as Store };
}

/** What a worker says where nothing is to be done; fits both workflows that only look. */
const LOOKED = {
  action: 'no_action', confidence: 0.9, parameters: {}, cause: 'healthy', source: 'rules', steps: [], alternatives: [], outcome: 'no_action_needed', why: 'all is well',
  reasoning: { summary: 'all is well', primary_reason: 'healthy', historical_context: 'nothing', oscillation_risk: 'low', oscillation_why: 'nothing was written' },
  remediation_id: 'r-1', decided_at: '2026-01-01T00:00:00.000Z', decision_ref: 'sha256:d', is_same: true, differences: [], unknown: [],
  before: { findings: [], proposals: [], candidates: [], result: 'no_action_needed', cause: 'healthy', confidence: 0.9, steps: [] },
  after: { findings: [], proposals: [], candidates: [], result: 'no_action_needed', cause: 'healthy', confidence: 0.9, steps: [] },
};

/** Our own Temporal port: remembers what runs, with a switch for an outage. */
export function memoryTemporal() {
  const open = new Map<string, { runId: string; remediationId: string; signals: string[] }>();
  const state = { isDown: false, open, calls: 0, told: [] as unknown[], looked: [] as (LookRequest & { withinMs: number })[], onLook: (_what: LookRequest): unknown => LOOKED, failAfter: Infinity, delays: new Map<string, number | undefined>(), onDispatch: undefined as (() => void | Promise<void>) | undefined };
  const up = () => {
    state.calls += 1;
    if (state.isDown || state.calls > state.failAfter) throw new KubernautError('TemporalUnavailable', { message: 'Temporal is out of reach', retryAfterMs: 5000 });
  };
  const temporal: TemporalGateway = {
    async dispatch({ target, first, remediationId }, options) {
      up();
      state.delays.set(first.fingerprint, options?.startDelayMs);
      await state.onDispatch?.();
      const id = `remediation/${target.cluster}/${target.namespace ?? '-'}/${target.kind}/${target.name}`;
      const running = open.get(id);
      if (running) running.signals.push(first.fingerprint);
      else open.set(id, { runId: `run-${open.size}`, remediationId, signals: [first.fingerprint] });
      return { started: !running, runId: open.get(id)!.runId };
    },
    async join(workflowId, signal) {
      up();
      const running = open.get(workflowId);
      running?.signals.push(`${signal.status === 'resolved' ? 'resolved' : 'symptom'} ${signal.fingerprint}`);
      return running && { remediationId: running.remediationId };
    },
    remediationOf: async (workflowId) => (up(), open.has(workflowId) ? { remediationId: open.get(workflowId)!.remediationId, runId: open.get(workflowId)!.runId, isOpen: true } : undefined),
    status: async () => undefined,
    async decide(ref, kind, decision) {
      up();
      state.told.push({ ...ref, kind, decision });
      if (decision.plan === 'ffffff') throw new KubernautError('Conflict', 'the plan has changed');
      return { accepted: true, remediationId: ref.remediationId, planHash: 'abcdef0123' };
    },
    tell: async (ref, what, decision) => void state.told.push({ ...ref, what, decision }),
    async look(what, withinMs) {
      up();
      state.looked.push({ ...what, withinMs });
      return state.onLook(what);
    },
    ping: async () => up(),
  };
  return { state, temporal };
}

export function gatewayDeps(more: Partial<GatewayDeps> & Pick<GatewayDeps, 'store' | 'temporal'>, flags: Record<string, unknown> = {}): GatewayDeps {
  return {
    config: loadConfig({ env: {}, flags: { 'gateway.tokens': [TOKEN], 'gateway.port': 0, 'gateway.answerWithin': '60s', ...flags } }),
    cluster: 'prod',
    resolveTarget: () => undefined,
    clusterHealth: () => ({ prod: true }),
    remediate: { horizons: [{ name: '1s', afterMs: 1000 }], isCoLocated: true, hasModel: false, channels: [], links: {} },
    actions: { members: [] },
    logger: createLogger({ level: 'silent', format: 'json' }),
    metrics: createMetrics({ withProcess: false }),
    version: '0.0.0-test',
    policyIssues: () => [],
    ...more,
  };
}

export interface Answer {
  status: number;
  body: any;
  headers: Headers;
}

/** Talks HTTP over a real socket. */
export async function talkTo(deps: GatewayDeps): Promise<{ gateway: RunningGateway; send(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<Answer> }> {
  const gateway = await startGateway(deps);
  return {
    gateway,
    async send(method, path, body, headers = {}) {
      const raw = body === undefined ? undefined : typeof body === 'string' || body instanceof Uint8Array ? body : JSON.stringify(body);
      const response = await fetch(gateway.url + path, {
        method,
        headers: { authorization: `Bearer ${TOKEN}`, ...(raw === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
        ...(raw === undefined ? {} : { body: raw as string }),
      });
      const text = await response.text();
      const isJson = (response.headers.get('content-type') ?? '').includes('json');
      return { status: response.status, body: isJson && text ? JSON.parse(text) : text, headers: response.headers };
    },
  };
}

const standingFrom = (r: Remediation | undefined) =>
  r && { id: r.id, isOpen: r.phase !== 'closed', outcome: r.outcome, startedAt: r.started_at, closedAt: r.closed_at, alerts: r.problems.map((p) => p.alert) };

/** As adapters/postgres/inbox.ts reads it. */
function knownOf(rows: readonly SignalRow[], wanted: Signal, startsWithinMs: number): Known {
  const ofAlert = rows.filter(({ signal: s }) => s.cluster === wanted.cluster && s.fingerprint === wanted.fingerprint);
  const startsAt = Date.parse(wanted.startsAt);
  const fate = ofAlert.find(({ signal: s }) => s.status === wanted.status && Date.parse(s.startsAt) === startsAt);
  const ends = ofAlert.filter((r) => r.signal.status === 'resolved').map(({ signal: s }) => ({ startsAt: s.startsAt, at: s.endsAt ?? s.receivedAt, seenAt: s.receivedAt }));
  const lastEnd = ends.sort((a, b) => Date.parse(b.at) - Date.parse(a.at))[0];
  const isOver = (s: Signal) => ends.some((e) => Date.parse(e.startsAt) === Date.parse(s.startsAt));
  const open = ofAlert.filter(({ signal: s }) => s.status === 'firing' && !isOver(s) && Date.parse(s.startsAt) <= Math.max(startsAt, Date.parse(wanted.endsAt ?? wanted.startsAt)));
  const ended = open.find(({ signal: s }) => Date.parse(s.startsAt) === startsAt) ?? open.sort((a, b) => Date.parse(b.signal.startsAt) - Date.parse(a.signal.startsAt))[0];
  const starts = wanted.status === 'resolved' ? 0 : ofAlert.filter(({ signal: s }) => s.status === 'firing' && Date.parse(s.startsAt) < startsAt && Date.parse(s.startsAt) >= startsAt - startsWithinMs).length;
  return { ...(starts > 0 ? { starts } : {}), ...(fate ? { fate } : {}), ...(wanted.status === 'firing' && lastEnd ? { lastEnd } : {}), ...(wanted.status === 'resolved' && ended ? { open: { since: ended.signal.startsAt, outcome: ended.outcome } } : {}) };
}

/** As another gateway over the same store and Temporal does it, or the same one after its restart. How many signals found their way. */
export async function redriven(deps: GatewayDeps): Promise<number> {
  const intake = createIntake(deps, createFilters());
  try {
    return await createRedrive({ ...deps, intake, waitedMs: 0 }).look();
  } finally {
    intake.close();
  }
}

let serial = 0;

/** A firing alert of a pod, unlike any other unless told so. */
export const alertOf = (more: { fingerprint?: string; status?: string; startsAt?: string; labels?: Record<string, string> } = {}) => ({
  status: 'firing',
  annotations: { summary: 'Pod is crash looping.' },
  startsAt: '2026-03-01T02:14:03.482Z',
  endsAt: '0001-01-01T00:00:00Z',
  generatorURL: '',
  fingerprint: `feed${String((serial += 1)).padStart(12, '0')}`,
  ...more,
  labels: { alertname: 'KubePodCrashLooping', namespace: 'shop', pod: `api-${serial}`, severity: 'warning', ...more.labels },
});

export const webhookOf = (...alerts: object[]) => ({ version: '4', groupKey: '{}', status: 'firing', receiver: 'kubernaut', alerts });
