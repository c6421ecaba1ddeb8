import { mkdtempSync, rmSync } from 'node:fs';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from '@jest/globals';
import { startAlertManager, type AlertManager } from '../../sandbox/ticker/alertmanager.js';
import { fingerprintOf } from '../../sandbox/ticker/fingerprint.js';
import { alertManagerDelivery } from '../../sandbox/ticker/sinks.js';
import { ensureServer } from '../../scripts/servers.mjs';
import { eventually } from '../support/simulated-cluster.js';

interface Received {
  status: string;
  alerts: { status: string; fingerprint: string; labels: Record<string, string> }[];
}

it('a real AlertManager forwards what the ticker posts, with its token and the fingerprint we compute, and resolves it', async () => {
  const { path: binary } = await ensureServer('alertmanager');
  const dataDir = mkdtempSync(join(tmpdir(), 'kubernaut-alertmanager-'));
  const bodies: Received[] = [];
  const receiver = http.createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const isKnown = request.headers.authorization === 'Bearer from-a-file';
      if (isKnown) bodies.push(JSON.parse(Buffer.concat(chunks).toString('utf8')) as Received);
      response.writeHead(isKnown ? 202 : 401).end();
    });
  });
  await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve));
  const webhookUrl = `http://127.0.0.1:${String((receiver.address() as AddressInfo).port)}/`;
  let alertManager: AlertManager | undefined;
  try {
    alertManager = await startAlertManager({ binary, dataDir, webhookUrl, token: 'from-a-file' });
    const labels = { alertname: 'KubePodCrashLooping', severity: 'warning', namespace: 'shop', pod: 'api-1', container: 'äpi' };
    const alert = { fingerprint: fingerprintOf(labels), labels, annotations: { summary: 'x' }, startsAtMs: Date.now() };
    const delivery = alertManagerDelivery(alertManager.url);
    expect(await delivery.deliver([alert], Date.now())).toEqual([]);
    const fired = await eventually('the firing alert arrives', async () => bodies.find((body) => body.status === 'firing'));
    expect(fired.alerts[0]).toMatchObject({ fingerprint: alert.fingerprint, labels });
    expect(await delivery.deliver([{ ...alert, resolvedAtMs: Date.now() }], Date.now())).toEqual([alert.fingerprint]);
    await eventually('the resolved alert arrives', async () => bodies.find((body) => body.status === 'resolved'));
  } finally {
    await alertManager?.stop();
    receiver.closeAllConnections();
    await new Promise((resolve) => receiver.close(resolve));
    rmSync(dataDir, { recursive: true, force: true });
  }
}, 60_000);
