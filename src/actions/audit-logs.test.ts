import { Value } from '@sinclair/typebox/value';
import { describe, expect, it } from '@jest/globals';
import { memoryCluster } from '../../test/support/memory-cluster.js';
import { ACTION_ID, deploymentOf, factsOf, NOW, podOf, replicaSetOf } from '../../test/support/objects.js';
import { KubernautError } from '../domain/errors.js';
import type { KubeObject } from '../domain/kube.js';
import type { Cluster } from '../domain/ports.js';
import { redactObject } from '../domain/redact-object.js';
import { canonicalJson, hashOf } from '../domain/sha256.js';
import { auditLogs } from './audit-logs.js';
import { MAX_BYTES, type AuditTrail } from './audit-trail.js';

const params = { namespace: 'shop', from: '2026-03-01T10:00:00Z', to: '2026-03-01T12:00:00Z' };
const namespace: KubeObject = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop', uid: 'u' } };
const RBAC = 'rbac.authorization.k8s.io/v1';
const rbac = (kind: string, name: string, more: Partial<KubeObject> = {}, meta: object = {}): KubeObject => ({
  apiVersion: RBAC, kind, ...more, metadata: { name, ...(kind.startsWith('Cluster') ? {} : { namespace: 'shop' }), uid: `uid-${kind}-${name}`, creationTimestamp: '2025-01-01T00:00:00Z', ...meta },
});
const event = (name: string, at: string, more: object = {}): KubeObject => ({
  apiVersion: 'v1', kind: 'Event', metadata: { name, namespace: 'shop' }, type: 'Warning', reason: 'BackOff', count: 3, message: 'Back-off restarting', lastTimestamp: at, firstTimestamp: at,
  involvedObject: { kind: 'Pod', name: 'api-1', uid: 'p' }, source: { component: 'kubelet' }, ...more,
});

async function run(objects: KubeObject[], change: (c: Cluster) => void = () => undefined, signal = new AbortController().signal) {
  const cluster = memoryCluster(objects);
  const asked: string[] = [];
  const list = cluster.list.bind(cluster);
  cluster.list = (what, options) => (asked.push(`${what.kind} ${what.namespace ?? '*'}`), list(what, options));
  change(cluster);
  const context = { cluster, actionId: ACTION_ID, signal, heartbeat: () => undefined, lastHeartbeat: undefined, isDryRun: false };
  const { detail, artifact } = await auditLogs.run!(params, factsOf(objects.length ? objects : [namespace]), context);
  return { detail, trail: artifact as AuditTrail, asked, writes: cluster.asked };
}

describe('audit_logs, what it is asked', () => {
  const plan = (more: object) => auditLogs.plan(namespace, { ...params, ...more }, factsOf([namespace]));

  it('takes a range of up to a day that has passed', () => {
    expect(plan({})).toEqual({ changes: [], summary: 'audit namespace shop from 2026-03-01T10:00:00Z to 2026-03-01T12:00:00Z' });
    expect(plan({ from: '2026-02-28T12:00:00Z' }).changes).toEqual([]);
  });

  it.each<[string, object]>([
    ['it ends in the future', { to: '2026-03-01T12:00:01Z' }],
    ['it is the wrong way round', { from: '2026-03-01T11:00:00Z', to: '2026-03-01T10:00:00Z' }],
    ['it is empty', { to: params.from }],
    ['it is over a day', { from: '2026-02-28T11:59:59Z' }],
    ['its day is in no calendar', { from: '2026-02-31T00:00:00Z' }],
    ['its hour is on no clock', { from: '2026-03-01T25:00:00Z' }],
  ])('refuses when %s', (_why, more) => {
    expect(() => plan(more)).toThrow(expect.objectContaining({ code: 'InvalidParams' }));
  });

  it.each<[string, object]>([
    ['all namespaces', { namespace: '*' }],
    ['no namespace', { namespace: '' }],
    ['several namespaces', { namespace: 'shop,web' }],
    ['secrets', { secrets: true }],
    ['a kind of its choice', { kind: 'Secret' }],
    ['a destination', { destination: 's3://bucket' }],
    ['a URL', { url: 'https://example.com' }],
    ['a word for a time', { from: 'yesterday' }],
    ['a local time', { from: '2026-03-01T10:00:00+02:00' }],
    ['a number for a time', { from: 1772359200 }],
    ['a day alone', { from: '2026-03-01' }],
  ])('takes no %s', (_what, more) => {
    expect(Value.Check(auditLogs.params, { ...params, ...more })).toBe(false);
  });
});

