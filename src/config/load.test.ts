import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import { DEFAULT_POLICY } from '../domain/policy.js';
import type { KubernautError } from '../domain/errors.js';
import { KNOWN_VARIABLES, leavesOf } from './environment.js';
import type { ConfigIssue } from './issues.js';
import { isClusterNamed, loadConfig, loadWithOrigins } from './load.js';
import { revealed } from './secret.js';
import { watchPolicy } from './watch-policy.js';

const fileWith = (yaml: string): string => {
  const file = join(mkdtempSync(join(tmpdir(), 'kubernaut-config-')), 'kubernaut.yaml');
  writeFileSync(file, yaml);
  return file;
};

const issuesOf = (load: () => unknown): ConfigIssue[] => {
  try {
    load();
  } catch (error) {
    return (error as KubernautError).details.issues as ConfigIssue[];
  }
  return [];
};

describe('loadConfig', () => {
  it('has a default for everything that needs one, and the default policy is the one of the domain', () => {
    const config = loadConfig({ env: {} });
    expect(config.policy).toEqual(DEFAULT_POLICY);
    expect(config.gateway.port).toBe(8080);
    expect(config.effectiveness.horizons).toEqual(['30s', '2m', '30m']);
    expect(config.temporal).toEqual({ namespace: 'default', encryptionKeys: [], tls: {} });
    expect(config.channels).toEqual({ log: {} });
  });

  it('lets flags beat the environment, the environment the file, the file the defaults', () => {
    const file = fileWith('gateway:\n  port: 1001\n  rateLimit: { requests: 5 }\nlog:\n');
    expect(loadConfig({ env: {}, file }).gateway.port).toBe(1001);
    expect(loadConfig({ env: { WEBHOOK_PORT: '1002' }, file }).gateway.port).toBe(1002);
    expect(loadConfig({ env: { WEBHOOK_PORT: '1002', KUBERNAUT_GATEWAY_PORT: '1003' }, file }).gateway.port).toBe(1003);
    const all = loadConfig({ env: { KUBERNAUT_GATEWAY_PORT: '1003' }, file, flags: { 'gateway.port': 1004, 'log.level': undefined } });
    expect([all.gateway.port, all.gateway.rateLimit.requests, all.gateway.rateLimit.window, all.log.level]).toEqual([1004, 5, '60s', 'info']);
  });

  it.each([
    ['KUBERNAUT_EFFECTIVENESS_HORIZONS', '1s, 2s,5s', (c: any) => c.effectiveness.horizons, ['1s', '2s', '5s']],
    ['RATE_LIMIT_REQUESTS', '7', (c: any) => c.gateway.rateLimit.requests, 7],
    ['DRY_RUN', 'true', (c: any) => [c.dryRun, c.policy.dryRun], [true, true]],
    ['KUBERNAUT_POLICY_NAMESPACES', '{"shop":{"autonomy":"auto"}}', (c: any) => c.policy.namespaces.shop.autonomy, 'auto'],
    ['TEMPORAL_TLS_SERVER_CA_CERT_PATH', '/ca.pem', (c: any) => c.temporal.tls.serverCaCertPath, '/ca.pem'],
    ['KUBERNAUT_LLM_API_KEY', 'k', (c: any) => c.llm.apiKey.reveal(), 'k'],
    ['AUTH_TOKEN_SECRET', 'a,b', (c: any) => revealed(c.gateway.tokens), ['a', 'b']],
  ])('reads %s', (name, value, read, expected) => {
    expect(read(loadConfig({ env: { [name]: value } }))).toEqual(expected);
  });

  it('reports every wrong key at once, with path, what it got, what it expected and an example', () => {
    const file = fileWith('gateway:\n  prot: 1\n  host: ""\npolicy:\n  autonomy: yolo\neffectiveness:\n  horizons: [soon]\n');
    const issues = issuesOf(() => loadConfig({ file, env: { WEBHOOK_PORT: 'eighty', KUBERNAUT_GATEWAY_TOKNES: 'x' } }));
    expect(issues).toEqual(
      expect.arrayContaining([
        { path: 'gateway.prot', got: 'an unknown key', expected: expect.stringContaining('port'), example: 'port', origin: 'kubernaut.yaml' },
        { path: 'gateway.port', got: 'eighty', expected: 'a whole number from 0 to 65535', example: '8080', origin: 'WEBHOOK_PORT' },
        { path: 'policy.autonomy', got: 'yolo', expected: 'one of observe, suggest, approve, auto', example: 'approve', origin: 'kubernaut.yaml' },
        { path: 'effectiveness.horizons.0', got: 'soon', expected: 'a duration like 30s, 5m or 1h30m', example: '30s', origin: 'kubernaut.yaml' },
        expect.objectContaining({ path: 'gateway.host', expected: 'text that is not empty' }),
        expect.objectContaining({ path: 'KUBERNAUT_GATEWAY_TOKNES' }),
      ]),
    );
    expect(issues).toHaveLength(6);
  });

  it('reports what only shows beside other wrong keys: unknown actions and unordered horizons', () => {
    const file = fileWith('gateway: { prot: 1 }\npolicy: { actions: { nuke: {} }, namespaces: [shop] }\neffectiveness: { horizons: [2m, 30s] }\nchannels: { slack: {} }');
    const issues = issuesOf(() => loadConfig({ env: {}, file, actionIds: ['restart_pod'] }));
    expect(issues.map((i) => i.path).sort()).toEqual(['channels.slack.channel', 'channels.slack.token', 'effectiveness.horizons', 'gateway.prot', 'policy.actions.nuke', 'policy.namespaces']);
    expect(issues.find((i) => i.path === 'channels.slack.channel')).toMatchObject({ got: 'nothing', expected: 'channel id (C…) or name', example: 'C0123456789' });
  });

  it('names the line of broken YAML and a file that is not there', () => {
    expect(issuesOf(() => loadConfig({ env: {}, file: fileWith('a: [1\nb: 2') }))[0]!.got).toMatch(/line \d/);
    expect(issuesOf(() => loadConfig({ env: {}, file: '/does/not/exist.yaml' }))[0]!.got).toBe('ENOENT');
  });

  it('refuses an action that the catalogue does not have, wherever the policy names it', () => {
    const file = fileWith('policy:\n  actions: { scale_deploymnt: { autonomy: auto } }\n  namespaces: { shop: { actions: { nuke: {} } } }');
    const paths = issuesOf(() => loadConfig({ env: {}, file, actionIds: ['scale_deployment'] })).map((i) => i.path);
    expect(paths).toEqual(['policy.actions.scale_deploymnt', 'policy.namespaces.shop.actions.nuke']);
  });

  it('leaves alone what Kubernetes puts into the environment of a pod', () => {
    const env = { KUBERNAUT_GATEWAY_PORT: 'tcp://10.0.0.1:8080', KUBERNAUT_GATEWAY_SERVICE_HOST: '10.0.0.1', KUBERNAUT_GATEWAY_PORT_8080_TCP_ADDR: '10.0.0.1' };
    expect(loadConfig({ env }).gateway.port).toBe(8080);
  });

  it('aborts when certificates are not checked', () => {
    expect(issuesOf(() => loadConfig({ env: { NODE_TLS_REJECT_UNAUTHORIZED: '0' } }))).toHaveLength(1);
  });

  it('never shows a secret, neither in the configuration nor in an error', () => {
    const config = loadConfig({ env: { DATABASE_URL: 'postgresql://u:hunter2@h/d', AUTH_TOKEN_SECRET: 'hunter2' } });
    expect(`${JSON.stringify(config)} ${inspect(config, { depth: 9 })} ${config.gateway.tokens[0]}`).not.toContain('hunter2');
    const file = fileWith('llm: { apiKey: [hunter2] }\ngateway: { tokens: { a: hunter2 } }\ndatabase: { url: 7 }');
    const issues = issuesOf(() => loadConfig({ env: {}, file }));
    expect(issues).toHaveLength(3);
    expect(JSON.stringify(issues)).not.toContain('hunter2');
  });

  it('does not take a bare KUBECONFIG for a named cluster', () => {
    expect(isClusterNamed(loadWithOrigins({ env: { KUBECONFIG: '/k' } }))).toBe(false);
    expect(isClusterNamed(loadWithOrigins({ env: { KUBECONFIG: '/k', KUBE_CONTEXT: 'prod' } }))).toBe(true);
    expect(isClusterNamed(loadWithOrigins({ env: {}, flags: { 'kubernetes.kubeconfig': '/k' } }))).toBe(true);
  });

  it('knows a key for every name that users already know', () => {
    const paths = leavesOf().map((l) => l.path);
    expect(Object.values(KNOWN_VARIABLES).filter((p) => !paths.includes(p))).toEqual([]);
  });
});

