import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { dataOf, serveModel, soberAnswer } from '../../bench/scenario-models.js';
import type { AlertAnalysis } from '../../src/contracts/analysis.js';
import type { Remediation } from '../../src/contracts/remediation.js';
import type { Replay } from '../../src/contracts/replay.js';
import { kubernaut as cli } from '../support/cli.js';
import { auditOf, slowApp, slowImage, startInstallation, type AuditEntry, type Installation } from '../support/installation.js';
import { eventually, type Place } from '../support/simulated-cluster.js';

/** analyze-alert, simulate and replay on a real installation with a model: they look, and nothing comes of it. */
const CALLS_PER_DAY = 20;
const SPACE = 'looking';
const folder = mkdtempSync(join(tmpdir(), 'kubernaut-looking-'));
const model = { asked: 0, endpoint: '', close: async () => {} };
let kubernaut: Installation;
let place: Place;

beforeAll(async () => {
  Object.assign(model, await serveModel((prompt) => {
    const data = dataOf(prompt);
    model.asked += 1;
    return JSON.stringify(data ? soberAnswer(data) : {});
  }));
  kubernaut = await startInstallation({
    env: { LLM_PROVIDER: 'openai', LLM_ENDPOINT: model.endpoint, LLM_MODEL: 'sober', KUBERNAUT_LLM_BUDGET_CALLS_PER_DAY: String(CALLS_PER_DAY), KUBERNAUT_EFFECTIVENESS_HORIZONS: '500ms,1s,2s' },
  });
  // only what the test itself sends
  await fetch(`${kubernaut.run().kubernetes.controlUrl!}/sink`, { method: 'PUT', headers: { 'content-type': 'application/json' }, body: 'null' });
  place = await kubernaut.place(SPACE);
  await place.images(slowImage);
  await place.apply(slowApp('serve'));
  await place.apply(slowApp('serve').replaceAll('"app"', '"fine"'));
  for (const name of ['app', 'fine']) await eventually(`${name} is up`, async () => ((await place.deployment(name)).status?.availableReplicas ?? 0) === 2);
  await place.patch('Deployment', 'app', { spec: { template: { spec: { containers: [{ name: 'main', command: ['sevre'] }] } } } });
  await eventually('app crashes', async () => (await place.pods('app')).some((p) => p.status?.containerStatuses?.some((c) => (c.restartCount ?? 0) > 0)));
}, 180_000);
afterAll(async () => {
  await kubernaut?.stop();
  await model.close();
  rmSync(folder, { recursive: true });
}, 60_000);

const about = (deployment: string) => ({ labels: { alertname: 'KubeDeploymentRolloutStuck', severity: 'critical', namespace: SPACE, deployment }, annotations: {} });
const analyze = (alert: object) => kubernaut.post('/api/v1/analyze-alert', { alert }) as Promise<{ status: number; body: AlertAnalysis }>;
const replayOf = async ({ id }: Remediation, body?: object) => (await kubernaut.post(`/api/v1/remediations/${id}/replay`, body ?? {})).body as Replay;
const run = (...args: string[]) => cli('--data-dir', kubernaut.dataDir, ...args);
const written = (name: string, content: unknown): string => {
  writeFileSync(join(folder, name), JSON.stringify(content));
  return join(folder, name);
};
const remediations = async () => (await kubernaut.api<{ items: Remediation[] }>(`/api/v1/remediations?namespace=${SPACE}`)).items;
let marks = 0;

/** What we asked of the API server beyond reading, dry runs included, up to now: the log is complete when a mark of ours is in it. */
async function asked(): Promise<AuditEntry[]> {
  const mark = `mark-${(marks += 1)}`;
  await place.apply(JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: mark } }));
  const entries = () => auditOf(kubernaut.run().kubernetes.auditLog!);
  await eventually(`${mark} in the audit log`, async () => entries().some((e) => e.objectRef?.name === mark));
  return entries().filter((e) => e.userAgent?.startsWith('kubernaut/') && !['get', 'list', 'watch'].includes(e.verb));
}

const isDryRun = (e: AuditEntry): boolean => e.requestURI.includes('dryRun');

