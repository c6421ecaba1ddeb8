import { describe, expect, it } from '@jest/globals';
import { AN_HOUR_AGO, deploymentOf, edited, factsOf, LAST_YEAR, NOW, problemOf, replicaSetOf, YESTERDAY } from '../../test/support/objects.js';
import { invert, type Change } from '../domain/change.js';
import { worldOf, type KubeObject } from '../domain/kube.js';
import { rollbackDeployment } from './rollback-deployment.js';

const code = (expected: string) => expect.objectContaining({ code: expected });
const editsOf = (change: Change | undefined) => (change?.op === 'edit' ? change.edits : []);

const current = (o: Parameters<typeof deploymentOf>[1] = {}) =>
  deploymentOf('api', { image: 'api:3', ...o, annotations: { 'deployment.kubernetes.io/revision': '3', ...o.annotations } });

/** Revision 3 is current since an hour; 2 and 1 went before. */
const history = (object: KubeObject, two: object = {}, one: object = {}) => [
  replicaSetOf(object, 3, { createdAt: AN_HOUR_AGO }),
  replicaSetOf(object, 2, { image: 'api:2', createdAt: YESTERDAY, ...two }),
  replicaSetOf(object, 1, { image: 'api:1', createdAt: YESTERDAY, ...one }),
];

function withClaim(replicaSet: KubeObject): KubeObject {
  const copy = structuredClone(replicaSet);
  copy.spec.template.spec.volumes = [{ name: 'data', persistentVolumeClaim: { claimName: 'old' } }];
  return copy;
}

function plan(object: KubeObject, sets: KubeObject[], params: object = {}, more: Parameters<typeof factsOf>[1] = {}) {
  return rollbackDeployment.plan(object, { namespace: 'shop', name: 'api', ...params }, factsOf([object, ...sets], { problems: [problemOf()], ...more }));
}

