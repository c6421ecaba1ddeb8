import { describe, expect, it } from '@jest/globals';
import { deploymentOf } from '../../../test/support/objects.js';
import type { Edit } from '../change.js';
import { refOf, worldOf, type KubeObject } from '../kube.js';
import { ownership } from './checks/ownership.js';
import type { SafetyFacts } from './facts.js';

const FLUX = { 'kustomize.toolkit.fluxcd.io/name': 'apps' };
const secret = (labels: Record<string, string> = {}): KubeObject => ({ apiVersion: 'external-secrets.io/v1', kind: 'ExternalSecret', metadata: { name: 'db', namespace: 'shop', uid: 'uid-es', labels }, spec: {} });
const writing = (target: KubeObject, writes: [KubeObject, string[]][]): SafetyFacts =>
  ({
    world: worldOf([target, ...writes.map(([o]) => o)]),
    step: {
      target: { cluster: 'test', ...refOf(target), uid: target.metadata.uid },
      changes: writes.map(([o, path]) => ({ op: 'edit', ref: refOf(o), uid: o.metadata.uid, edits: [{ path, after: 'x' } satisfies Edit] })),
    },
  }) as unknown as SafetyFacts;

describe('whose fields a step writes', () => {
  it('is nobody else\'s business when it is an annotation', () => {
    const es = secret(FLUX);
    expect(ownership(writing(es, [[es, ['metadata', 'annotations', 'force-sync']]]))).toEqual([]);
    expect(ownership(writing(es, [[es, ['spec', 'refreshInterval']]]))).toMatchObject([{ reason: 'gitops_owned', severity: 'deny' }]);
  });

  it('is asked of what a step writes beside its target too', () => {
    const es = secret();
    const owned = deploymentOf('api', { labels: FLUX });
    const path = ['spec', 'template', 'metadata', 'annotations'];
    expect(ownership(writing(es, [[es, ['metadata', 'annotations', 'force-sync']], [owned, path]]))).toMatchObject([{ reason: 'gitops_owned', message: expect.stringContaining('deployment shop/api') }]);
    expect(ownership(writing(es, [[deploymentOf('api'), path]]))).toEqual([]);
  });
});
