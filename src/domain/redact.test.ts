import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { MASK, redactText } from './redact.js';
import { isMasked, redactObject } from './redact-object.js';

const JWT = 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U';
const PEM = '-----BEGIN RSA PRIVATE KEY-----\nMIIEpAIBAAKCAQEA7bq\nabc\n-----END RSA PRIVATE KEY-----';

describe('secrets in text are masked', () => {
  it.each([
    ['JWT', `got ${JWT} from client`, JWT],
    ['private key', `loaded ${PEM} ok`, 'MIIEpAIBAAKCAQEA7bq'],
    ['private key cut off', '-----BEGIN EC PRIVATE KEY-----\nMHcCAQEEIIGl', 'MHcCAQEEIIGl'],
    ['AWS key id', 'using AKIAIOSFODNN7EXAMPLE now', 'AKIAIOSFODNN7EXAMPLE'],
    ['AWS secret', 'aws_secret_access_key = wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY', 'wJalrXUtnFEMI'],
    ['GitHub token', 'clone with ghp_16C7e42F292c6912E7710c838347Ae178B4a', 'ghp_16C7'],
    ['Slack token', 'xoxb-123456789012-abcdefGHIJKL', 'abcdefGHIJKL'],
    ['Slack hook', 'https://hooks.slack.com/services/T000/B000/XXXXXXXXXXXX', 'XXXXXXXXXXXX'],
    ['model key', 'key sk-proj-abcdefghijklmnop1234', 'abcdefghijklmnop'],
    ['connection URL', 'dial postgres://app:hunter2@db.data:5432/shop failed', 'hunter2'],
    ['URL without user', 'redis://:p%40ss@cache:6379', 'p%40ss'],
    ['Authorization', 'Authorization: Bearer abc.def-123', 'abc.def-123'],
    ['Authorization in JSON', '{"authorization":"Basic dXNlcjpwYXNz"}', 'dXNlcjpwYXNz'],
    ['cookie', 'Cookie: session=abc; user=bob', 'session=abc'],
    ['env assignment', 'DB_PASSWORD=hunter2 API_URL=http://x', 'hunter2'],
    ['JSON field', '{"password":"hunter2","user":"bob"}', 'hunter2'],
    ['escaped JSON', '{\\"apiToken\\":\\"hunter2\\"}', 'hunter2'],
    ['quoted value with spaces', 'password: "correct horse battery"', 'horse'],
    ['flag', 'exec app --db-pass=hunter2 --port=80', 'hunter2'],
    ['DSN', 'SENTRY_DSN=https://abc@sentry/1', 'abc@sentry'],
    ['env pair in JSON', '{"name":"STRIPE_KEY","value":"hunter2"}', 'hunter2'],
    ['random run', 'nonce 9fQ2xK7mB4vT8sL1wZ6pR3nY5c ok', '9fQ2xK7mB4vT8sL1wZ6pR3nY5c'],
    ['random hex', 'seed 3f9a1c7e5b2d8f4a6c0e9b7d1f3a5c8e', '3f9a1c7e'],
    ['email', 'mail jane.doe@example.com bounced', 'jane.doe'],
  ])('%s', (_name, text, secret) => {
    const masked = redactText(text);
    expect(masked).not.toContain(secret);
    expect(masked).toContain(MASK);
  });
});

describe('what operators need stays', () => {
  it.each([
    'dial tcp db.data:5432: connect: connection refused',
    'Failed to pull image "shop/api:3f9a1c7e5b2d8f4a6c0e9b7d1f3a5c8e11223344": not found',
    'pulled registry/shop@sha256:9b7d1f3a5c8e3f9a1c7e5b2d8f4a6c0e9b7d1f3a5c8e3f9a1c7e5b2d8f4a6c0e',
    'pod my-very-long-deployment-name-7d9f8b6c5d-x2x4z restarted, uid 0b8d7c1e-3f52-4c9b-9d43-7d2f6a1b3c4e',
    'couldn\'t find key DATABASE_URL in ConfigMap shop/api-config',
    'secret "db-credentials" not found',
    'http://api.shop.svc:8080/users?page=2 answered 503',
    'KubeHorizontalPodAutoscalerMaxedOut fired for HorizontalPodAutoscalerController',
    'token=null password=""',
    '0/3 nodes are available: 3 Insufficient memory. preemption: 0/3',
  ])('%s', (text) => expect(redactText(text)).toBe(text));
});

it('keeps the host of a connection URL', () => {
  expect(redactText('postgres://app:hunter2@db.data:5432/shop')).toBe(`postgres://${MASK}@db.data:5432/shop`);
});

