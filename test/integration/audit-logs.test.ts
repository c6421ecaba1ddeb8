import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import type { AuditTrail } from '../../src/actions/audit-trail.js';
import { redactObject } from '../../src/domain/redact-object.js';
import { hashOf } from '../../src/domain/sha256.js';
import { shortHash } from '../../src/domain/target.js';
import { act } from '../support/act.js';
import { openStage, type Stage } from '../support/actions/stage.js';

let stage: Stage;
let ns: string;
let from: string;
const kept = new Map<string, AuditTrail>();

const RBAC = 'rbac.authorization.k8s.io';
const now = () => new Date().toISOString();
const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

beforeAll(async () => {
  stage = await openStage({ execute: { keepArtifact: (artifact, key) => (kept.set(key, artifact as AuditTrail), Promise.resolve(key)) } });
  // times of objects have whole seconds
  from = new Date(Math.floor(Date.now() / 1000) * 1000).toISOString();
  ns = await stage.namespace();
  await stage.create({ apiVersion: `${RBAC}/v1`, kind: 'Role', metadata: { name: 'reads-secrets', namespace: ns }, rules: [{ apiGroups: [''], resources: ['secrets'], verbs: ['get'] }] } as never);
  await stage.create({ apiVersion: `${RBAC}/v1`, kind: 'RoleBinding', metadata: { name: 'ann', namespace: ns }, roleRef: { apiGroup: RBAC, kind: 'Role', name: 'reads-secrets' }, subjects: [{ kind: 'User', apiGroup: RBAC, name: 'ann@example.com' }] } as never);
  await stage.create({ apiVersion: `${RBAC}/v1`, kind: 'ClusterRoleBinding', metadata: { name: `${ns}-admin` }, roleRef: { apiGroup: RBAC, kind: 'ClusterRole', name: 'admin' }, subjects: [{ kind: 'ServiceAccount', name: 'default', namespace: ns }] } as never);
  await stage.deploy(ns, { container: { securityContext: { privileged: true } } });
  await stage.seen((w) => w.list('Pod', ns).length === 2 && w.list('Event', ns).length >= 2);
  await wait(1100);
}, 600_000);

afterAll(() => stage?.stop(), 60_000);

async function audit(range: { from?: string; to?: string } = {}) {
  const actionId = stage.newActionId();
  const params = { namespace: ns, from: range.from ?? from, to: range.to ?? now() };
  const step = stage.planned({ action: 'audit_logs', ref: { apiVersion: 'v1', kind: 'Namespace', name: ns }, params, actionId });
  const reply = await act(stage.execute, { step, actionId, mode: 'apply' });
  return { actionId, reply, trail: kept.get(`action:${shortHash(actionId)}`)!, again: () => act(stage.execute, { step, actionId, mode: 'apply' }) };
}

