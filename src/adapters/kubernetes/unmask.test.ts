import { describe, expect, it } from '@jest/globals';
import { stateOfEdits } from '../../domain/edit-state.js';
import { worldOf, type KubeObject } from '../../domain/kube.js';
import { redactObject } from '../../domain/redact-object.js';
import { unmasked } from './unmask.js';

const template = (password: string, image: string) => ({ metadata: { labels: { app: 'api' } }, spec: { containers: [{ name: 'api', image, env: [{ name: 'DB_PASSWORD', value: password }] }] } });
const live: KubeObject = { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'api', namespace: 'shop', uid: 'd' }, spec: { template: template('new-secret', 'api:2') } };
const revision = (name: string, t: ReturnType<typeof template>): KubeObject => ({
  apiVersion: 'apps/v1', kind: 'ReplicaSet',
  metadata: { name, namespace: 'shop', uid: name, ownerReferences: [{ apiVersion: 'apps/v1', kind: 'Deployment', name: 'api', uid: 'd', controller: true }] },
  spec: { template: { ...t, metadata: { labels: { ...t.metadata.labels, 'pod-template-hash': name } } } },
});
const world = worldOf([live, revision('r1', template('old-secret', 'api:1')), revision('r2', template('new-secret', 'api:2'))]);
const masked = (password: string, image: string) => redactObject({ spec: { template: template(password, image) } }).spec.template;
const edit = { path: ['spec', 'template'], before: masked('new-secret', 'api:2'), after: masked('old-secret', 'api:1') };

describe('a plan made from redacted evidence', () => {
  it('carries no secret, still knows where the object stands, and is written with the real values', () => {
    expect(JSON.stringify(edit)).not.toMatch(/old-secret|new-secret/);
    expect(stateOfEdits(live, [edit])).toBe('before');
    const [written] = unmasked(world, live, [edit], false);
    expect(written!.after).toEqual(template('old-secret', 'api:1'));
    expect(stateOfEdits({ ...live, spec: { template: written!.after } } as KubeObject, [edit])).toBe('after');
  });

  it('sees that only the secret was changed since', () => {
    const changed = { ...live, spec: { template: template('somebody-elses', 'api:2') } };
    expect(stateOfEdits(changed, [edit])).toBe('drifted');
  });

  it.each([[false, 'PreconditionChanged'], [true, 'InverseUnavailable']])('never writes a mask: no revision has the value (undo %s)', (isUndo, code) => {
    const lost = { ...edit, after: masked('forgotten', 'api:0') };
    expect(() => unmasked(world, live, [lost], isUndo)).toThrow(expect.objectContaining({ code }));
  });

  it('leaves edits without secrets alone', () => {
    const plain = { path: ['spec', 'replicas'], before: 1, after: 2 };
    expect(unmasked(worldOf([]), live, [plain], false)).toEqual([plain]);
  });
});