it('masks what is masked no further', () => {
  fc.assert(
    fc.property(fc.array(fc.oneof(fc.string(), fc.constantFrom(' password=', JWT, 'Authorization: ', '"token":"', PEM, ' a@b.cc ', ': ', 'KEY='))), (parts) => {
      const once = redactText(parts.join(''));
      expect(redactText(once)).toBe(once);
    }),
    { numRuns: 300 },
  );
});

it('never lets a named secret through, whatever surrounds it', () => {
  const value = fc.stringMatching(/^[A-Za-z0-9!#$%^*]{6,20}$/).filter((v) => !['undefined'].includes(v.toLowerCase()));
  fc.assert(
    fc.property(fc.constantFrom('DB_PASSWORD', 'api_token', 'client-secret', 'SENTRY_DSN', 'MY_PWD'), value, fc.constantFrom('=', ': ', '="', ' = '), (name, secret, separator) => {
      expect(redactText(`x ${name}${separator}${secret}`)).not.toContain(secret);
    }),
  );
});

it.each([
  ['eyJ-'.repeat(50_000)],
  ['password'.repeat(30_000)],
  ['a'.repeat(300_000)],
  ['-----BEGIN PRIVATE'.repeat(20_000)],
  ['://a:b'.repeat(50_000)],
  ['"name":"'.repeat(40_000)],
  ['a.'.repeat(100_000) + '@'],
  ['cookie:'.repeat(40_000)],
  ['key = '.repeat(50_000)],
  [('x'.repeat(70) + '@').repeat(3_000)],
])('takes linear time on hostile text %#', (text) => {
  const started = performance.now();
  redactText(text);
  expect(performance.now() - started).toBeLessThan(3_000);
});

const FINGERPRINTED = /^<redacted:[0-9a-f]{3}>$/;

describe('objects', () => {
  it('shows that a secret changed without showing the secret', () => {
    const env = (value: string) => redactObject({ name: 'DB_PASSWORD', value });
    expect(env('hunter2')).toEqual(env('hunter2'));
    expect(env('hunter2')).not.toEqual(env('hunter3'));
    expect(redactObject({ url: 'postgres://a:one@db' })).not.toEqual(redactObject({ url: 'postgres://a:two@db' }));
    expect(isMasked(env('x').value)).toBe(true);
    expect(isMasked({ a: [{ b: 'plain' }] })).toBe(false);
  });


  it('masks environment values by name, flags, Secret data and the applied manifest; keeps references and identities', () => {
    const pod = {
      apiVersion: 'v1', kind: 'Pod',
      metadata: { name: 'api', uid: 'u', annotations: { 'kubectl.kubernetes.io/last-applied-configuration': '{"a":1}', note: 'ok' } },
      spec: {
        nodeName: 'n1',
        containers: [{
          name: 'api', image: 'shop/api:1', args: ['--password', 'hunter2', '--token=abc', '--port', '80'],
          env: [
            { name: 'DB_PASSWORD', value: 'hunter2' },
            { name: 'MODE', value: 'prod' },
            { name: 'DATABASE_URL', value: 'postgres://u:hunter2@db:5432' },
            { name: 'API_KEY', valueFrom: { secretKeyRef: { name: 'api', key: 'token' } } },
          ],
        }],
        automountServiceAccountToken: false,
        tolerations: [{ key: 'dedicated', operator: 'Exists' }],
      },
    };
    const out = redactObject(pod);
    expect(JSON.stringify(out)).not.toContain('hunter2');
    const container = out.spec.containers[0]!;
    expect(container.args).toEqual(['--password', expect.stringMatching(FINGERPRINTED), expect.stringMatching(/^--token=<redacted:...>$/), '--port', '80']);
    expect(container.env[1]).toEqual({ name: 'MODE', value: 'prod' });
    expect(container.env[3]).toEqual({ name: 'API_KEY', valueFrom: { secretKeyRef: { name: 'api', key: 'token' } } });
    expect(out.metadata.annotations['kubectl.kubernetes.io/last-applied-configuration']).toBe(MASK);
    expect(out.spec.tolerations).toEqual(pod.spec.tolerations);
    expect(out.spec.automountServiceAccountToken).toBe(false);
    expect(pod.spec.containers[0]!.env[0]!.value).toBe('hunter2');
    expect(redactObject({ kind: 'Secret', data: { a: 'aHVudGVyMg==' } })).toEqual({ kind: 'Secret', data: { a: MASK } });
  });

  it('keeps the shape of anything and is stable', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 5 }), (value) => {
        const once = redactObject(value);
        expect(redactObject(once)).toEqual(once);
        expect(Array.isArray(once)).toBe(Array.isArray(value));
      }),
    );
  });

  it('does not touch prototypes', () => {
    const hostile = JSON.parse('{"__proto__":{"polluted":true}}') as Record<string, unknown>;
    redactObject(hostile);
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
  });
});
