import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startControlPlane } from '../../sandbox/launch/control-plane.js';
import type { ControlPlane } from '../../sandbox/launch/control-plane.js';
import { ensureServer } from '../../sandbox/launch/servers.js';
import { startTemporal } from '../../temporal/dev-server.js';
import type { TemporalServer } from '../../temporal/dev-server.js';

export type InTemporaryFolder<Server> = Server & { dataDir: string };

/** A control plane of this test file alone, in a folder that `stop()` removes. Ready in about 4 s. */
export async function startTestControlPlane(): Promise<InTemporaryFolder<ControlPlane>> {
  const { path: binary } = await ensureServer('control-plane');
  return inTemporaryFolder('control-plane', (dataDir) => startControlPlane({ dataDir, binary }));
}

/** A Temporal server of this test file alone, in a folder that `stop()` removes. Ready in about 1 s. */
export async function startTestTemporal(): Promise<InTemporaryFolder<TemporalServer>> {
  const { path: binary } = await ensureServer('temporal');
  return inTemporaryFolder('temporal', (dataDir) => startTemporal({ dataDir, binary }));
}

async function inTemporaryFolder<Server extends { stop(): Promise<void> }>(
  name: string,
  start: (dataDir: string) => Promise<Server>,
): Promise<InTemporaryFolder<Server>> {
  const dataDir = mkdtempSync(join(tmpdir(), `kubernaut-${name}-`));
  const remove = (): void => rmSync(dataDir, { recursive: true, force: true });
  try {
    const server = await start(dataDir);
    return { ...server, dataDir, stop: () => server.stop().finally(remove) };
  } catch (error) {
    remove();
    throw error;
  }
}
