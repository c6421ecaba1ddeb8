import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it } from '@jest/globals';
import { actions, type Action } from '../../src/actions/index.js';
import { proposalSchema } from '../../src/actions/proposal-schema.js';
import { analyzers } from '../../src/analyzers/index.js';
import type { AnalyzerDefinition } from '../../src/analyzers/define.js';
import type { ChannelDefinition } from '../../src/channels/define.js';
import { channels } from '../../src/channels/index.js';
import { renderActions } from '../../src/cli/docs/actions-page.js';
import { renderAnalyzers } from '../../src/cli/docs/analyzers-page.js';
import { manifestsFor } from '../../src/cli/rbac/manifests.js';
import { worldOf } from '../../src/domain/kube.js';
import { registryOf, type Registry } from '../../src/domain/registry.js';
import type { ModelDefinition } from '../../src/models/define.js';
import { models } from '../../src/models/index.js';
import { sources } from '../../src/sources/index.js';
import { suspendCronJob } from '../fixtures/recipes/actions/suspend-cron-job.js';
import { cronJobSuspended } from '../fixtures/recipes/analyzers/cron-job-suspended.js';
import { syslog } from '../fixtures/recipes/channels/syslog.js';
import { echo } from '../fixtures/recipes/models/echo.js';
import { heartbeat } from '../fixtures/recipes/sources/heartbeat.js';
import { brokenWorld } from '../support/broken-world.js';
import { evidenceOf, object } from '../support/kube-objects.js';
import { itKeepsTheContractOfActions } from './checks/action-contract.js';
import { itKeepsTheContractOfAnalyzers } from './checks/analyzer-contract.js';
import { itKeepsTheContractOfChannels } from './checks/channel-contract.js';
import { itKeepsTheContractOfModels } from './checks/model-contract.js';
import { itKeepsTheContractOfSources } from './checks/source-contract.js';

const FIXTURES = 'test/fixtures/recipes';

/** What the one line in a family's index.ts does. Each family's own `define` keeps literal types that the registry forgets. */
const withOne = <T extends { id: string }>(registry: Registry<T>, member: unknown): Registry<T> => registryOf<T>(registry.kind, [...registry.members, member as T]);

const cronJob = (suspend?: boolean) => ({
  apiVersion: 'batch/v1', kind: 'CronJob', metadata: { name: 'nightly', namespace: 'shop', uid: 'uid-cronjob-nightly' }, spec: { schedule: '0 3 * * *', ...(suspend === undefined ? {} : { suspend }) },
});

describe('adding an action', () => {
  const catalogue = withOne<Action>(actions, suspendCronJob);
  const action = catalogue.get('suspend_cron_job');

  itKeepsTheContractOfActions({
    action, catalogue, folder: `${FIXTURES}/actions`,
    fixture: { object: cronJob(), others: [], params: { namespace: 'shop', name: 'nightly' }, satisfied: { object: cronJob(true) } },
  });

  it('lets a model propose it, documents it and grants its permissions, without another line', () => {
    expect(JSON.stringify(proposalSchema(catalogue.members))).toContain('"suspend_cron_job"');
    expect(renderActions(catalogue.members)).toContain('## suspend_cron_job');
    const role = manifestsFor({ namespaces: ['shop'], actions: catalogue.members }).find((m) => m.kind === 'Role' && m.metadata.name === 'kubernaut-executor-suspend-cron-job');
    expect(role?.rules).toEqual([{ apiGroups: ['batch'], resources: ['cronjobs'], verbs: ['patch'] }]);
  });
});

describe('adding an analyzer', () => {
  const catalogue = withOne<AnalyzerDefinition>(analyzers, cronJobSuspended);
  const suspended = () => evidenceOf(object('batch/v1', 'CronJob', 'nightly', { spec: { suspend: true } }), []);

  itKeepsTheContractOfAnalyzers({ analyzer: catalogue.get('cron_job_suspended'), worlds: () => [...brokenWorld(), suspended()] });

  it('recognises what it is for, and is documented', () => {
    expect(catalogue.get('cron_job_suspended').diagnose(suspended(), worldOf([]))).toMatchObject([{ cause: 'cron_job.suspended', conclusion: 'needs_person' }]);
    expect(renderAnalyzers(catalogue.members)).toContain('`cron_job_suspended`');
  });
});

describe('adding a source', () => {
  const catalogue = withOne(sources, heartbeat);
  const body = { namespace: 'shop', deployment: 'api', since: '2026-03-01T02:30:00+01:00' };

  itKeepsTheContractOfSources({ source: catalogue.get('heartbeat'), bodies: [body], folder: `${FIXTURES}/sources` });

  it('finds the object in trouble', () => {
    const { signals } = catalogue.get('heartbeat').toSignals(body as never, { cluster: 'prod', receivedAt: '2026-03-01T02:31:00.000Z', settings: {} });
    expect(signals[0]!.hints[0]).toMatchObject({ kind: 'Deployment', namespace: 'shop', name: 'api' });
  });
});

describe('adding a channel', () => {
  const catalogue = withOne<ChannelDefinition>(channels, syslog);

  itKeepsTheContractOfChannels(catalogue.get('syslog'));

  it('delivers to a real listener', async () => {
    const server = createSocket('udp4').bind(0, '127.0.0.1');
    await once(server, 'listening');
    const received = once(server, 'message') as Promise<[Buffer]>;
    const channel = await catalogue.get('syslog').connect({ host: '127.0.0.1', port: server.address().port } as never);
    const note = { remediationId: 'r-0123456789', kind: 'closed', title: 'deployment shop/api: fixed', severity: 'warning', target: 'deployment shop/api', lines: [], commands: [], links: {}, at: '2026-01-01T00:00:00.000Z' } as const;
    expect(await channel.deliver(note as never)).toEqual({ providerId: 'r-0123456789/closed' });
    expect((await received)[0].toString()).toMatch(/^<133>1 2026-01-01T00:00:00.000Z - kubernaut - - - .*deployment shop\/api: fixed/);
    server.close();
  });
});

describe('adding a model', () => {
  const catalogue = withOne<ModelDefinition>(models, echo);

  itKeepsTheContractOfModels(catalogue.get('echo'), `${FIXTURES}/models`);

  it('answers over HTTP', async () => {
    const server = createServer((request, response) => void request.pipe(response)).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const model = await catalogue.get('echo').connect({ endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}` } as never);
    expect((await model.answer({ system: '', prompt: '{"a":1}', schema: {}, schemaName: 'x', timeoutMs: 5000 })).text).toBe('{"a":1}');
    server.close();
  });
});

describe('an id that exists', () => {
  it.each([actions, analyzers, sources, channels, models] as unknown as Registry<{ id: string }>[])('is refused at start-up: $kind', (registry) => {
    expect(() => withOne(registry, { id: registry.ids[0]! })).toThrow(/are called/);
  });
});
