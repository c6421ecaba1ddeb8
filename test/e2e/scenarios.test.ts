import { execFile } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Result } from '../../sandbox/scenarios/run-scenarios.js';
import { eventually } from '../support/simulated-cluster.js';
import { startInstallation, type Installation } from '../support/installation.js';

/** `kubernaut scenarios` against a running installation, as a user types it. */
const TIMEOUT_MS = 180_000;
const at = (path: string): string => fileURLToPath(new URL(`../../${path}`, import.meta.url));
let installation: Installation;

beforeAll(async () => void (installation = await startInstallation()), TIMEOUT_MS);
afterAll(() => installation.stop(), TIMEOUT_MS);

function scenarios(...args: string[]) {
  const child = execFile(process.execPath, [at('bin/kubernaut.mjs'), '--data-dir', installation.dataDir, 'scenarios', ...args], { env: { ...process.env, NODE_OPTIONS: '' } });
  let output = '';
  for (const stream of [child.stdout!, child.stderr!]) stream.on('data', (text: string) => (output += text));
  const ended = new Promise<{ code: number | null; output: string }>((resolve) => child.on('close', (code) => resolve({ code, output })));
  return { child, ended };
}

interface NamespaceList {
  items: { metadata: { name: string; labels?: Record<string, string> } }[];
}
const scenarioNamespaces = async (): Promise<string[]> =>
  (await installation.kube.request<NamespaceList>('GET', '/api/v1/namespaces')).items.filter((n) => n.metadata.labels?.['sandbox.kubernaut.io/scenario']).map((n) => n.metadata.name);

describe('kubernaut scenarios', () => {
  it('plays several at once, prints a table, writes the report and leaves nothing behind', async () => {
    const files = ['rollout-bad-command', 'healthy-urgent-alert', 'approval-denied', 'resolved-only', 'edited-while-waiting'].map((id) => at(`test/scenarios/${id}.yaml`));
    const report = join(installation.dataDir, 'report.json');
    const { code, output } = await scenarios(...files, '--json', report).ended;
    expect(output).toMatch(/^ID +OUTCOME +ACTION +TARGET +SECONDS +VERDICT +WHY$/m);
    expect(output).toMatch(/^rollout-bad-command +fixed +rollback_deployment +deployment\/worker +[0-9.]+ +pass$/m);
    expect(output).toContain('5 scenarios: 5 pass');
    expect(code).toBe(0);
    const { results } = JSON.parse(readFileSync(report, 'utf8')) as { results: Result[] };
    expect(results.map((r) => [r.outcome, r.verdict])).toEqual([['fixed', 'pass'], ['no_action_needed', 'pass'], ['denied', 'pass'], ['none', 'pass'], [expect.any(String), 'pass']]);
    expect(await scenarioNamespaces()).toEqual([]);
  }, TIMEOUT_MS);

  it('fails with exit code 1 when the expectation is not met, and names the wrong line of a wrong file', async () => {
    const lie = join(installation.dataDir, 'lie.yaml');
    writeFileSync(lie, readFileSync(at('test/scenarios/healthy-urgent-alert.yaml'), 'utf8').replace('outcome: no_action_needed', 'outcome: fixed'));
    const { code, output } = await scenarios(lie).ended;
    expect(output).toContain('outcome no_action_needed, expected fixed');
    expect(code).toBe(1);
    writeFileSync(lie, 'id: x\nexpct: {}\n');
    const wrong = await scenarios(lie).ended;
    expect(wrong.output).toMatch(/lie\.yaml is not a scenario:[^]*unknown key "expct"/);
    expect(wrong.code).toBe(2);
  }, TIMEOUT_MS);

  it('cleans up when it is interrupted', async () => {
    const { child, ended } = scenarios(at('test/scenarios/approval-expired.yaml'));
    await eventually('its namespace', async () => (await scenarioNamespaces()).length > 0, 20_000);
    await sleep(1000);
    child.kill('SIGINT');
    expect((await ended).code).toBe(1);
    expect(await scenarioNamespaces()).toEqual([]);
  }, TIMEOUT_MS);
});
