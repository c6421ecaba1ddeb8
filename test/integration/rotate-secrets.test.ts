import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { issuerErrorAnnotation } from '../../sandbox/operators/cert-manager.js';
import { providerErrorAnnotation } from '../../sandbox/operators/external-secrets.js';
import type { KubeObject, ObjectRef } from '../../src/domain/kube.js';
import { act } from '../support/act.js';
import { openStage, isAvailable, type Stage } from '../support/actions/stage.js';

let stage: Stage;

beforeAll(async () => {
  stage = await openStage();
}, 600_000);

afterAll(() => stage?.stop(), 60_000);

interface Secret {
  type: string;
  data: Record<string, string>;
}

const secretOf = (ns: string) => stage.admin.request<Secret>('GET', `/api/v1/namespaces/${ns}/secrets/creds`);
const pathOf = ({ apiVersion, kind, namespace, name }: ObjectRef) => `/apis/${apiVersion}/namespaces/${namespace}/${kind.toLowerCase()}s/${name}`;
const annotate = (ref: ObjectRef, annotations: Record<string, string | null>) => stage.person(pathOf(ref), { metadata: { annotations } });

const KINDS: Record<string, { apiVersion: string; kind: string; key: string; spec: object; isThere: (o: KubeObject) => boolean }> = {
  externalSecret: {
    apiVersion: 'external-secrets.io/v1', kind: 'ExternalSecret', key: 'password',
    spec: { target: { name: 'creds' }, data: [{ secretKey: 'password', remoteRef: { key: 'db' } }] }, isThere: (o) => o.status?.conditions?.[0]?.status === 'True',
  },
  certificate: { apiVersion: 'cert-manager.io/v1', kind: 'Certificate', key: 'tls.crt', spec: { secretName: 'creds', issuerRef: { name: 'ca' } }, isThere: (o) => o.status?.revision === 1 },
};

/** A secret from either operator, and a Deployment that holds it in its environment. */
async function scene(by: string) {
  const { apiVersion, kind, key, spec, isThere } = KINDS[by]!;
  const ns = await stage.namespace();
  const ref = { apiVersion, kind, namespace: ns, name: 'main' };
  await stage.create({ apiVersion, kind, metadata: { name: 'main', namespace: ns, annotations: { 'kubernaut.io/rotation-overlap': 'true' } }, spec });
  await stage.seen((w) => w.list(kind, ns).some(isThere));
  await stage.deploy(ns, { container: { env: [{ name: 'P', valueFrom: { secretKeyRef: { name: 'creds', key } } }] } });
  await stage.seen(isAvailable(ns, 2));
  const actionId = stage.newActionId();
  const step = stage.planned({ action: 'rotate_secrets', ref, params: { namespace: ns, [by]: 'main' }, actionId });
  const generation = () => stage.cluster.world().get('Deployment', ns, 'api')!.metadata.generation;
  return { ns, key, ref, step, generation, run: () => act(stage.execute, { step, actionId, mode: 'apply' }), actionId };
}

describe.each(['externalSecret', 'certificate'])('rotate_secrets by %s', (by) => {
  it('has a new value published, and pods that started after it', async () => {
    const { ns, key, run } = await scene(by);
    const before = await secretOf(ns);
    const pods = stage.cluster.world().list('Pod', ns).map((p) => p.metadata.uid);
    await expect(run()).resolves.toMatchObject({ status: 'applied', detail: expect.stringContaining('1 consumers restarted') });
    const after = await secretOf(ns);
    expect(after.type).toBe(before.type);
    expect(after.data[key]).not.toBe(before.data[key]);
    const left = stage.cluster.world().list('Pod', ns).filter((p) => !p.metadata.deletionTimestamp && pods.includes(p.metadata.uid));
    expect(left).toEqual([]);
  }, 120_000);

  it('touches no consumer when its source refuses, says what it said, and goes on once it gives', async () => {
    const { ns, ref, key, step, run, generation, actionId } = await scene(by);
    const [before, generationBefore] = [await secretOf(ns), generation()];
    await annotate(ref, { [providerErrorAnnotation]: 'vault is sealed', [issuerErrorAnnotation]: 'vault is sealed' });
    await expect(run()).rejects.toMatchObject({ code: 'ConvergeFailed', message: expect.stringMatching(/consumers were not restarted.*vault is sealed/) });
    expect((await secretOf(ns)).data[key]).toBe(before.data[key]);
    expect(generation()).toBe(generationBefore);
    expect((await stage.ledger(actionId)).map((l) => l.objectRef?.resource)).not.toContain('deployments');
    await annotate(ref, { [providerErrorAnnotation]: null, [issuerErrorAnnotation]: null });
    await stage.seen((w) => w.get(ref.kind, ns, 'main')?.metadata.annotations?.[providerErrorAnnotation] === undefined);
    const next = stage.newActionId();
    const again = stage.planned({ action: 'rotate_secrets', ref, params: step.parameters.externalSecret ? { namespace: ns, externalSecret: 'main' } : { namespace: ns, certificate: 'main' }, actionId: next });
    await expect(act(stage.execute, { step: again, actionId: next, mode: 'apply' })).resolves.toMatchObject({ status: 'applied' });
    expect((await secretOf(ns)).data[key]).not.toBe(before.data[key]);
  }, 120_000);
});

describe('rotate_secrets', () => {
  it('never reads a Secret', async () => {
    const { run } = await scene('externalSecret');
    await run();
    await stage.ledger('-');
    const lines = readFileSync(stage.plane.auditLog, 'utf8').split('\n').filter((line) => line.includes('"resource":"secrets"'));
    expect(lines.length).toBeGreaterThan(0); // the operator's
    expect(lines.filter((line) => line.includes('"kubernaut/9.9.9'))).toEqual([]);
  }, 120_000);

  it('leaves a trace of a write that can carry no annotation', async () => {
    const { ns, run } = await scene('certificate');
    await run();
    const events = await stage.seen((w) => w.list('Event', ns).filter((e) => e.involvedObject?.kind === 'Certificate'));
    expect(events).toHaveLength(1);
  }, 120_000);
});
