import { describe, expect, it } from '@jest/globals';
import { certificateOf, injectorOf, ISTIO, istiodOf, meshOf, namespaceOf, proxyContainer, restartedPod, serviceOf, slicesTo } from '../../test/support/mesh-objects.js';
import { deploymentOf, edited, factsOf, podOf, replicaSetOf, statefulSetOf } from '../../test/support/objects.js';
import { refOf, worldOf, type KubeObject } from '../domain/kube.js';
import { membershipOf, meshParts, versionOf } from './mesh.js';
import { resetServiceMesh } from './reset-service-mesh.js';

const refusal = (code: string, message: RegExp) => expect.objectContaining({ code, message: expect.stringMatching(message) });
const api = deploymentOf('api');
const set = replicaSetOf(api, 1, { available: 2 });
const WORKLOAD = { scope: 'workload', namespace: 'shop', workload: 'api' } as const;
const PLANE = { scope: 'control_plane' } as const;
const planWorkload = (mesh = meshOf(), object: KubeObject = api) => resetServiceMesh.plan(object, WORKLOAD, factsOf([object, replicaSetOf(object, 1, { available: 2 }), ...mesh]));
const planPlane = (mesh = meshOf(), object = istiodOf()) => resetServiceMesh.plan(object, PLANE, factsOf([object, ...mesh.filter((o) => o.kind !== object.kind || o.metadata.name !== object.metadata.name)]));

const linkerd = (name: string) => deploymentOf(name, { namespace: 'linkerd', image: 'cr.l5d.io/linkerd/controller:stable-2.14.1', status: { conditions: [{ type: 'Available', status: 'True' }] } });
const linkerdMesh = () => [
  ...['linkerd-destination', 'linkerd-identity', 'linkerd-proxy-injector'].map(linkerd), serviceOf('linkerd', 'linkerd-proxy-injector'), slicesTo('linkerd', 'linkerd-proxy-injector', 1),
  injectorOf('linkerd-proxy-injector-webhook-config', { namespace: 'linkerd', name: 'linkerd-proxy-injector' }), certificateOf('2026-04-01T00:00:00Z', 'linkerd-identity-issuer', 'linkerd'), namespaceOf('shop', {}, { 'linkerd.io/inject': 'enabled' }),
];

describe('reset_service_mesh, which object', () => {
  it('is the workload that is named', () => {
    expect(resetServiceMesh.targetOf({ ...WORKLOAD, kind: 'StatefulSet' })).toEqual({ apiVersion: 'apps/v1', kind: 'StatefulSet', namespace: 'shop', name: 'api' });
  });

  it.each([['istiod where nothing says otherwise', undefined, 'istiod'], ['the controller that the proposal is about', refOf(linkerd('linkerd-identity')), 'linkerd-identity'], ['a revision of Istio', refOf(deploymentOf('istiod-1-24', { namespace: ISTIO })), 'istiod-1-24'], ['no workload that a proposal is about', refOf(api), 'istiod']])('is, for the control plane, %s', (_what, asked, name) => {
    expect(resetServiceMesh.targetOf(PLANE, asked)).toMatchObject({ name });
  });

  it.each([['a whole namespace', { scope: 'workload', namespace: 'shop' }], ['no workload', { scope: 'workload' }], ['a namespace of controllers', { scope: 'control_plane', namespace: ISTIO }]])('is never %s', (_what, params) => {
    expect(() => resetServiceMesh.targetOf(params as never)).toThrow(refusal('InvalidParams', /one workload/));
  });

  it('takes its scope from the object it is for', () => {
    expect(resetServiceMesh.locate(refOf(istiodOf())).scope).toBe('control_plane');
    expect(resetServiceMesh.locate(refOf(deploymentOf('istiod'))).scope).toBe('workload');
  });
});

