import { describe, expect, it } from '@jest/globals';
import type { Evidence } from '../domain/evidence.js';
import type { KubeObject } from '../domain/kube.js';
import { ago, container, deployment, event, evidenceOf, log, node, NS, object, pod, statefulSet, type PodState } from '../../test/support/kube-objects.js';
import { diagnoseAll } from './index.js';

const crash = (exitCode: number, more: object = {}): PodState => ({ waiting: { reason: 'CrashLoopBackOff' }, restarts: 5, last: { reason: 'Error', exitCode, startedAt: ago(100), finishedAt: ago(70), ...more } });

/** A Deployment with one old revision: nothing to roll back to. */
function app(state: PodState, more: { podSpec?: object; lines?: string[]; events?: [string, string][]; evidence?: Partial<Evidence>; others?: KubeObject[] } = {}) {
  const { deployment: d, sets } = deployment('api', [{ podSpec: more.podSpec, ageS: 500_000 }], { completed: true });
  const p = pod(sets[0]!, state);
  return evidenceOf(d, [sets, p, more.others ?? []], { logs: more.lines ? [log(p, more.lines)] : [], events: (more.events ?? []).map(([reason, message]) => event(p, reason, message)), ...more.evidence });
}
const findings = (evidence: Evidence, analyzer: string) => diagnoseAll(evidence).filter((f) => f.analyzer === analyzer);
const spec = (more: object) => ({ containers: [container(more)] });

describe('why a container is not let start', () => {
  it.each([
    ['no such program', app(crash(127), { podSpec: spec({ command: ['apid'] }) }), 'container.entrypoint_missing', '"command":["RIGHT-PROGRAM"]'],
    ['a program that may not run', app(crash(126), { lines: ['exec: "./run.sh": permission denied'] }), 'container.entrypoint_denied', 'kubectl set image deployment/api -n shop app=IMAGE'],
    ['a program for another processor', app(crash(1), { lines: ['exec /app/api: exec format error'] }), 'container.entrypoint_denied', 'kubectl set image'],
    ['a read-only file system', app(crash(1), { lines: ['open /var/cache/api/x.tmp: read-only file system'] }), 'container.read_only', '"mountPath":"/var/cache/api"'],
    ['root where none may be', app({ waiting: { reason: 'CreateContainerConfigError', message: 'container has runAsNonRoot and image will run as root' } }), 'container.runs_as_root', '"runAsUser":65534'],
    ['a port that is taken', app(crash(1), { lines: ['listen tcp :8080: bind: address already in use'] }), 'container.port_in_use', 'a free port'],
    ['a low port without root', app(crash(1), { lines: ['listen tcp :80: bind: permission denied'] }), 'container.port_denied', 'above 1023'],
    ['a file that may not be read', app(crash(1), { lines: ['open /data/state.db: permission denied'] }), 'container.file_denied', '"fsGroup":65534'],
  ])('%s', (_what, evidence, cause, edit) => {
    const [first] = findings(evidence, 'container_refused');
    expect(first).toMatchObject({ cause, conclusion: 'needs_person', proposals: [], target: { kind: 'Deployment', name: 'api' } });
    expect(first?.edit).toContain(edit);
    expect(diagnoseAll(evidence)[0]?.analyzer).toBe('container_refused');
  });

  it.each([
    ['a program that ends for its own reasons', app(crash(1), { lines: ['panic: missing index'] })],
    ['a lookup that fails', app(crash(1), { lines: ['open /etc/api/x: no such file or directory'] })],
    ['a container that is well', app({ ready: true }, { lines: ['listen tcp :8080: bind: address already in use'] })],
  ])('%s is another story', (_what, evidence) => expect(findings(evidence, 'container_refused')).toEqual([]));
});

