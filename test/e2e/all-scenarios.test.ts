import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { runScenarios, type Result } from '../../sandbox/scenarios/run-scenarios.js';
import { startInstallation, type Installation } from '../support/installation.js';

const folder = fileURLToPath(new URL('../scenarios/', import.meta.url));
const ids = readdirSync(folder).filter((name) => name.endsWith('.yaml')).map((name) => name.replace('.yaml', ''));
const TIMEOUT_MS = 900_000;

let kubernaut: Installation;
let results: Result[];

/** Every shipped fault, without a model, judged by the strict oracle: nothing else may change, no outcome may claim too much. */
beforeAll(async () => {
  kubernaut = await startInstallation();
  const { gateway, token, kubernetes } = kubernaut.run();
  results = await runScenarios({ paths: [folder], run: { gateway, token, kubeconfig: kubernetes.kubeconfig! }, concurrency: 3 });
}, TIMEOUT_MS);
afterAll(() => kubernaut?.stop(), 90_000);

describe('every shipped scenario passes without a model', () => {
  it.each(ids)('%s', (id) => {
    const result = results.find((r) => r.id === id);
    expect(result).toMatchObject({ verdict: 'pass' });
  });
});