describe('reset_service_mesh, a workload', () => {
  it('restarts it by the time of the plan and pins the proxies it expects', () => {
    const planned = planWorkload();
    expect(planned).toMatchObject({
      changes: [{ op: 'edit', ref: { kind: 'Deployment', namespace: 'shop', name: 'api' } }],
      parameters: { ...WORKLOAD, mesh: 'Istio', proxyVersion: '1.24.2' },
      summary: 'restart deployment shop/api one pod after the other, for new Istio proxies of 1.24.2',
    });
    expect(planned.needsApproval).toBeUndefined();
    expect(planned.actsInProtected).toBeUndefined();
  });

  it('does the same for Linkerd', () => {
    expect(planWorkload(linkerdMesh()).parameters).toMatchObject({ mesh: 'Linkerd', proxyVersion: '2.14.1' });
  });

  it('expects no version where somebody chose the proxy by annotation', () => {
    const chosen = deploymentOf('api');
    chosen.spec.template.metadata.annotations = { 'sidecar.istio.io/proxyImage': 'registry.example.com/proxy:7' };
    expect(planWorkload(meshOf(), chosen).parameters).not.toHaveProperty('proxyVersion');
  });

  it.each([['no certificate can be read', meshOf([], ['Certificate/istio-ca'])], ['a certificate does not say when it ends', meshOf([certificateOf(undefined)])]])('says so and needs a person when %s', (_what, mesh) => {
    const planned = planWorkload(mesh);
    expect(planned.needsApproval).toMatch(/24 h/);
    expect(planned.summary).toContain(planned.needsApproval);
  });

  const revision = namespaceOf('shop', { 'istio.io/rev': '1-25' });
  const tagged = injectorOf('istio-revision-tag-1-25', { namespace: ISTIO, name: 'istiod' }, { 'istio.io/rev': '1-24', 'istio.io/tag': '1-25' });
  it('asks the injector of its own revision, also by a tag', () => {
    expect(planWorkload(meshOf([revision, tagged])).changes).toHaveLength(1);
  });

  const external = injectorOf();
  external.webhooks[0].clientConfig = { url: 'https://istiod.example.com/inject' };
  it.each<[string, KubeObject[], string, RegExp]>([
    ['there is no mesh', [namespaceOf('shop')], 'Unsupported', /no service mesh was found/],
    ['its mesh is not installed', meshOf([namespaceOf('shop', {}, { 'linkerd.io/inject': 'enabled' })]), 'Unsupported', /Linkerd, which is not installed/],
    ['it is in no mesh', meshOf([namespaceOf('shop')]), 'PreconditionChanged', /no service mesh injects/],
    ['its namespace is left out', meshOf([namespaceOf('shop', { 'istio-injection': 'disabled' })]), 'PreconditionChanged', /no service mesh injects/],
    ['nobody answers behind the webhook, which holds pods back', meshOf([slicesTo(ISTIO, 'istiod', 0)]), 'PreconditionChanged', /no new pod would start/],
    ['nobody answers behind the webhook, which lets pods pass', meshOf([slicesTo(ISTIO, 'istiod', 0), injectorOf('istio-sidecar-injector', undefined, {}, 'Ignore')]), 'PreconditionChanged', /without a proxy/],
    ['there is no webhook', meshOf([], ['MutatingWebhookConfiguration/istio-sidecar-injector']), 'PreconditionChanged', /no injection webhook of Istio/],
    ['the webhook is outside of the cluster', meshOf([external]), 'PreconditionChanged', /no injection webhook of Istio/],
    ['its revision has no webhook', meshOf([revision]), 'PreconditionChanged', /revision 1-25/],
    ['the control plane is not Available', meshOf([istiodOf({ status: { conditions: [{ type: 'Available', status: 'False' }] } })]), 'PreconditionChanged', /istiod of Istio is not Available/],
    ['a certificate ends within a day', meshOf([certificateOf('2026-03-02T11:59:59Z')]), 'PreconditionChanged', /within 24 h/],
    ['the end of a certificate is unreadable', meshOf([certificateOf('soon')]), 'PreconditionChanged', /within 24 h/],
  ])('refuses when %s', (_why, mesh, code, message) => {
    expect(() => planWorkload(mesh)).toThrow(refusal(code, message));
  });

  it('is offered for members of an installed mesh only', () => {
    const applies = (mesh: KubeObject[]) => resetServiceMesh.applies(api, factsOf([api, ...mesh]));
    expect(applies(meshOf())).toBe(true);
    expect(applies(meshOf([namespaceOf('shop')]))).toMatch(/no service mesh/);
    expect(applies([namespaceOf('shop', { 'istio-injection': 'enabled' })])).toMatch(/not installed/);
  });
});