describe('a crash that nothing else explains', () => {
  it.each([[139, 'crash.segfault'], [134, 'crash.aborted'], [137, 'crash.killed'], [143, 'crash.terminated'], [1, 'crash.exits'], [0, 'crash.completes']])('exit code %d is %s', (code, cause) => {
    expect(findings(app(crash(code)), 'crash_loop')[0]).toMatchObject({ cause, conclusion: 'needs_person', confidence: 0.57 });
  });

  it('is told by its last words that sound like trouble, as a template', () => {
    const [first] = findings(app(crash(2), { lines: ['starting worker 7', 'fatal: cannot parse order 4711 at 12:00:01', 'bye'] }), 'crash_loop');
    expect(first?.summary).toContain('fatal: cannot parse order <n> at <time>');
    expect(first?.edit).toMatch(/^kubectl logs api-hash1-\S+ -n shop -c app --previous$/);
  });

  it('says nothing of what is up again', () => expect(findings(app({ ready: true, restarts: 5, last: { exitCode: 1 } }), 'crash_loop')).toEqual([]));
});

describe('killed by a probe without a rollout', () => {
  const killed: [string, string][] = [['Unhealthy', 'Liveness probe failed: Get "http://10.1.1.1:8080/": context deadline exceeded (Client.Timeout exceeded)']];
  const live = (more: object = {}) => spec({ livenessProbe: { httpGet: { port: 8080 }, periodSeconds: 10, failureThreshold: 3, ...more } });

  it('before it is ever up: a startup probe holds the other back', () => {
    const [first] = findings(app(crash(137), { podSpec: live(), events: killed }), 'liveness_kills');
    expect(first).toMatchObject({ cause: 'probe.startup_too_slow', conclusion: 'needs_person' });
    expect(first?.edit).toContain('"startupProbe":{"httpGet":{"port":8080},"periodSeconds":5,"failureThreshold":60}');
  });

  it('after a long life, too slow to answer: more patience, as a command', () => {
    const [first] = findings(app(crash(137, { startedAt: ago(4000) }), { podSpec: live(), events: killed }), 'liveness_kills');
    expect(first).toMatchObject({ cause: 'probe.too_impatient' });
    expect(first?.edit).toContain('"livenessProbe":{"timeoutSeconds":5,"failureThreshold":6}');
  });

  it('where nothing listens', () => {
    const [first] = findings(app(crash(137, { startedAt: ago(4000) }), { podSpec: live(), events: [['Unhealthy', 'Liveness probe failed: dial tcp 10.1.1.1:9999: connect: connection refused']] }), 'liveness_kills');
    expect(first?.cause).toBe('probe.wrong_place');
  });

  it('not a program that ended by itself, and not one that lives', () => {
    expect(findings(app(crash(137)), 'liveness_kills')).toEqual([]);
    expect(findings(app({ ready: true }, { events: killed }), 'liveness_kills')).toEqual([]);
  });
});

describe('init containers', () => {
  const init = (state: object, ageS = 400): Evidence => {
    const evidence = app({ init: true, phase: 'Pending', ageS }, { podSpec: { initContainers: [container({ name: 'migrate' })] }, lines: [] });
    const p = evidence.objects.find((o) => o.kind === 'Pod')!;
    p.status.initContainerStatuses = [{ name: 'migrate', ready: false, restartCount: 3, lastState: {}, ...state }];
    return { ...evidence, logs: [log(p, ['ERROR: relation "orders" already exists'], { container: 'migrate' })] };
  };

  it('one that fails is named with its last words', () => {
    const [first] = findings(init({ state: { waiting: { reason: 'CrashLoopBackOff' } }, lastState: { terminated: { reason: 'Error', exitCode: 3 } } }), 'init_failing');
    expect(first).toMatchObject({ cause: 'init.failing', conclusion: 'needs_person' });
    expect(first?.summary).toContain('relation "orders" already exists');
    expect(first?.edit).toContain('-c migrate --previous');
  });

  it('one that does not end is told after two minutes', () => {
    expect(findings(init({ state: { running: {} } }), 'init_failing')[0]?.cause).toBe('init.waiting');
    expect(findings(init({ state: { running: {} } }, 30), 'init_failing')).toEqual([]);
  });

  it('one that ended well is none', () => expect(findings(init({ ready: true, state: { terminated: { exitCode: 0 } } }), 'init_failing')).toEqual([]));
});

