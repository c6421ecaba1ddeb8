import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, type ConnectionOptions, type TLSSocket } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { authority, issuedBy, type Issued } from '../../test/support/certificates.js';
import { gatewayDeps, memoryStore, memoryTemporal } from '../../test/support/gateway.js';
import { startGateway, type RunningGateway } from './server.js';

const folder = mkdtempSync(join(tmpdir(), 'kubernaut-mtls-'));
const path = (name: string): string => join(folder, name);
const [serverCa, teamCa, otherCa, nextCa] = ['server', 'team', 'other', 'next'].map(authority) as [ReturnType<typeof authority>, ReturnType<typeof authority>, ReturnType<typeof authority>, ReturnType<typeof authority>];
const files = { certFile: path('tls.crt'), keyFile: path('tls.key'), clientCaFile: path('ca.crt') };
const right = issuedBy(teamCa, 'alertmanager');

function install({ cert, key }: Issued): void {
  writeFileSync(files.certFile, cert);
  writeFileSync(files.keyFile, key);
}

let gateway: RunningGateway;
const complaints: string[] = [];
beforeAll(async () => {
  install(issuedBy(serverCa, 'first'));
  writeFileSync(files.clientCaFile, teamCa.cert);
  const deps = gatewayDeps({ ...memoryStore(), ...memoryTemporal() }, { 'gateway.tls': files });
  const logger = Object.assign(Object.create(deps.logger) as typeof deps.logger, { error: (_: unknown, text: string) => void complaints.push(text) });
  gateway = await startGateway({ ...deps, logger });
});
afterAll(async () => {
  await gateway.close();
  rmSync(folder, { recursive: true });
});

interface Served {
  status: string;
  serverName: string;
  session?: Buffer;
}

/** GET /health with this certificate; rejects when the server does not let us in. TLS 1.3 says so only after the handshake. */
const ask = (client?: Issued, more: ConnectionOptions = {}): Promise<Served> =>
  new Promise((resolve, reject) => {
    let session: Buffer | undefined;
    let [seen, serverName] = ['', ''];
    const socket: TLSSocket = connect({ port: gateway.port, host: '127.0.0.1', ca: serverCa.cert, ...client, ...more }, () => {
      serverName = String(socket.getPeerCertificate().subject?.CN);
      socket.write('GET /health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
    });
    socket.on('session', (s: Buffer) => (session = s));
    socket.on('data', (d: Buffer) => (seen += d.toString()));
    socket.on('error', reject);
    socket.on('close', () => (seen ? resolve({ status: seen.split(' ')[1]!, serverName, session }) : reject(new Error('closed without an answer'))));
  });

const isRefused = (...asked: Parameters<typeof ask>): Promise<boolean> => ask(...asked).then(() => false, () => true);

async function until(isSo: () => Promise<boolean>): Promise<void> {
  for (let i = 0; i < 150; i++) {
    if (await isSo()) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error('it never came about');
}

describe('with gateway.tls.clientCaFile', () => {
  it('a certificate of that CA comes in', async () => {
    expect(await ask(right)).toMatchObject({ status: '200', serverName: 'first' });
  });

  it.each<[string, Issued | undefined]>([
    ['no certificate', undefined],
    ['one of another CA', issuedBy(otherCa, 'alertmanager')],
    ['one of another CA that has the name of ours', issuedBy({ ...authority('team') }, 'alertmanager')],
    ['one that signed itself', { cert: otherCa.cert, key: otherCa.key }],
    ['one that has expired', issuedBy(teamCa, 'alertmanager', { fromDays: -10, toDays: -1 })],
    ['one that is not in force yet', issuedBy(teamCa, 'alertmanager', { fromDays: 1, toDays: 10 })],
    ['the CA of our own certificate', issuedBy(serverCa, 'alertmanager')],
  ])('%s does not', async (_what, client) => {
    expect(await isRefused(client)).toBe(true);
  });

  it('no version before TLS 1.3 does', async () => {
    for (const maxVersion of ['TLSv1.2', 'TLSv1.1'] as const) expect(await isRefused(right, { maxVersion, minVersion: 'TLSv1' })).toBe(true);
  });

  it('plain HTTP does not', async () => {
    await expect(fetch(`http://127.0.0.1:${gateway.port}/health`)).rejects.toThrow();
  });

  it('a renewed CA file is taken over without a restart, an unusable one is not, and nobody comes back by an old session', async () => {
    const { session } = await ask(right);
    expect(session).toBeDefined();
    writeFileSync(files.clientCaFile, `${nextCa.cert}${teamCa.cert.slice(0, 200)}`);
    install(issuedBy(serverCa, 'second'));
    await until(async () => complaints.length > 0);
    expect(complaints[0]).toContain('the old one stays');
    expect(await ask(right)).toMatchObject({ status: '200', serverName: 'first' });

    writeFileSync(files.clientCaFile, nextCa.cert);
    const client = issuedBy(nextCa, 'alertmanager');
    await until(async () => !(await isRefused(client)));
    expect(await ask(client)).toMatchObject({ status: '200', serverName: 'second' });
    expect([await isRefused(right), await isRefused(right, { session }), await isRefused(undefined)]).toEqual([true, true, true]);

    writeFileSync(files.clientCaFile, `# both, while clients change\n${teamCa.cert}\n${nextCa.cert}`);
    await until(async () => !(await isRefused(right)));
    expect(await isRefused(client)).toBe(false);
  }, 40_000);

  it('does not start with a CA file that holds no certificate', async () => {
    for (const bad of ['', 'nonsense', teamCa.cert.slice(0, 200), teamCa.cert.replace(/[A-Za-z]{8}/g, 'AAAAAAAA')]) {
      writeFileSync(path('bad'), bad);
      const deps = gatewayDeps({ ...memoryStore(), ...memoryTemporal() }, { 'gateway.tls': { ...files, clientCaFile: path('bad') } });
      await expect(startGateway(deps)).rejects.toMatchObject({ code: 'ConfigInvalid', message: expect.stringContaining('clientCaFile') });
    }
  });
});
