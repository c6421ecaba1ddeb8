import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startControlPlane } from '../../sandbox/launch/control-plane.js';
import type { ControlPlane } from '../../sandbox/launch/control-plane.js';

export interface TestControlPlane extends ControlPlane {
  dataDir: string;
}

/** A control plane of this test file alone, in a folder that `stop()` removes. */
export async function startTestControlPlane(binary: string): Promise<TestControlPlane> {
  const dataDir = mkdtempSync(join(tmpdir(), 'kubernaut-control-plane-'));
  const controlPlane = await startControlPlane({ dataDir, binary });
  return {
    ...controlPlane,
    dataDir,
    async stop() {
      await controlPlane.stop();
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
}