describe('readiness without a rollout', () => {
  it.each([
    ['HTTP probe failed with statuscode: 404', 'readiness.path'],
    ['HTTP probe failed with statuscode: 503', 'readiness.refuses'],
    ['dial tcp 10.1.1.1:8080: connect: connection refused', 'readiness.port'],
    ['context deadline exceeded', 'readiness.slow'],
  ])('%s is %s', (message, cause) => {
    expect(findings(app({}, { events: [['Unhealthy', `Readiness probe failed: ${message}`]] }), 'readiness_failing')[0]).toMatchObject({ cause, conclusion: 'needs_person' });
  });

  it('a sidecar beside a ready application is named', () => {
    const evidence = app({ ready: true }, { podSpec: { containers: [container(), container({ name: 'proxy' })] } });
    const p = evidence.objects.find((o) => o.kind === 'Pod')!;
    p.status.conditions[1].status = 'False';
    p.status.containerStatuses.push({ name: 'proxy', ready: false, restartCount: 0, state: { running: {} }, lastState: {} });
    const [first] = findings({ ...evidence, events: [event(p, 'Unhealthy', 'Readiness probe failed: HTTP probe failed with statuscode: 500')] }, 'readiness_failing');
    expect(first).toMatchObject({ cause: 'readiness.sidecar' });
    expect(first?.summary).toContain('its application is ready, its sidecar proxy is not');
  });

  it('without a failed probe in sight says nothing', () => expect(findings(app({}), 'readiness_failing')).toEqual([]));
});

describe('the newest revision of a StatefulSet', () => {
  const image = (name: string) => ({ containers: [container({ image: name })] });
  function set(state: PodState, more: { ageS?: number; sameTemplate?: boolean; second?: PodState } = {}) {
    const s = statefulSet('db', image('db:2'), { status: { currentRevision: 'db-1', updateRevision: 'db-2' } });
    const owner = { ownerReferences: [{ apiVersion: 'apps/v1', kind: 'StatefulSet', name: 'db', uid: s.metadata.uid!, controller: true }] };
    const revision = (n: number, template: string, ageS: number) => object('apps/v1', 'ControllerRevision', `db-${n}`, { revision: n, data: { spec: { template: { spec: image(template) } } } }, { ...owner, creationTimestamp: ago(ageS), labels: { 'controller-revision-hash': `db-${n}` } });
    const revisions = [revision(1, 'db:1', 9000), revision(2, more.sameTemplate ? 'db:1' : 'db:2', more.ageS ?? 60)];
    const pods = [pod(s, { ...state, name: 'db-0', labels: { 'controller-revision-hash': 'db-2' } }), ...(more.second ? [pod(s, { ...more.second, name: 'db-1', labels: { 'controller-revision-hash': 'db-2' } })] : [])];
    return evidenceOf(s, [revisions, pods]);
  }

  it('that does not come up: the exact revision to go back to, and the member that blocks it', () => {
    expect(findings(set(crash(1)), 'bad_revision')[0]).toMatchObject({
      cause: 'bad_revision.crash', conclusion: 'needs_person', target: { kind: 'StatefulSet', name: 'db' },
      edit: `kubectl rollout undo statefulset/db -n ${NS} --to-revision=1 && kubectl delete pod db-0 -n ${NS}`,
    });
  });

  it.each([
    ['that is just starting', set({})],
    ['that ran for days', set(crash(1), { ageS: 400_000 })],
    ['that differs in nothing', set(crash(1), { sameTemplate: true })],
    ['of which another pod is Ready', set(crash(1), { second: { ready: true } })],
    ['that is well', set({ ready: true })],
  ])('%s is not blamed', (_what, evidence) => expect(findings(evidence, 'bad_revision')).toEqual([]));
});

