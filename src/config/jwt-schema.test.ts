import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from '@jest/globals';
import { loadConfig } from './load.js';

const guide = readFileSync('docs/guides/securing-the-gateway.md', 'utf8');
const snippets = [...guide.matchAll(/```yaml\n(gateway:[^]*?)```/g)].map((m) => m[1]!);

it('the snippets of the guide are taken as they stand', () => {
  const folder = mkdtempSync(join(tmpdir(), 'kubernaut-guide-'));
  const loaded = snippets.map((text, i) => {
    const file = join(folder, `${i}.yaml`);
    writeFileSync(file, text);
    return loadConfig({ env: {}, file }).gateway;
  });
  rmSync(folder, { recursive: true });
  expect(loaded.map((g) => [g.jwt?.audience, g.tls?.clientCaFile])).toEqual([['kubernaut', undefined], ['kubernaut', undefined], [undefined, '/etc/kubernaut/tls/ca.crt']]);
  expect(loaded[0]!.jwt).toMatchObject({ claims: { role: 'groups' }, roles: { 'sre-oncall': 'decide' } });
});

it('every key can come from the environment', () => {
  const env = {
    KUBERNAUT_GATEWAY_JWT_ISSUER: 'https://id.example.com', KUBERNAUT_GATEWAY_JWT_AUDIENCE: 'kubernaut', KUBERNAUT_GATEWAY_JWT_JWKS_FILE: '/etc/kubernaut/jwks.json', KUBERNAUT_GATEWAY_JWT_ALGORITHMS: 'ES256,RS256',
    KUBERNAUT_GATEWAY_JWT_CLAIMS_ROLE: 'groups', KUBERNAUT_GATEWAY_JWT_ROLES: '{"sre":"decide"}', KUBERNAUT_GATEWAY_JWT_CLOCK_TOLERANCE: '5s',
  };
  expect(loadConfig({ env }).gateway.jwt).toEqual({
    issuer: 'https://id.example.com', audience: 'kubernaut', jwksFile: '/etc/kubernaut/jwks.json', algorithms: ['ES256', 'RS256'], claims: { role: 'groups' }, roles: { sre: 'decide' }, clockTolerance: '5s',
  });
});

it('half a configuration is said to be one', () => {
  expect(() => loadConfig({ env: { KUBERNAUT_GATEWAY_JWT_ISSUER: 'https://id.example.com' } })).toThrow('gateway.jwt.audience');
});
