import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { alertOf, gatewayDeps, memoryStore, memoryTemporal, redriven, talkTo, webhookOf, type Answer } from '../../test/support/gateway.js';
import { worldOf, type KubeObject } from '../domain/kube.js';
import type { GatewayDeps } from './deps.js';

const START = Date.parse('2026-03-01T02:00:00Z');
const at = (minute: number): string => new Date(START + minute * 60_000).toISOString();

const workload = (name: string, env: { name: string; value: string }[] = []): KubeObject => ({
  apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name, namespace: 'shop', uid: name },
  spec: { template: { metadata: { labels: { app: name } }, spec: { containers: [{ name, env }] } } },
});
const podOf = (owner: string, nodeName: string): KubeObject => ({
  apiVersion: 'v1', kind: 'Pod', metadata: { name: `${owner}-1`, namespace: 'shop', uid: `${owner}-1`, ownerReferences: [{ apiVersion: 'apps/v1', kind: 'Deployment', name: owner, uid: owner, controller: true }] },
  spec: { nodeName }, status: { conditions: [{ type: 'Ready', status: 'False' }] },
});
const WORLD = worldOf([
  workload('api', [{ name: 'DB', value: 'db:5432' }]), podOf('api', 'n1'),
  workload('web'), podOf('web', 'n1'),
  workload('db'), { apiVersion: 'v1', kind: 'Service', metadata: { name: 'db', namespace: 'shop' }, spec: { selector: { app: 'db' } } },
]);

let memory: ReturnType<typeof memoryStore>;
let engine: ReturnType<typeof memoryTemporal>;
let deps: GatewayDeps;
let talk: Awaited<ReturnType<typeof talkTo>>;
let nowMs: number;

const of = (deployment: string, alertname = 'KubePodNotReady') => alertOf({ labels: { deployment, alertname, pod: '' }, startsAt: new Date(nowMs).toISOString() });
const node = () => alertOf({ labels: { node: 'n1', alertname: 'KubeNodeNotReady', namespace: '', pod: '' }, startsAt: new Date(nowMs).toISOString() });
const post = (...alerts: object[]) => talk.send('POST', '/alerts', webhookOf(...alerts));
const results = (answer: Answer) => answer.body.results.map((r: any) => `${r.outcome} ${r.workflow_id?.split('/').slice(3).join('/') ?? ''}`);
const remediationOf = (name: string) => [...memory.state.remediations.values()].find((r) => r.target.name === name)!;

function close(name: string, outcome = 'fixed'): void {
  Object.assign(remediationOf(name), { phase: 'closed', outcome, closed_at: new Date(nowMs).toISOString() });
  for (const id of [...engine.state.open.keys()]) if (id.endsWith(`/${name}`)) engine.state.open.delete(id);
}

const redrive = (): Promise<number> => redriven(deps);

async function open(flags: Record<string, unknown> = {}): Promise<void> {
  deps = gatewayDeps({
    ...memory, ...engine, now: () => new Date(nowMs).toISOString(), world: () => WORLD,
    resolveTarget: ([hint]) => hint && { cluster: 'prod', apiVersion: 'v1', kind: hint.kind, name: hint.name, ...(hint.namespace ? { namespace: hint.namespace } : {}) },
  }, flags);
  talk = await talkTo(deps);
}

beforeEach(() => {
  memory = memoryStore();
  engine = memoryTemporal();
  nowMs = START;
});
afterEach(() => talk.gateway.close());