describe('before anything was remedied', () => {
  it('says what would be done about a broken, a healthy and an unknown object, and nothing comes of it', async () => {
    const before = await asked();
    expect(await analyze({ name: 'KubeDeploymentRolloutStuck', severity: 'critical', namespace: SPACE, resource: 'deployment/app' })).toMatchObject({
      status: 200,
      body: {
        action: 'rollback_deployment', source: 'both', cause: 'bad_rollout.command', target: { kind: 'Deployment', namespace: SPACE, name: 'app' }, parameters: { revision: 1 }, mode: 'act',
        steps: [{ action: 'rollback_deployment', summary: `roll deployment ${SPACE}/app back from revision 2 to 1`, undo: 'exact' }],
        verdict: { decision: 'allow' }, reasoning: { oscillation_risk: 'low', historical_context: 'nothing like it is on record here' },
      },
    });
    expect((await analyze(about('fine'))).body).toMatchObject({ action: 'no_action', outcome: 'no_action_needed', cause: 'healthy', target: { name: 'fine' }, steps: [] });
    expect((await analyze(about('nobody'))).body).toMatchObject({ action: 'no_action', outcome: 'no_action_needed', cause: 'target.deleted', target: { name: 'nobody' } });
    for (const wrong of [{}, { name: 'A' }, { name: 'A', namespace: SPACE, resource: 'gizmo/app' }]) expect((await analyze(wrong)).status).toBe(422);
    expect(model.asked).toBe(3);
    expect(await remediations()).toEqual([]);
    expect(await asked()).toEqual(before);
  }, 60_000);

  it('simulates a file of alerts, for people and for scripts', async () => {
    const before = await asked();
    const file = written('alerts.json', [about('app'), about('fine')]);
    const table = await run('simulate', '-f', file);
    expect(table.out.trimEnd().split('\n')).toEqual([
      expect.stringMatching(/^ALERT +ACTION +TARGET +CONFIDENCE +DECISION +CAUSE +WOULD$/),
      expect.stringMatching(/rollback_deployment +deployment\/app +0\.99 +allow +bad_rollout\.command +roll deployment looking\/app back from revision 2 to 1$/),
      expect.stringMatching(/no_action +deployment\/fine +[0-9.]+ +no_action_needed +healthy +deployment looking\/fine is healthy/),
    ]);
    const { items } = JSON.parse((await run('simulate', '-f', file, '-o', 'json')).out) as { items: AlertAnalysis[] };
    expect(items.map((i) => i.action)).toEqual(['rollback_deployment', 'no_action']);
    expect((await run('simulate', '-f', written('none.json', { x: 1 }))).code).toBe(2);
    expect(await remediations()).toEqual([]);
    expect(await asked()).toEqual(before);
  }, 60_000);
});

describe('after two remediations', () => {
  let fixed: Remediation;
  beforeAll(async () => {
    await kubernaut.post('/alerts', { version: '4', alerts: ['app', 'fine'].map((name) => ({ ...about(name), status: 'firing', startsAt: new Date().toISOString() })) });
    await eventually('both are closed', async () => (await remediations()).filter((r) => r.phase === 'closed').length === 2, 120_000);
    fixed = (await remediations()).find((r) => r.target.name === 'app')!;
    expect(fixed.outcome).toBe('fixed');
    // here the very same log shows a dry run and a write
    const ours = await asked();
    expect([ours.some(isDryRun), kubernaut.ownWrites(SPACE).length]).toEqual([true, 1]);
  }, 150_000);

  it('decides each of them the same again, to the very hash', async () => {
    const [before, all] = [await asked(), await remediations()];
    for (const r of all) expect(await replayOf(r)).toMatchObject({ remediation_id: r.id, is_same: true, differences: [], unknown: [] });
    expect((await replayOf(fixed)).after.plan_hash).toBe((await kubernaut.api<Remediation>(`/api/v1/remediations/${fixed.id}`)).plan!.hash);
    const page = await run('replay', fixed.id);
    expect([page.code, page.out]).toEqual([0, expect.stringMatching(/plan: roll deployment looking\/app back from revision 2 to 1 \(plan [0-9a-f]{12}\)\ndecided the same again\n$/)]);
    expect([await asked(), await remediations()]).toEqual([before, all]);
  }, 60_000);

  it('shows what a stricter policy would have said', async () => {
    const [before, all] = [await asked(), await remediations()];
    const asking = await run('replay', fixed.id, '--policy', written('asking.yaml', { policy: { autonomy: 'approve' } }));
    expect([asking.code, asking.out]).toEqual([0, expect.stringMatching(/decided differently:\n {2}verdict\n {4}- allow\n {4}\+ ask\n/)]);
    const denying = JSON.parse((await run('replay', fixed.id, '-o', 'json', '--policy', written('denying.yaml', { rules: [{ name: 'no-rollbacks', when: 'action == "rollback_deployment"', effect: 'deny' }] }))).out) as Replay;
    expect(denying).toMatchObject({ is_same: false, before: { result: 'plan' }, after: { result: 'denied', steps: [] } });
    expect((await run('replay', fixed.id, '--policy', written('wrong.yaml', { autonomy: 'sometimes' }))).err).toContain('policy.autonomy');
    expect([await asked(), await remediations()]).toEqual([before, all]);
  }, 60_000);

  it('asks another model anew and compares, until the budget of the day is used up by all together', async () => {
    const [before, all] = [await asked(), await remediations()];
    const asOf = model.asked;
    expect(await replayOf(fixed, { model: 'other' })).toMatchObject({ is_same: true, model: 'other', tokens: expect.any(Number) });
    expect(model.asked).toBe(asOf + 1);
    for (let used = model.asked; used < CALLS_PER_DAY; used++) expect((await analyze(about('fine'))).status).toBe(200);
    expect(model.asked).toBe(CALLS_PER_DAY);
    expect((await analyze(about('fine'))).body).toMatchObject({ source: 'rules', outcome: 'no_action_needed' });
    const refused = await run('replay', fixed.id, '--model', 'other');
    expect([refused.code === 0, refused.err]).toEqual([false, expect.stringContaining('budget of the day is used up')]);
    expect(model.asked).toBe(CALLS_PER_DAY);
    expect([await asked(), await remediations()]).toEqual([before, all]);
  }, 120_000);
});