describe('reset_service_mesh, the control plane', () => {
  it('restarts the controller, which its row names', () => {
    expect(planPlane()).toMatchObject({ changes: [{ op: 'edit', ref: { namespace: ISTIO, name: 'istiod' } }], actsInProtected: true, parameters: { scope: 'control_plane', namespace: ISTIO, workload: 'istiod', mesh: 'Istio' } });
  });

  it.each<[string, KubeObject, KubeObject[], string, RegExp]>([
    ['it has one Ready replica', istiodOf({ status: { readyReplicas: 1 } }), meshOf(), 'PreconditionChanged', /needs two/],
    ['it wants one replica', istiodOf({ replicas: 1 }), meshOf(), 'PreconditionChanged', /needs two/],
    ['a certificate ends within a day', istiodOf(), meshOf([certificateOf('2026-03-02T00:00:00Z')]), 'PreconditionChanged', /renew it first/],
    ['it is a gateway of the mesh', deploymentOf('istio-ingressgateway', { namespace: ISTIO }), meshOf(), 'InvalidParams', /no mesh controller/],
    ['it is a workload', api, [set, ...meshOf()], 'InvalidParams', /no mesh controller/],
  ])('refuses when %s', (_why, object, mesh, code, message) => {
    expect(() => planPlane(mesh, object)).toThrow(refusal(code, message));
  });

  it.each([['waits until it is Available', 'False', 2, 'waiting'], ['waits until its webhook is answered', 'True', 0, 'waiting'], ['is reached then', 'True', 2, 'reached']])('%s', (_what, available, endpoints, state) => {
    const planned = planPlane();
    const done = edited(istiodOf({ status: { conditions: [{ type: 'Available', status: available }] } }), planned.changes[0]!.op === 'edit' ? planned.changes[0]!.edits : []);
    const world = worldOf([done, ...meshOf([slicesTo(ISTIO, 'istiod', endpoints)], ['Deployment/istiod'])]);
    expect(resetServiceMesh.verify(world, planned.parameters as never, refOf(done), planned).state).toBe(state);
  });
});

