import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { fileURLToPath } from 'node:url';
import { expect, it } from '@jest/globals';
import { openDatabase } from '../../src/adapters/postgres/database.js';
import { createStore } from '../../src/adapters/postgres/store.js';
import type { Evidence } from '../../src/domain/evidence.js';
import { startInstallation } from '../support/installation.js';

const at = (path: string): string => fileURLToPath(new URL(`../../${path}`, import.meta.url));

/**
 * The same trouble twice, in two namespaces: the second time its evidence names the first. With KUBERNAUT_VECTORS_* in the environment
 * another index than the embedded one is used.
 */
it('remembers what helped, and finds it when the same trouble comes again elsewhere', async () => {
  // A folder of our own outlives the installation.
  const dataDir = mkdtempSync(join(tmpdir(), 'kubernaut-memory-'));
  const installation = await startInstallation({ dataDir, env: { KUBERNAUT_EFFECTIVENESS_HORIZONS: '1s,2s,4s' } });
  try {
    const play = () => promisify(execFile)(process.execPath, [at('bin/kubernaut.mjs'), '--data-dir', dataDir, 'scenarios', at('test/scenarios/rollout-bad-command.yaml')], { env: { ...process.env, NODE_OPTIONS: '' } });
    await play();
    await play();
  } finally {
    await installation.stop();
  }
  const database = await openDatabase({ kind: 'pglite', dataDir: `${dataDir}/database` });
  try {
    const store = createStore(database);
    const { items } = await store.listRemediations({ outcome: 'fixed' });
    const [second, first] = items;
    const evidence = (await store.getArtifact(second!.analysis!.evidence_ref!)) as Evidence;
    expect(evidence.missing.filter((m) => m.what === 'similar incidents')).toEqual([]);
    expect(evidence.similar).toMatchObject([{ remediationId: first!.id, outcome: 'fixed', lesson: 'helped', action: 'rollback_deployment', isVerified: true }]);
    expect(evidence.similar[0]!.similarity).toBeGreaterThan(0.8);
    expect(await store.incidentsDue('none', 10)).toHaveLength(2);
    const { rows } = await database.pool.query('select distinct indexed_in from incidents');
    expect(rows).toEqual([{ indexed_in: expect.stringMatching(/local-hash-384$/) }]);
  } finally {
    await database.close();
    rmSync(dataDir, { recursive: true, force: true });
  }
}, 240_000);