describe('audit_logs on a real API server', () => {
  it('collects rights, workloads and events of the range, under the key of the action', async () => {
    const { trail, reply, actionId, again } = await audit();
    expect(trail.roles).toContainEqual(expect.objectContaining({ kind: 'Role', name: 'reads-secrets', isChangedInRange: true, changes: [expect.objectContaining({ operation: 'Update' })] }));
    expect(trail.roles).toContainEqual(expect.objectContaining({ kind: 'ClusterRole', name: 'admin', isChangedInRange: false }));
    expect(trail.bindings).toContainEqual(expect.objectContaining({ kind: 'ClusterRoleBinding', name: `${ns}-admin` }));
    expect(trail.bindings).toContainEqual(expect.objectContaining({ name: 'ann', subjects: [{ kind: 'User', name: expect.stringMatching(/^<redacted/) }] }));
    expect(trail.workloads).toContainEqual(expect.objectContaining({ kind: 'Deployment', name: 'api', containers: [expect.objectContaining({ image: `${ns}/api:1`, securityContext: { privileged: true } })] }));
    expect(trail.events.length).toBeGreaterThan(1);
    expect(trail.missing).toEqual([{ what: 'API audit entries', why: expect.any(String) }]);
    expect(trail.truncated).toEqual([]);
    expect(reply.detail).toMatch(new RegExp(`events, 1 parts missing, ${trail.digest} \\(action:${shortHash(actionId)}\\)$`));
    const before = kept.size;
    await again();
    expect(kept.size).toBe(before);
  }, 60_000);

  it('keeps what its digest is of, and no value of an environment or a person\'s address', async () => {
    const { trail } = await audit();
    const { digest, ...content } = JSON.parse(JSON.stringify(trail)) as AuditTrail;
    expect(`sha256:${hashOf(content)}`).toBe(digest);
    expect(redactObject(trail)).toEqual(trail);
    expect(JSON.stringify(trail)).not.toMatch(/secret-of-|ann@example\.com/);
  }, 60_000);

  it('finds nothing changed in an hour in which nothing was', async () => {
    const { trail } = await audit({ from: '2026-01-01T00:00:00Z', to: '2026-01-01T01:00:00Z' });
    expect(trail.events).toEqual([]);
    expect([...trail.roles, ...trail.bindings, ...trail.workloads].filter((e) => (e as { isChangedInRange: boolean }).isChangedInRange)).toEqual([]);
  }, 60_000);

  it('writes nothing, asks in pages, and never for secrets', async () => {
    const { actionId } = await audit();
    expect(await stage.ledger(actionId)).toEqual([]);
    const lists = readFileSync(stage.plane.auditLog, 'utf8').split('\n').filter((line) => line.includes('"kubernaut/9.9.9"') && line.includes('"verb":"list"'));
    expect(lists.filter((line) => line.includes('"resource":"secrets"'))).toEqual([]);
    for (const resource of ['roles', 'rolebindings', 'clusterroles', 'clusterrolebindings']) {
      const ofIt = lists.filter((line) => line.includes(`"resource":"${resource}"`));
      expect(ofIt.length).toBeGreaterThan(0);
      expect(ofIt.filter((line) => !line.includes('limit=500'))).toEqual([]);
    }
  }, 60_000);

  it.each<[string, () => object]>([
    ['the future', () => ({ to: new Date(Date.now() + 60_000).toISOString() })],
    ['a reversed range', () => ({ from: now(), to: from })],
    ['more than a day', () => ({ from: new Date(Date.now() - 25 * 3_600_000).toISOString() })],
    ['a destination', () => ({ destination: 'x' })],
    ['a kind', () => ({ kind: 'Secret' })],
  ])('refuses %s', (_what, more) => {
    const params = { namespace: ns, from, to: now(), ...more() };
    expect(() => stage.planned({ action: 'audit_logs', ref: { apiVersion: 'v1', kind: 'Namespace', name: ns }, params })).toThrow(expect.objectContaining({ code: 'InvalidParams' }));
  });

  it('refuses all namespaces and another than the one that was read', () => {
    const planned = (namespace: string) => stage.planned({ action: 'audit_logs', ref: { apiVersion: 'v1', kind: 'Namespace', name: ns }, params: { namespace, from, to: now() } });
    expect(() => planned('*')).toThrow(expect.objectContaining({ code: 'InvalidParams' }));
    expect(() => planned('default')).toThrow(expect.objectContaining({ code: 'NotGrounded' }));
  });
});

describe('a live list', () => {
  const pods = () => ({ apiVersion: 'v1', kind: 'Pod', namespace: ns });

  it('goes on from page to page, and carries kinds', async () => {
    const { items, isCut } = await stage.cluster.list(pods(), { maxBytes: 1_000_000, pageSize: 1 });
    expect(items.map((o) => [o.apiVersion, o.kind, o.metadata.namespace])).toEqual([['v1', 'Pod', ns], ['v1', 'Pod', ns]]);
    expect(isCut).toBe(false);
  });

  it('stops before it is too much', async () => {
    const { items } = await stage.cluster.list(pods(), { maxBytes: 1_000_000 });
    const one = Buffer.byteLength(JSON.stringify({ ...items[0], apiVersion: undefined, kind: undefined }));
    await expect(stage.cluster.list(pods(), { maxBytes: one + 10 })).resolves.toMatchObject({ items: [expect.anything()], isCut: true });
    await expect(stage.cluster.list(pods(), { maxBytes: 10 })).resolves.toEqual({ items: [], isCut: true });
  });

  it('needs a namespace where the kind has one, and a kind that is served', async () => {
    await expect(stage.cluster.list({ apiVersion: 'v1', kind: 'Pod' }, { maxBytes: 10 })).rejects.toMatchObject({ code: 'InvalidParams' });
    await expect(stage.cluster.list({ apiVersion: 'apps/v1', kind: 'Nonsense', namespace: ns }, { maxBytes: 10 })).rejects.toMatchObject({ code: 'Unsupported' });
  });

  it('stops when it is cancelled', async () => {
    await expect(stage.cluster.list(pods(), { maxBytes: 10, signal: AbortSignal.abort(new Error('cancelled')) })).rejects.toThrow('cancelled');
  });
});
