import { expect, it } from '@jest/globals';
import fc from 'fast-check';
import { worldOf, type KubeObject } from '../../domain/kube.js';
import { objectIndex } from './object-index.js';

const make = (kind: string, name: string, more: Partial<KubeObject['metadata']> = {}): KubeObject => ({ apiVersion: 'v1', kind, metadata: { name, namespace: 'shop', uid: `${kind}-${name}`, ...more } });
const ownedBy = (o: KubeObject) => ({ ownerReferences: [{ apiVersion: o.apiVersion, kind: o.kind, name: o.metadata.name, uid: o.metadata.uid!, controller: true }] });

it('follows owners, and stops below a node', () => {
  const index = objectIndex();
  const deployment = make('Deployment', 'api');
  const set = make('ReplicaSet', 'api-1', ownedBy(deployment));
  const pod = make('Pod', 'api-1-x', ownedBy(set));
  const node = make('Node', 'n1');
  const mirror = make('Pod', 'proxy', ownedBy(node));
  for (const o of [deployment, set, pod, node, mirror]) index.put(o);
  expect(index.topOwnerOf(pod)).toBe(deployment);
  expect(index.topOwnerOf(mirror)).toBe(mirror);
  expect(index.ownedBy(deployment.metadata.uid!)).toEqual([set]);
});

it('a late deletion does not remove the successor of the same name', () => {
  const index = objectIndex();
  const old = make('Pod', 'db-0', { uid: 'old' });
  const next = make('Pod', 'db-0', { uid: 'new' });
  index.put(old);
  index.put(next);
  index.remove(old);
  expect(index.get('Pod', 'shop', 'db-0')).toBe(next);
  expect(index.byUid('old')).toBeUndefined();
});

it('finds events by what they are about', () => {
  const index = objectIndex();
  const event = { ...make('Event', 'e1'), involvedObject: { kind: 'Pod', namespace: 'shop', name: 'api' } };
  index.put(event);
  expect(index.eventsAbout({ kind: 'Pod', namespace: 'shop', name: 'api' })).toEqual([event]);
  index.remove(event);
  expect(index.eventsAbout({ kind: 'Pod', namespace: 'shop', name: 'api' })).toEqual([]);
});

it('after any history answers like a world built anew', () => {
  const name = fc.constantFrom('a', 'b', 'c');
  const step = fc.record({ isPut: fc.boolean(), kind: fc.constantFrom('Pod', 'ReplicaSet'), name, namespace: fc.constantFrom('x', 'y'), uid: fc.constantFrom('1', '2'), owner: fc.option(name, { nil: undefined }) });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
      const index = objectIndex();
      const expected = new Map<string, KubeObject>();
      for (const s of steps) {
        const o = make(s.kind, s.name, { namespace: s.namespace, uid: `${s.kind}${s.namespace}${s.name}${s.uid}`, ...(s.owner ? ownedBy(make('Owner', s.owner)) : {}) });
        const key = `${s.kind}/${s.namespace}/${s.name}`;
        if (s.isPut) {
          index.put(o);
          expected.set(key, o);
        } else {
          index.remove(o);
          if (expected.get(key)?.metadata.uid === o.metadata.uid) expected.delete(key);
        }
      }
      const world = worldOf([...expected.values()]);
      const sorted = (list: readonly KubeObject[]) => [...list].sort((p, q) => (p.metadata.uid! < q.metadata.uid! ? -1 : 1));
      expect(sorted(index.objects)).toEqual(sorted(world.objects));
      expect(index.size).toBe(expected.size);
      for (const kind of ['Pod', 'ReplicaSet']) for (const ns of [undefined, 'x', 'y']) expect(sorted(index.list(kind, ns))).toEqual(sorted(world.list(kind, ns)));
      for (const owner of ['a', 'b', 'c']) expect(sorted(index.ownedBy(`Owner-${owner}`))).toEqual(sorted(world.ownedBy(`Owner-${owner}`)));
    }),
  );
});