describe('rollouts that stand still without a failed pod', () => {
  const exceeded = (more: object, podState: PodState = { ready: true }) => {
    const { deployment: d, sets } = deployment('api', [{ available: 1 }, { podSpec: spec({ image: 'shop/api:2' }) }], { exceeded: true, ...more });
    return { evidence: evidenceOf(d, [sets, pod(sets[1]!, podState)]), d, sets };
  };

  it('paused half-way', () => {
    const { evidence } = exceeded({ spec: { paused: true }, exceeded: false });
    expect(findings(evidence, 'rollout_stuck')[0]).toMatchObject({ cause: 'rollout.paused', edit: expect.stringMatching(/^kubectl rollout resume deployment\/api -n shop/) });
  });

  it('ready pods that count only after the deadline', () => {
    const { evidence } = exceeded({ spec: { minReadySeconds: 900, progressDeadlineSeconds: 600 } });
    expect(findings(evidence, 'rollout_stuck')[0]).toMatchObject({ cause: 'rollout.deadline_too_short', edit: `kubectl patch deployment/api -n shop --type=merge -p '{"spec":{"progressDeadlineSeconds":1500}}'` });
  });

  it('old pods that do not go', () => {
    const { evidence, sets } = exceeded({ spec: { strategy: { type: 'Recreate' } } });
    const old = pod(sets[0]!, { ready: true });
    old.metadata.deletionTimestamp = ago(300);
    const all = { ...evidence, objects: [...evidence.objects, old] };
    expect(findings(all, 'rollout_stuck')[0]).toMatchObject({ cause: 'rollout.waits_for_old' });
    old.metadata.deletionTimestamp = ago(10);
    expect(findings(all, 'rollout_stuck')).toEqual([]);
  });

  it.each([['a finished one', { completed: true, exceeded: false }], ['a paused one that had finished', { completed: true, exceeded: false, spec: { paused: true } }]])('%s does not', (_what, more) => {
    expect(findings(exceeded(more).evidence, 'rollout_stuck')).toEqual([]);
  });
});

describe('pods that do not go', () => {
  const going = (metadata: object, others: KubeObject[] = [], isHealthy = false) => {
    const s = statefulSet('db', {}, { replicas: 1, status: { replicas: 1, readyReplicas: isHealthy ? 1 : 0 } });
    const p = pod(s, { ready: true, name: 'db-0' });
    Object.assign(p.metadata, { deletionTimestamp: ago(300) }, metadata);
    return evidenceOf(s, [p, ...others]);
  };

  it('held by a finalizer: who set it must be asked first', () => {
    expect(findings(going({ finalizers: ['example.com/backup'] }), 'stuck_terminating')[0]).toMatchObject({ cause: 'terminating.finalizer', edit: expect.stringContaining('"finalizers":null') });
  });
  it('on a node that does not answer', () => {
    const evidence = going({}, [node('node-1', { ready: false }), node('node-2')]);
    expect(findings(evidence, 'stuck_terminating')[0]?.cause).toBe('terminating.node');
  });
  it('for a moment only, or without being missed, are no trouble', () => {
    expect(findings(going({ deletionTimestamp: ago(20) }), 'stuck_terminating')).toEqual([]);
    expect(findings(going({}, [], true), 'stuck_terminating')).toEqual([]);
  });
  it('a target that is held by its finalizers goes to a person, one that just goes does not', () => {
    const claim = object('apps/v1', 'StatefulSet', 'data', {}, { deletionTimestamp: ago(2000), finalizers: ['example.com/backup'] });
    expect(diagnoseAll(evidenceOf(claim, []))[0]).toMatchObject({ cause: 'target.stuck_deleting', conclusion: 'needs_person' });
    claim.metadata.deletionTimestamp = ago(10);
    expect(diagnoseAll(evidenceOf(claim, []))[0]?.cause).toBe('target.deleting');
  });
});
