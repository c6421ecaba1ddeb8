import { describe, expect, it } from '@jest/globals';
import { inShop, podOf, readyPod, worldOf } from '../../test/support/fake-world.js';
import { connectTo, destinationOf } from './reachability.js';

const images = 'images: [{ image: "db:1", listens: [5432] }]';
const database = readyPod('db-1', { role: 'db' }, { image: 'db:1', ports: [{ name: 'pg', containerPort: 5432 }] }, 'data');
const service = (spec: object = {}): object => ({
  kind: 'Service',
  metadata: { name: 'db', namespace: 'data', uid: 's' },
  spec: { selector: { role: 'db' }, ports: [{ port: 5432 }], ...spec },
});
const policy = (namespace: string, spec: object): object => ({ kind: 'NetworkPolicy', metadata: { name: `p-${namespace}`, namespace, uid: 'p' }, spec });
const shop = { kind: 'Namespace', metadata: { name: 'shop', uid: 'n', labels: { team: 'shop' } } };
const client = podOf();
const allow = (rule: object): object => policy('data', { podSelector: {}, ingress: [rule] });
const fromShop = { namespaceSelector: { matchLabels: { team: 'shop' } } };

describe('a dependency', () => {
  it.each<[string, object[], string | undefined]>([
    ['is reachable through its Service', [service(), database], undefined],
    ['needs the Service', [database], 'no such host'],
    ['needs a pod', [service()], 'connection refused'],
    ['needs a selector that matches', [service({ selector: { role: 'other' } }), database], 'connection refused'],
    ['needs a Ready pod', [service(), { ...database, status: { phase: 'Running' } }], 'connection refused'],
    ['needs the Service port', [service({ ports: [{ port: 5433 }] }), database], 'connection refused'],
    ['needs a target port that is listened on', [service({ ports: [{ port: 5432, targetPort: 1 }] }), database], 'connection refused'],
    ['is found behind a named target port', [service({ ports: [{ port: 5432, targetPort: 'pg' }] }), database], undefined],
    ['is not found behind an unknown name', [service({ ports: [{ port: 5432, targetPort: 'sql' }] }), database], 'connection refused'],
    ['of a headless Service is the pod itself', [service({ clusterIP: 'None', ports: [] }), database], undefined],
    ['is cut off by a policy without rules', [service(), database, policy('data', { podSelector: {}, policyTypes: ['Ingress'] })], 'i/o timeout'],
    ['passes a policy for other pods', [service(), database, policy('data', { podSelector: { matchLabels: { role: 'web' } } })], undefined],
    ['passes a policy that lets the namespace in', [service(), database, shop, allow({ from: [fromShop] })], undefined],
    ['is cut off when only the own namespace is let in', [service(), database, shop, allow({ from: [{ podSelector: {} }] })], 'i/o timeout'],
    ['is cut off when another port is let in', [service(), database, shop, allow({ from: [fromShop], ports: [{ port: 80 }] })], 'i/o timeout'],
    ['passes a port range', [service(), database, shop, allow({ ports: [{ port: 5000, endPort: 6000 }] })], undefined],
    ['passes a named port', [service(), database, allow({ ports: [{ port: 'pg' }] })], undefined],
    ['passes an address block', [service(), database, allow({ from: [{ ipBlock: { cidr: '0.0.0.0/0' } }] })], undefined],
    ['is cut off by the own side', [service(), database, policy('shop', { podSelector: {}, policyTypes: ['Egress'] })], 'i/o timeout'],
    ['passes the own side when allowed', [service(), database, policy('shop', { podSelector: {}, policyTypes: ['Egress'], egress: [{ to: [{ namespaceSelector: {} }] }] })], undefined],
    ['follows an alias', [{ kind: 'Service', metadata: { name: 'db', namespace: 'data', uid: 'a' }, spec: { type: 'ExternalName', externalName: 'real.data.svc.cluster.local' } }, { ...service(), metadata: { name: 'real', namespace: 'data', uid: 'r' } }, database], undefined],
  ])('%s', (_name, objects, wanted) => {
    expect(connectTo('db.data:5432', client, worldOf(images, objects))).toBe(wanted);
  });

  it('without a selector is reached through its slices', () => {
    const slice = inShop('EndpointSlice', 'legacy-1', { ports: [{ port: 1 }], endpoints: [{ addresses: ['1.2.3.4'] }] }) as { metadata: object };
    const labelled = { ...slice, metadata: { ...slice.metadata, labels: { 'kubernetes.io/service-name': 'legacy' } } };
    const legacy = inShop('Service', 'legacy', { spec: { ports: [{ port: 1 }] } });
    expect(connectTo('legacy:1', client, worldOf('', [legacy, labelled]))).toBeUndefined();
    expect(connectTo('legacy:1', client, worldOf('', [legacy]))).toBe('connection refused');
  });
});

it.each([
  ['db:5432', { service: 'db', namespace: 'shop', port: 5432 }],
  ['db.data:5432', { service: 'db', namespace: 'data', port: 5432 }],
  ['db.data.svc.cluster.local:5432', { service: 'db', namespace: 'data', port: 5432 }],
  ['http://web', { service: 'web', namespace: 'shop', port: 80 }],
])('reads the address %s', (address, wanted) => {
  expect(destinationOf(address, 'shop')).toEqual(wanted);
});
