import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync } from 'node:fs';
import { request } from 'node:https';
import { connect as connectPlain } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { expect, it } from '@jest/globals';
import { gatewayDeps, memoryStore, memoryTemporal } from '../../test/support/gateway.js';
import { serveMetrics, startGateway } from './server.js';

const folder = mkdtempSync(join(tmpdir(), 'kubernaut-tls-'));
const path = (name: string): string => join(folder, name);

function certificate(name: string): void {
  execFileSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-keyout', path('tls.key'), '-out', path('tls.crt'), '-days', '1', '-subj', `/CN=${name}`, '-addext', 'subjectAltName=IP:127.0.0.1'], { stdio: 'ignore' });
}

const nameServedAt = (port: number): Promise<string> =>
  new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', ca: readFileSync(path('tls.crt')), rejectUnauthorized: false }, () => {
      resolve(String(socket.getPeerCertificate().subject.CN));
      socket.end();
    });
    socket.on('error', reject);
  });

it('serves TLS 1.3 only, asks for client certificates when told so, and takes over a renewed certificate', async () => {
  certificate('first');
  const tls = { certFile: path('tls.crt'), keyFile: path('tls.key') };
  const gateway = await startGateway(gatewayDeps({ ...memoryStore(), ...memoryTemporal() }, { 'gateway.tls': tls }));
  const status = await new Promise((resolve, reject) => {
    request(`${gateway.url}/health`, { ca: readFileSync(tls.certFile) }, (r) => resolve([r.statusCode, (r.socket as unknown as { getProtocol(): string }).getProtocol()])).on('error', reject).end();
  });
  expect(status).toEqual([200, 'TLSv1.3']);
  await expect(new Promise((resolve, reject) => connect({ port: gateway.port, host: '127.0.0.1', maxVersion: 'TLSv1.2', rejectUnauthorized: false }, () => resolve('connected')).on('error', reject))).rejects.toThrow();

  certificate('second');
  for (let i = 0; i < 100 && (await nameServedAt(gateway.port)) !== 'second'; i++) await new Promise((resolve) => setTimeout(resolve, 100));
  expect(await nameServedAt(gateway.port)).toBe('second');
  await gateway.close();

  const mutual = await startGateway(gatewayDeps({ ...memoryStore(), ...memoryTemporal() }, { 'gateway.tls': { ...tls, clientCaFile: path('tls.crt') } }));
  const ask = (more: object) => new Promise<number | undefined>((resolve, reject) => {
    request(`${mutual.url}/health`, { ca: readFileSync(tls.certFile), ...more }, (r) => resolve(r.statusCode)).on('error', reject).end();
  });
  await expect(ask({})).rejects.toThrow();
  expect(await ask({ cert: readFileSync(tls.certFile), key: readFileSync(tls.keyFile) })).toBe(200);
  await mutual.close();
}, 30_000);

it('names the file of a certificate that cannot be read', async () => {
  const deps = gatewayDeps({ ...memoryStore(), ...memoryTemporal() }, { 'gateway.tls': { certFile: '/none.crt', keyFile: '/none.key' } });
  await expect(startGateway(deps)).rejects.toMatchObject({ code: 'ConfigInvalid', message: expect.stringContaining('/none.crt') });
});

it('has limits on slow and endless clients', async () => {
  const gateway = await startGateway(gatewayDeps({ ...memoryStore(), ...memoryTemporal() }));
  const { requestTimeout, headersTimeout, maxRequestsPerSocket, maxConnections, timeout } = gateway.app.server;
  expect([requestTimeout, headersTimeout, maxRequestsPerSocket, maxConnections, timeout]).toEqual([15_000, 10_000, 10_000, 4096, 60_000]);
  const refused = await new Promise<string>((resolve) => {
    let seen = '';
    const socket = connectPlain(gateway.port, '127.0.0.1', () => socket.write('POST /alerts HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{'));
    socket.on('data', (d) => {
      seen += String(d);
      if (seen.includes('\r\n\r\n')) socket.destroy();
    }).on('close', () => resolve(seen));
  });
  expect(refused).toMatch(/^HTTP\/1\.1 401 /);
  await gateway.close();
});

it('serves the metrics of a worker on a port of their own, only when one is configured', async () => {
  const deps = gatewayDeps({ ...memoryStore(), ...memoryTemporal() }, { 'gateway.metricsPort': 0 });
  const app = (await serveMetrics(deps))!;
  const { port } = app.server.address() as { port: number };
  deps.metrics.actionsExecuted.inc({ action: 'restart_pod', outcome: 'applied' });
  expect(await (await fetch(`http://127.0.0.1:${port}/metrics`)).text()).toContain('kubernaut_actions_executed_total{action="restart_pod",outcome="applied"} 1');
  await app.close();
  expect(await serveMetrics(gatewayDeps({ ...memoryStore(), ...memoryTemporal() }))).toBeUndefined();
});