describe('watchPolicy', () => {
  it('takes over a good file, keeps the old rules on a bad one and says what is wrong with it', () => {
    const file = fileWith('policy: { autonomy: auto }');
    const seen: string[] = [];
    const watch = watchPolicy({ file, env: {} }, loadConfig({ file, env: {} }).policy, (p) => seen.push(p.autonomy), () => seen.push('bad'));
    writeFileSync(file, 'policy: { autonomy: suggest }');
    watch.check();
    writeFileSync(file, 'policy: { autonomy: sugest }');
    watch.check();
    expect(watch.current().autonomy).toBe('suggest');
    expect(watch.issue()).toContain('policy.autonomy');
    writeFileSync(file, 'policy: { autonomy: observe }');
    watch.check();
    expect([seen, watch.issue()]).toEqual([['suggest', 'bad', 'observe'], undefined]);
    watch.stop();
  });

  it('notices the change by itself', async () => {
    const file = fileWith('policy: { autonomy: auto }');
    const changed = new Promise<string>((resolve) => {
      watchPolicy({ file, env: {}, intervalMs: 50 }, loadConfig({ file, env: {} }).policy, (p) => resolve(p.autonomy), () => undefined);
    });
    writeFileSync(file, 'policy: { autonomy: observe, cooldown: 9m }');
    expect(await changed).toBe('observe');
  });
});