describe('reset_service_mesh, new pods', () => {
  const planned = planWorkload();
  const edits = planned.changes[0]!.op === 'edit' ? planned.changes[0]!.edits : [];
  const AT = '2026-03-01T12:00:00Z';
  const fresh = (name: string, ...containers: Parameters<typeof restartedPod>[2]) => restartedPod(name, set, containers, AT);
  const verify = (pods: KubeObject[], status: object = {}) => {
    const done = edited({ ...api, status: { ...api.status, ...status } }, edits);
    return resetServiceMesh.verify(worldOf([done, set, ...pods, ...meshOf()]), planned.parameters as never, refOf(api), planned);
  };
  const native = { ...proxyContainer(), isInit: true };

  it.each<[string, KubeObject[], object, string, RegExp]>([
    ['are waited for', [podOf('old', { owner: set })], { updatedReplicas: 1 }, 'waiting', /updated/],
    ['are right with a Ready proxy of the expected version', [fresh('a', proxyContainer()), fresh('b', proxyContainer())], {}, 'reached', /updated and available/],
    ['are right with a native sidecar', [fresh('a', native)], {}, 'reached', /updated and available/],
    ['are no success without a proxy, even while others are on their way', [fresh('a')], { updatedReplicas: 1 }, 'failed', /a started without istio-proxy/],
    ['are no success with an init container that ended', [(() => { const p = fresh('a', native); delete p.spec.initContainers[0].restartPolicy; return p; })()], {}, 'failed', /without istio-proxy/],
    ['are no success with an older proxy', [fresh('a', proxyContainer('1.23.0'))], {}, 'failed', /proxy 1\.23\.0, the control plane is 1\.24\.2/],
    ['are waited for until the proxy is Ready', [fresh('a', { ...proxyContainer(), isReady: false })], {}, 'waiting', /proxy of pod a/],
  ])('%s', (_what, pods, status, state, detail) => {
    expect(verify(pods, status)).toEqual({ state, detail: expect.stringMatching(detail) });
  });

  it('are not mistaken for the old ones, which may lack the proxy, before the time is seen', () => {
    const world = worldOf([api, set, podOf('old', { owner: set }), ...meshOf()]);
    expect(resetServiceMesh.verify(world, planned.parameters as never, refOf(api), planned).state).toBe('waiting');
  });
});

describe('a mesh is recognised', () => {
  const workload = (labels: Record<string, string> = {}, annotations: Record<string, string> = {}): KubeObject => {
    const o = statefulSetOf('db');
    o.spec.template.metadata = { labels: { app: 'db', ...labels }, annotations };
    return o;
  };
  it.each<[string, KubeObject, KubeObject, object | undefined]>([
    ['by its namespace', workload(), namespaceOf('shop', { 'istio-injection': 'enabled' }), { mesh: 'Istio' }],
    ['by a revision of its namespace', workload(), namespaceOf('shop', { 'istio.io/rev': 'canary' }), { mesh: 'Istio', revision: 'canary' }],
    ['by its own label', workload({ 'sidecar.istio.io/inject': 'true' }), namespaceOf('shop'), { mesh: 'Istio' }],
    ['not where its own label says no', workload({ 'sidecar.istio.io/inject': 'false' }), namespaceOf('shop', { 'istio-injection': 'enabled' }), undefined],
    ['by an annotation of Linkerd', workload({}, { 'linkerd.io/inject': 'enabled' }), namespaceOf('shop'), { mesh: 'Linkerd' }],
    ['not where its own annotation says no', workload({}, { 'linkerd.io/inject': 'disabled' }), namespaceOf('shop', {}, { 'linkerd.io/inject': 'enabled' }), undefined],
    ['not in ambient mode, which has no sidecars', workload(), namespaceOf('shop', { 'istio.io/dataplane-mode': 'ambient' }), undefined],
  ])('%s', (_how, object, namespace, expected) => {
    expect(membershipOf(worldOf([object, namespace]), object)).toEqual(expected);
  });

  it.each([
    ['docker.io/istio/proxyv2:1.24.2', '1.24.2'], ['docker.io/istio/proxyv2:1.24.2-distroless', '1.24.2'], ['cr.l5d.io/linkerd/proxy:edge-24.11.3', '24.11.3'], ['localhost:5000/proxy:v1.2.3@sha256:abc', '1.2.3'],
    ['proxy:latest', undefined], ['proxy@sha256:abc', undefined], [undefined, undefined],
  ])('version of %s is %s', (image, version) => {
    expect(versionOf(image)).toBe(version);
  });

  it('has parts that evidence of any target holds', () => {
    expect(meshParts(worldOf(meshOf())).map((o) => `${o.kind}/${o.metadata.name}`)).toEqual(['Service/istiod', 'EndpointSlice/istiod-x', 'Deployment/istiod', 'Certificate/istio-ca']);
    expect(meshParts(worldOf([]))).toEqual([]);
  });
});