describe('symptoms', () => {
  it('of a node are one remediation with it, named and explained', async () => {
    await open();
    expect(results(await post(node()))).toEqual(['started Node/n1']);
    const answer = await post(of('api'), of('web'));
    expect(results(answer)).toEqual(['joined Node/n1', 'joined Node/n1']);
    expect(answer.body.results[0].reason).toBe(`probably a symptom of node n1: all of its pods that are not ready are there; on its own from ${at(10)} if it fires then`);
    expect(engine.state.open.size).toBe(1);
    expect([...memory.state.signals.values()].map((r) => r.signal.symptomOn)).toEqual([undefined, 'deployment shop/api', 'deployment shop/web']);
  });

  it('of what they talk to, in the same request, the most urgent first', async () => {
    await open();
    const db = alertOf({ labels: { deployment: 'db', severity: 'critical', pod: '' }, startsAt: at(0) });
    expect(results(await post(of('api'), db, of('web')))).toEqual(['joined Deployment/db', 'started Deployment/db', 'started Deployment/web']);
  });

  it('join their own remediation when that is open', async () => {
    await open();
    await post(of('api'));
    await post(node());
    expect(results(await post(of('api', 'KubeContainerWaiting')))).toEqual(['joined Deployment/api']);
  });

  it('are none of an older trouble, nor where grouping is off', async () => {
    await open();
    await post(node());
    nowMs += 16 * 60_000;
    expect(results(await post(of('api')))).toEqual(['started Deployment/api']);
    await talk.gateway.close();
    await open({ 'correlation.window': '0s' });
    expect(results(await post(of('web')))).toEqual(['started Deployment/web']);
  });

  it('start their own when the root closes at that very moment', async () => {
    await open();
    await post(node());
    engine.state.open.clear();
    expect(results(await post(of('api')))).toEqual(['started Deployment/api']);
  });

  it('go their own way when the root is over and they still fire, once', async () => {
    await open();
    await post(node());
    const [api, web] = [of('api'), of('web')];
    await post(api, web);
    await post({ ...web, status: 'resolved', endsAt: at(2) });
    close('n1');
    expect(await redrive()).toBe(1);
    expect([...engine.state.open.keys()]).toEqual(['remediation/prod/shop/Deployment/api']);
    expect(results(await post(api))).toEqual(['duplicate ']);
    expect(await redrive()).toBe(0);
  });

  it('end where they went', async () => {
    await open();
    await post(node());
    const api = of('api');
    await post(api);
    await post({ ...api, status: 'resolved', endsAt: at(3) });
    expect([...engine.state.open.values()][0]!.signals.slice(1)).toEqual([`symptom ${api.fingerprint}`, `resolved ${api.fingerprint}`]);
  });
});

describe('after a remediation that helped', () => {
  it('the same alert of its target is held back for a while, another one is not', async () => {
    await open();
    await post(of('api'));
    close('api');
    nowMs += 60_000;
    const again = of('api');
    const answer = await post(again);
    expect([results(answer), engine.state.delays.get(again.fingerprint)]).toEqual([['started Deployment/api'], 4 * 60_000]);
    expect(answer.body.results[0].reason).toContain('ended fixed a moment ago and its alert may fire on for a while');
    close('api');
    const other = of('api', 'KubeContainerWaiting');
    await post(other);
    expect(engine.state.delays.get(other.fingerprint)).toBeUndefined();
  });

  it.each([
    ['the window is over', 'fixed', 6],
    ['it did not help', 'rolled_back', 1],
  ])('nothing is held back when %s', async (_, outcome, minutes) => {
    await open();
    await post(of('web'));
    close('web', outcome);
    nowMs += minutes * 60_000;
    const again = of('web');
    await post(again);
    expect(engine.state.delays.get(again.fingerprint)).toBeUndefined();
  });
});

describe('an alert that comes and goes', () => {
  it('is held back from its sixth start within an hour, and says so', async () => {
    await open();
    const alert = of('api');
    const delays: (number | undefined)[] = [];
    let reason = '';
    for (let i = 0; i < 6; i++) {
      const startsAt = at(i * 4);
      nowMs = Date.parse(startsAt);
      reason = (await post({ ...alert, startsAt })).body.results[0].reason ?? '';
      delays.push(engine.state.delays.get(alert.fingerprint));
      await post({ ...alert, startsAt, status: 'resolved', endsAt: at(i * 4 + 1) });
      close('api', 'already_resolved');
    }
    expect(delays).toEqual([undefined, undefined, undefined, undefined, undefined, 5 * 60_000]);
    expect(reason).toBe(`it comes and goes: it started 6 times within 1h; looked at from ${at(25)} if it still fires then`);
  });
});