describe('audit_logs, what it collects', () => {
  it('reads rights and events, writes nothing, and never asks for all namespaces or for secrets', async () => {
    const { asked, writes } = await run([namespace]);
    expect(asked).toEqual(['Role shop', 'RoleBinding shop', 'ClusterRole *', 'ClusterRoleBinding *', 'Event shop']);
    expect(writes).toEqual([]);
  });

  it('says who may do what, since when and through whom, and what of it was changed in the range', async () => {
    const manager = { manager: 'kubectl-edit', operation: 'Update', time: '2026-03-01T11:00:00Z' };
    const binding = (name: string, subjects: object[], role = 'view') => rbac('ClusterRoleBinding', name, { roleRef: { kind: 'ClusterRole', name: role }, subjects });
    const { trail } = await run([
      rbac('Role', 'old', { rules: [{ apiGroups: [''], resources: ['secrets'], verbs: ['get'] }] }),
      rbac('Role', 'edited', {}, { managedFields: [manager] }),
      rbac('Role', 'fresh', {}, { creationTimestamp: '2026-03-01T10:30:00Z' }),
      rbac('RoleBinding', 'devs', { roleRef: { kind: 'ClusterRole', name: 'edit' }, subjects: [{ kind: 'User', name: 'ann@example.com' }, { kind: 'Group', name: 'devs' }] }),
      rbac('ClusterRole', 'edit'), rbac('ClusterRole', 'view'), rbac('ClusterRole', 'unused'), rbac('ClusterRole', 'new', {}, { creationTimestamp: '2026-03-01T11:00:00Z' }),
      binding('ours', [{ kind: 'ServiceAccount', name: 'default', namespace: 'shop' }]),
      binding('group', [{ kind: 'Group', name: 'system:serviceaccounts:shop' }]),
      binding('theirs', [{ kind: 'ServiceAccount', name: 'default', namespace: 'web' }]),
    ]);
    expect(trail.roles).toMatchObject([
      { name: 'old', isChangedInRange: false, rules: [{ resources: ['secrets'] }] },
      { name: 'edited', isChangedInRange: true, createdAt: '2025-01-01T00:00:00Z', changes: [{ manager: 'kubectl-edit', operation: 'Update', at: '2026-03-01T11:00:00Z' }] },
      { name: 'fresh', isChangedInRange: true },
      { kind: 'ClusterRole', name: 'edit' }, { name: 'view' }, { name: 'new', isChangedInRange: true },
    ]);
    expect(trail.bindings).toMatchObject([{ name: 'devs', subjects: [{ name: expect.stringMatching(/^<redacted:/) }, { name: 'devs' }] }, { name: 'ours' }, { name: 'group' }]);
    expect(JSON.stringify(trail)).not.toContain('ann@example.com');
  });

  it('says what workloads may do on their nodes and which images they run, nothing of their environment', async () => {
    const pod = { hostNetwork: true, containers: [{ name: 'api', image: 'api:1', securityContext: { privileged: true }, env: [{ name: 'MODE', value: 'hunter2' }] }] };
    const api = deploymentOf('api', { pod });
    const set = replicaSetOf(api, 1);
    const one = podOf('api-1', { owner: set, pod });
    one.status.containerStatuses[0].imageID = 'api@sha256:1';
    const { trail } = await run([api, set, one, deploymentOf('far', { namespace: 'web' })]);
    expect(trail.workloads).toMatchObject([
      { kind: 'Deployment', name: 'api', hostNetwork: true, hostPID: false, containers: [{ name: 'api', image: 'api:1', securityContext: { privileged: true } }] },
      { kind: 'Pod', name: 'api-1', containers: [{ imageID: 'api@sha256:1' }] },
    ]);
    expect(JSON.stringify(trail)).not.toContain('hunter2');
  });

  it('keeps the events of the range, newest first, with what looks like a secret masked', async () => {
    const { trail, detail } = await run([
      event('early', '2026-03-01T09:59:59Z'), event('first', '2026-03-01T10:00:00Z'), event('late', NOW, { message: 'DB_PASSWORD=hunter2hunter2 refused' }), event('future', '2026-03-01T12:00:01Z'),
      event('across', '2026-03-01T13:00:00Z', { firstTimestamp: '2026-03-01T09:00:00Z' }),
      event('new-style', '', { lastTimestamp: null, firstTimestamp: null, eventTime: '2026-03-01T11:00:00.000000Z', reportingComponent: 'scheduler', source: {} }),
    ]);
    expect(trail.events).toMatchObject([{ at: '2026-03-01T13:00:00Z' }, { at: NOW, by: 'kubelet', count: 3 }, { at: '2026-03-01T11:00:00.000000Z', by: 'scheduler' }, { at: '2026-03-01T10:00:00Z' }]);
    expect(JSON.stringify(trail)).not.toContain('hunter2');
    expect(detail).toMatch(/^0 roles, 0 bindings, 0 workloads, 4 events, 1 parts missing, sha256:[0-9a-f]{64}$/);
  });

  it('is told by its digest, also after the redaction of the engine', async () => {
    const { trail } = await run([event('a', NOW, { message: 'token=abcdefgh12345678 of bob@example.com' }), rbac('RoleBinding', 'b', { roleRef: {}, subjects: [{ kind: 'User', name: 'ann@example.com' }] })]);
    const { digest, ...content } = redactObject(JSON.parse(JSON.stringify(trail)) as AuditTrail);
    expect(digest).toBe(`sha256:${hashOf(content)}`);
    expect(content).toMatchObject({ actionId: ACTION_ID, from: params.from, to: params.to, takenAt: NOW, namespace: 'shop' });
  });

  it('lists what it could not read: the audit log without a backend, and what it may not see', async () => {
    const { trail } = await run([event('a', NOW)], (cluster) => {
      const list = cluster.list.bind(cluster);
      cluster.list = (what, o) => (what.kind === 'ClusterRole' ? Promise.reject(new KubernautError('Forbidden', 'no right')) : list(what, o));
    });
    expect(trail.missing).toEqual([{ what: 'API audit entries', why: expect.stringContaining('no log backend') }, { what: 'ClusterRoles', why: 'Forbidden: no right' }]);
    expect(trail.counts.events).toBe(1);
  });

  it('leaves a server that is away to the next attempt', async () => {
    const down = (c: Cluster) => void (c.list = () => Promise.reject(new KubernautError('K8sUnavailable', 'away')));
    await expect(run([], down)).rejects.toEqual(expect.objectContaining({ code: 'K8sUnavailable' }));
  });

  it('stays under 5 MiB and says what it left out', async () => {
    const many = Array.from({ length: 6000 }, (_, i) => event(`e${i}`, '2026-03-01T11:00:00Z', { message: 'x '.repeat(500) }));
    const { trail, detail } = await run([rbac('Role', 'r'), ...many]);
    expect(Buffer.byteLength(canonicalJson(trail))).toBeLessThanOrEqual(MAX_BYTES);
    expect(Buffer.byteLength(canonicalJson(trail))).toBeGreaterThan(MAX_BYTES * 0.9);
    expect(trail.truncated).toEqual([{ what: 'events', kept: trail.counts.events, of: 6000 }]);
    expect(trail.counts.roles).toBe(1);
    expect(detail).toContain(`cut for size: events (${trail.counts.events} of 6000)`);
  });

  it('says so when the server had more than it took', async () => {
    const { trail } = await run([event('a', NOW)], (cluster) => {
      const list = cluster.list.bind(cluster);
      cluster.list = async (what, o) => ({ ...(await list(what, o)), isCut: what.kind === 'Event' });
    });
    expect(trail.truncated).toEqual([{ what: 'events', kept: 1, of: 1 }]);
  });

  it('stops when it is cancelled', async () => {
    await expect(run([], undefined, AbortSignal.abort(new Error('cancelled')))).rejects.toThrow('cancelled');
  });
});
