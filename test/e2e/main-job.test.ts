import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { isRunning, slowApp, slowImage, startInstallation, type Installation } from '../support/installation.js';
import { eventually, type Place } from '../support/simulated-cluster.js';

let kubernaut: Installation;
beforeAll(async () => {
  kubernaut = await startInstallation({ args: [] });
}, 120_000);
afterAll(async () => {
  await kubernaut?.stop();
}, 60_000);

/** A healthy app whose next release starts a command that does not exist. */
async function brokenApp(namespace: string): Promise<Place> {
  const place = await kubernaut.place(namespace);
  await place.images(slowImage);
  await place.apply(slowApp('serve'));
  await eventually(`${namespace}/app is up`, async () => ((await place.deployment()).status?.availableReplicas ?? 0) === 2);
  await place.patch('Deployment', 'app', { spec: { template: { spec: { containers: [{ name: 'main', command: ['sevre'] }] } } } });
  return place;
}

describe('npm start, as a new user sees it', () => {
  it('breaks and fixes the sample shop before their eyes', async () => {
    await eventually('the end of the demo', async () => kubernaut.output().includes('outcome: '), 120_000);
    const screen = kubernaut.output();
    expect(screen).toMatch(/outcome: fixed after/);
    expect(screen).toMatch(/horizons shortened for the demo: 3s, 8s, 15s/);
    expect(screen).toMatch(/roll deployment shop\/api back from revision \d+ to \d+/);
    expect(screen).toMatch(/Temporal Web UI: http:\/\/127\.0\.0\.1:\d+\/namespaces\/default\/workflows\/remediation/);
    const shop = await kubernaut.remediation('shop');
    expect(shop).toMatchObject({ outcome: 'fixed', target: { kind: 'Deployment', name: 'api' } });
    expect(shop.assessments.map((a) => a.verdict)).toEqual(['effective', 'effective', 'effective']);
    expect(kubernaut.ownWrites('shop')).toHaveLength(1);
  }, 150_000);

  it('keeps run.json complete for scripts', () => {
    expect(kubernaut.run()).toMatchObject({
      gateway: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/),
      token: expect.any(String),
      temporal: { address: expect.any(String), namespace: 'default', ui: expect.any(String) },
      kubernetes: { kubeconfig: expect.any(String), context: 'kubernaut-sandbox', sandbox: true },
      database: { kind: 'pglite' },
      pids: { up: kubernaut.process.pid, temporal: expect.any(Number), worker: expect.any(Number), apiserver: expect.any(Number) },
    });
  });
});

describe('the worker is killed between its write and its report', () => {
  it('ends fixed with one effective write', async () => {
    const place = await brokenApp('killed');
    const write = await eventually('our write in the audit log', async () => kubernaut.ownWrites('killed')[0], 60_000);
    expect(write).toMatchObject({ verb: 'patch', objectRef: { resource: 'deployments', name: 'app' } });
    const { worker } = kubernaut.run().pids;
    process.kill(worker!, 'SIGKILL');
    expect((await place.deployment()).status?.availableReplicas ?? 0).toBe(0);
    const done = await kubernaut.remediation('killed', (r) => r.phase === 'closed', 120_000);
    expect(done).toMatchObject({ outcome: 'fixed' });
    expect(kubernaut.ownWrites('killed')).toHaveLength(1);
    expect(kubernaut.run().pids.worker).not.toBe(worker);
    expect((await place.deployment()).status).toMatchObject({ availableReplicas: 2 });
  }, 180_000);
});

describe('Ctrl-C', () => {
  it('leaves nothing running and no run.json', async () => {
    const { pids } = kubernaut.run();
    await kubernaut.stop();
    await eventually('every process is gone', async () => Object.values(pids).every((pid) => !isRunning(pid)), 10_000);
    expect(existsSync(join(kubernaut.dataDir, 'run.json'))).toBe(false);
    expect(kubernaut.process.exitCode).toBe(0);
  }, 60_000);
});
