import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ensureServer, installedAlertManager, type Progress as ServerProgress } from '../../../sandbox/launch/servers.js';
import type { SandboxFile } from '../../../sandbox/process.js';
import { startTemporal, type TemporalServer } from '../../../temporal/dev-server.js';
import { startAndWait, type Child } from './child.js';
import type { Progress } from './progress.js';

const SANDBOX_PROCESS = fileURLToPath(new URL('../../../sandbox/process.js', import.meta.url));

export async function startOwnTemporal(progress: Progress, dataDir: string, namespace: string): Promise<TemporalServer> {
  const { path } = await progress.step('Temporal server', (say) => ensureServer('temporal', { onProgress: (p) => say(textOf(p)) }), (s) => s.how);
  return progress.step('Temporal', () => startTemporal({ binary: path, dataDir: join(dataDir, 'temporal'), namespace }), (t) => `${t.address}, Web UI ${t.ui}`);
}

export interface RunningSandbox {
  file: SandboxFile;
  child: Child;
  logFile: string;
}

export async function startSandboxProcess(progress: Progress, dataDir: string): Promise<RunningSandbox> {
  const { path } = await progress.step('control plane', (say) => ensureServer('control-plane', { onProgress: (p) => say(textOf(p)) }), (s) => s.how);
  return progress.step(
    'sandbox Kubernetes',
    async (say) => {
      const alertManager = await installedAlertManager();
      const { child, value } = await startAndWait<SandboxFile>(
        {
          name: 'the sandbox',
          file: SANDBOX_PROCESS,
          args: ['--data-dir', join(dataDir, 'sandbox'), '--binary', path, ...(alertManager ? ['--alertmanager', alertManager] : [])],
          logFile: join(dataDir, 'logs', 'sandbox.log'),
          onEvent: (event) => {
            if (typeof event.progress === 'string') say(event.progress);
          },
        },
        'ready',
      );
      return { file: value, child, logFile: join(dataDir, 'logs', 'sandbox.log') };
    },
    ({ file }) => `${file.server}, kubeconfig ${file.kubeconfig}`,
  );
}

const textOf = (progress: ServerProgress): string => `${progress.way}: ${progress.detail}`;

/** Tells the sandbox where its alerts go: the gateway starts after it. */
export async function sendAlertsTo(controlUrl: string, sink: { url: string; token: string }): Promise<void> {
  await fetch(`${controlUrl}/sink`, { method: 'PUT', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ kind: 'webhook', ...sink }) });
}
