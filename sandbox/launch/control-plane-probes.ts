import { readFileSync } from 'node:fs';
import { request } from 'node:https';
import { join } from 'node:path';

const PROBE_TIMEOUT_MS = 2_000;

export interface ApiProbe {
  /** Whether an administrator gets a 200 for this path. Rejects while nobody listens. */
  answers(path: string): Promise<boolean>;
}

export function apiProbe(server: string, pkiDir: string): ApiProbe {
  const read = (file: string): Buffer => readFileSync(join(pkiDir, file));
  const tls = { ca: read('ca.crt'), cert: read('admin.crt'), key: read('admin.key') };
  return {
    answers: (path) =>
      new Promise((resolve, reject) => {
        const call = request(`${server}${path}`, { ...tls, timeout: PROBE_TIMEOUT_MS, agent: false }, (response) => {
          response.resume();
          resolve(response.statusCode === 200);
        });
        call.once('timeout', () => call.destroy(new Error(`no answer within ${PROBE_TIMEOUT_MS} ms`)));
        call.once('error', reject);
        call.end();
      }),
  };
}

export async function etcdProbe(port: number): Promise<boolean> {
  const response = await fetch(`http://127.0.0.1:${port}/health`, { signal: AbortSignal.timeout(PROBE_TIMEOUT_MS) });
  return response.ok && ((await response.json()) as { health?: string }).health === 'true';
}
