import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { authority, issuedBy } from '../../test/support/certificates.js';
import { alertOf, gatewayDeps, memoryStore, memoryTemporal, talkTo, webhookOf } from '../../test/support/gateway.js';
import { AUDIENCE, claimsOf, ISSUER, jwksOf, signingKey, type SigningKey } from '../../test/support/tokens.js';
import { createGuardedGet } from '../adapters/sns/guarded-get.js';
import { keysOfFile, keysOfUrl } from './jwt-keys.js';

let [first, second]: SigningKey[] = [];
const folder = mkdtempSync(join(tmpdir(), 'kubernaut-jwks-'));
const header = (key: SigningKey) => ({ alg: key.alg, kid: key.jwk.kid });
const token = { payload: '', signature: '' } as any;
const MINUTE = 60_000;

beforeAll(async () => {
  [first, second] = await Promise.all([signingKey('ES256', 'one'), signingKey('ES256', 'two')]);
});
afterAll(() => rmSync(folder, { recursive: true }));

describe('keys in a file', () => {
  it('are read again when it changes, at once for a key that is not known; a bad file keeps the old ones', async () => {
    const path = join(folder, 'jwks.json');
    const complaints: string[] = [];
    let nowMs = 0;
    writeFileSync(path, jwksOf(first!));
    const keyFor = keysOfFile(path, { onError: (_e, text) => complaints.push(text), nowMs: () => nowMs });
    await keyFor(header(first!), token);
    await expect(keyFor(header(second!), token)).rejects.toMatchObject({ code: 'ERR_JWKS_NO_MATCHING_KEY' });
    writeFileSync(path, jwksOf(first!, second!));
    await keyFor(header(second!), token);
    writeFileSync(path, '{"keys": [');
    nowMs += 2000;
    await keyFor(header(first!), token);
    expect(complaints).toEqual([expect.stringContaining('the old keys stay')]);
    writeFileSync(path, jwksOf(second!));
    nowMs += 2000;
    await expect(keyFor(header(first!), token)).rejects.toMatchObject({ code: 'ERR_JWKS_NO_MATCHING_KEY' });
  });
});

describe('keys at an address', () => {
  function provider() {
    const state = { text: jwksOf(first!), reads: 0, isDown: false, nowMs: 1_000_000 };
    const keyFor = keysOfUrl(
      async () => {
        state.reads += 1;
        if (state.isDown) throw new Error('down');
        return state.text;
      },
      { onError: () => undefined, nowMs: () => state.nowMs },
    );
    return { state, keyFor };
  }

  it('are read when first needed, once for many', async () => {
    const { state, keyFor } = provider();
    await Promise.all([1, 2, 3].map(() => keyFor(header(first!), token)));
    expect(state.reads).toBe(1);
  });

  it('are read again for a key that is not there, not more often than every ten seconds; meanwhile such a token is not called wrong', async () => {
    const { state, keyFor } = provider();
    await keyFor(header(first!), token);
    await expect(keyFor(header(second!), token)).rejects.toMatchObject({ code: 'Overloaded', details: { retryAfterMs: 10_000 } });
    state.nowMs += 10_000;
    await expect(keyFor(header(second!), token)).rejects.toMatchObject({ code: 'ERR_JWKS_NO_MATCHING_KEY' });
    state.text = jwksOf(first!, second!);
    for (let i = 0; i < 100; i++) await expect(keyFor(header(second!), token)).rejects.toMatchObject({ code: 'Overloaded' });
    expect(state.reads).toBe(2);
    await keyFor(header(first!), token);
    state.nowMs += 10_000;
    await keyFor(header(second!), token);
    expect(state.reads).toBe(3);
  });

  it('that cannot be read are our trouble, not that of the token; keys that are known go on', async () => {
    const { state, keyFor } = provider();
    state.isDown = true;
    await expect(keyFor(header(first!), token)).rejects.toMatchObject({ code: 'DependencyMissing' });
    state.isDown = false;
    state.nowMs += 10_000;
    await keyFor(header(first!), token);
    state.isDown = true;
    state.nowMs += 60 * MINUTE;
    await keyFor(header(first!), token);
    state.nowMs += MINUTE;
    await expect(keyFor(header(second!), token)).rejects.toMatchObject({ code: 'DependencyMissing' });
  });

  it('are gone after ten minutes when the provider takes them away', async () => {
    const { state, keyFor } = provider();
    await keyFor(header(first!), token);
    state.text = jwksOf(second!);
    state.nowMs += 11 * MINUTE;
    await keyFor(header(first!), token);
    await keyFor(header(second!), token);
    await expect(keyFor(header(first!), token)).rejects.toBeDefined();
  });
});

it('a gateway reads the keys of its provider over HTTPS, and answers 503, never 401, while it cannot', async () => {
  const ca = authority('provider');
  const answer = { status: 503, headers: {} as Record<string, string>, text: jwksOf(first!) };
  const server = createServer(issuedBy(ca, 'keys of the provider'), (_request, response) => response.writeHead(answer.status, answer.headers).end(answer.text)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const jwksUrl = `https://localhost:${(server.address() as AddressInfo).port}/keys`;
  const deps = () => gatewayDeps({ ...memoryStore(), ...memoryTemporal(), readKeys: createGuardedGet({ isAllowed: () => true, ca: ca.cert, resolve: async () => [{ address: '127.0.0.1', family: 4 }] }) }, { 'gateway.jwt': { issuer: ISSUER, audience: AUDIENCE, jwksUrl } });
  const statusWith = async (more: Partial<typeof answer>) => {
    Object.assign(answer, { status: 200, headers: {}, text: jwksOf(first!) }, more);
    const { gateway, send } = await talkTo(deps());
    const got = await send('POST', '/alerts', webhookOf(alertOf()), { authorization: `Bearer ${await first!.sign(claimsOf())}` });
    await gateway.close();
    return [got.status, got.body.error?.code, got.headers.get('retry-after')];
  };
  try {
    expect(await statusWith({})).toEqual([202, undefined, null]);
    for (const bad of [{ status: 503 }, { status: 404 }, { status: 302, headers: { location: jwksUrl } }, { text: '<html>' }, { text: '{"keys":[]}' }, { text: ' '.repeat(70_000) }]) {
      expect(await statusWith(bad)).toEqual([503, 'DependencyMissing', '10']);
    }
  } finally {
    server.close();
  }
});