describe('rollback_deployment', () => {
  it('takes the template of the previous revision without its hash label, and can put ours back', () => {
    const object = current();
    const planned = plan(object, history(object, { annotations: { 'kubernetes.io/change-cause': 'two' } }));
    const after = edited(object, editsOf(planned.changes[0]));
    expect(after.spec.template).toEqual(deploymentOf('api', { image: 'api:2' }).spec.template);
    expect(after.metadata.annotations).toEqual({ 'deployment.kubernetes.io/revision': '3', 'kubernetes.io/change-cause': 'two' });
    expect(edited(after, editsOf(invert(planned.changes[0]!)))).toEqual(object);
    expect(planned).toMatchObject({ summary: 'roll deployment shop/api back from revision 3 to 2', tier: 2, parameters: { revision: 2, templateHash: 'hash2' } });
  });

  it('leaves annotations that people added since, but not a change cause of the wrong revision', () => {
    const object = current({ annotations: { 'kubernetes.io/change-cause': 'three', 'team.io/opt-in': 'yes' } });
    const { changes } = plan(object, history(object));
    expect(edited(object, editsOf(changes[0])).metadata.annotations).toEqual({ 'deployment.kubernetes.io/revision': '3', 'team.io/opt-in': 'yes' });
  });

  it('prefers the newest revision that serves at this moment', () => {
    const object = current();
    expect(plan(object, history(object, {}, { available: 1 })).parameters).toMatchObject({ revision: 1 });
  });

  it('passes over a predecessor that was down before the current revision came', () => {
    const object = current({ status: { conditions: [{ type: 'Available', status: 'False', lastTransitionTime: YESTERDAY }] } });
    expect(plan(object, history(object, {}, { createdAt: LAST_YEAR })).parameters).toMatchObject({ revision: 1 });
  });

  it('refuses where no revision was ever available', () => {
    const object = current({ status: { conditions: [{ type: 'Available', status: 'False', lastTransitionTime: LAST_YEAR }] } });
    expect(() => plan(object, history(object))).toThrow(code('PreconditionChanged'));
  });

  it('does not blame the predecessor for an outage that the current revision made', () => {
    const object = current({ status: { conditions: [{ type: 'Available', status: 'False', lastTransitionTime: NOW }] } });
    expect(plan(object, history(object)).parameters).toMatchObject({ revision: 2 });
  });

  it('takes the revision that was asked for', () => {
    const object = current();
    expect(plan(object, history(object), { revision: 1 }).parameters).toMatchObject({ revision: 1, templateHash: 'hash1' });
  });

  it.each([
    ['more than five revisions back', 7, YESTERDAY],
    ['older than thirty days', 3, LAST_YEAR],
  ])('asks a person for one that is %s', (_what, revision, createdAt) => {
    const object = current({ annotations: { 'deployment.kubernetes.io/revision': String(revision) } });
    const sets = [replicaSetOf(object, revision, { createdAt: AN_HOUR_AGO }), replicaSetOf(object, 1, { image: 'api:1', createdAt })];
    expect(plan(object, sets).tier).toBe(3);
  });

  it('does not compare with the age of a ReplicaSet that a rollback took up again', () => {
    const object = current();
    const [now, ...rest] = history(object);
    now!.metadata.annotations!['deployment.kubernetes.io/revision-history'] = '1';
    now!.metadata.creationTimestamp = LAST_YEAR;
    expect(plan(object, [now!, ...rest]).changes).toHaveLength(1);
  });

  it.each<[string, (o: KubeObject) => KubeObject[], object, Parameters<typeof factsOf>[1], Parameters<typeof current>[0], string]>([
    ['it is paused', history, {}, {}, { spec: { paused: true } }, 'PreconditionChanged'],
    ['its owner keeps rollbacks manual', history, {}, {}, { annotations: { 'kubernaut.io/rollback': 'manual' } }, 'PreconditionChanged'],
    ['there is no earlier revision', (o) => [replicaSetOf(o, 3)], {}, {}, {}, 'PreconditionChanged'],
    ['the template was not rolled out yet', (o) => history(o).slice(1), {}, {}, {}, 'PreconditionChanged'],
    ['the revision is the current one', history, { revision: 3 }, {}, {}, 'InvalidParams'],
    ['the revision is a later one', (o) => [...history(o), replicaSetOf(o, 4, { image: 'api:4' })], { revision: 4 }, {}, {}, 'InvalidParams'],
    ['the revision has the same template', (o) => [...history(o).slice(0, 2), replicaSetOf(o, 1)], { revision: 1 }, {}, {}, 'InvalidParams'],
    ['it mounts a claim that is gone', (o) => history(o).map((rs) => (rs.metadata.annotations!['deployment.kubernetes.io/revision'] === '2' ? withClaim(rs) : rs)), {}, {}, {}, 'PreconditionChanged'],
    ['the revision is not there', history, { revision: 9 }, {}, {}, 'InvalidParams'],
    ['the alert began before the rollout', history, {}, { problems: [problemOf({ startedAt: YESTERDAY })] }, {}, 'PreconditionChanged'],
    ['the alert began long after the rollout', history, {}, { limits: { window: '10m' } }, {}, 'PreconditionChanged'],
    ['the only predecessor was down', (o) => history(o).slice(0, 2), {}, {}, { status: { conditions: [{ type: 'Available', status: 'False', lastTransitionTime: YESTERDAY }] } }, 'PreconditionChanged'],
  ])('refuses when %s', (_why, sets, params, more, o, expected) => {
    const object = current(o);
    expect(() => plan(object, sets(object), params, more)).toThrow(code(expected));
  });

  it.each([
    ['waits while old pods are left', { replicas: 3, updatedReplicas: 2 }, 'waiting'],
    ['waits while pods are not available', { availableReplicas: 1 }, 'waiting'],
    ['fails when the controller gives up', { conditions: [{ type: 'Progressing', reason: 'ProgressDeadlineExceeded', lastUpdateTime: NOW }] }, 'failed'],
    ['is reached when all are updated and available', {}, 'reached'],
  ])('%s', (_what, status, state) => {
    const object = current({ status });
    const planned = plan(current(), history(current()));
    const after = edited(object, editsOf(planned.changes[0]));
    const params = { namespace: 'shop', name: 'api' };
    expect(rollbackDeployment.verify(worldOf([after]), params, rollbackDeployment.targetOf(params), planned).state).toBe(state);
    expect(rollbackDeployment.verify(worldOf([object]), params, rollbackDeployment.targetOf(params), planned).state).toBe('waiting');
  });
});
