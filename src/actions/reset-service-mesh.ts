import { Type } from '@sinclair/typebox';
import { podsOf, type KubeObject, type ObjectRef, type World } from '../domain/kube.js';
import { defineAction, type ActionFacts, type Planned, type Progress } from './define.js';
import { readyEndpoints } from './endpoints.js';
import { certificateDoubt, checkInjection, checkReplicas, expectedVersion, isAvailable } from './mesh-checks.js';
import { injectorsOf, isInstalled, isProxyReady, membershipOf, meshControlledBy, MESHES, proxyIn, servicesAskedBy, versionOf, type MeshName } from './mesh.js';
import { Name, Namespace } from './parameters.js';
import { planRollingRestart, RESTARTED_AT, restartedAtOf, verifyRollingRestart } from './rolling-restart.js';
import { nameOf } from './scaling.js';
import { refuse } from './workload.js';

const WorkloadKind = Type.Union([Type.Literal('Deployment'), Type.Literal('StatefulSet')]);
const CONTROLLERS = Object.values(MESHES).flatMap((m) => m.controllers);

/**
 * A rolling restart of a mesh's controller, or of one workload so that its sidecars are injected anew (Istio and Linkerd).
 * For the control plane the proposal's target says which controller, and only one of our list is taken; `namespace` and
 * `workload` pin it.
 */
export const resetServiceMesh = defineAction({
  id: 'reset_service_mesh',
  summary: 'Restart the controller of a service mesh, or one workload so that its sidecar proxies are injected anew.',
  tier: 3,
  targets: ['Deployment', 'StatefulSet'],
  params: Type.Object(
    {
      scope: Type.Union([Type.Literal('control_plane'), Type.Literal('workload')]),
      namespace: Type.Optional(Namespace),
      workload: Type.Optional(Name),
      kind: Type.Optional(WorkloadKind),
    },
    { additionalProperties: false },
  ),
  targetOf({ scope, namespace, workload, kind = 'Deployment' }, asked): ObjectRef {
    if (namespace !== undefined && workload !== undefined) return { apiVersion: 'apps/v1', kind, namespace, name: workload };
    if (scope === 'workload' || namespace !== undefined || workload !== undefined) {
      return refuse('InvalidParams', 'reset_service_mesh acts on one workload: give namespace and workload, never a whole namespace');
    }
    if (asked && meshControlledBy(asked)) return asked;
    return { apiVersion: 'apps/v1', kind: 'Deployment', namespace: MESHES.Istio.namespace, name: MESHES.Istio.controllers[0]! };
  },
  locate({ kind, namespace = '', name }): Record<string, string> {
    return { scope: meshControlledBy({ kind, namespace, name }) ? 'control_plane' : 'workload', kind, namespace, workload: name };
  },
  permissions: [
    { group: 'apps', resource: 'deployments', verbs: ['patch'], scope: 'namespace', names: CONTROLLERS },
    { group: 'apps', resource: 'deployments', verbs: ['patch'], scope: 'namespace' },
    { group: 'apps', resource: 'statefulsets', verbs: ['patch'], scope: 'namespace' },
  ],
  undo: { irreversible: 'nothing to undo: the pods run the same template as before' },
  timeoutS: 900,
  example: { scope: 'workload', namespace: 'shop', workload: 'api' },

  applies(object, { world }) {
    const mesh = controlled(object) ?? membershipOf(world, object)?.mesh;
    if (!mesh) return 'no service mesh injects a proxy into its pods';
    return isInstalled(world, mesh) ? true : `it asks for a proxy of ${mesh}, which is not installed`;
  },

  plan(object, params, facts) {
    const planned = params.scope === 'control_plane' ? planController(object, params, facts) : planWorkload(object, params, facts);
    return planned.needsApproval === undefined ? planned : { ...planned, summary: `${planned.summary}; ${planned.needsApproval}` };
  },

  verify(world, params, target, { changes }): Progress {
    const progress = verifyRollingRestart(world, params, target, changes);
    const object = world.get(target.kind, target.namespace, target.name);
    if (!object) return progress;
    if (params.scope === 'control_plane') return progress.state === 'reached' ? controllerProgress(world, object, progress) : progress;
    const found = proxyProgress(world, object, params as object as Pinned, restartedAtOf(changes));
    return progress.state === 'reached' || found?.state === 'failed' ? (found ?? progress) : progress;
  },
});

/** What the wait must remember of the plan. */
interface Pinned {
  mesh: MeshName;
  proxyVersion?: string;
}

const controlled = ({ kind, metadata }: KubeObject): MeshName | undefined => meshControlledBy({ kind, namespace: metadata.namespace ?? '', name: metadata.name });

const doubted = (mesh: MeshName, facts: ActionFacts): Pick<Planned, 'needsApproval'> => {
  const doubt = certificateDoubt(mesh, facts);
  return doubt === undefined ? {} : { needsApproval: doubt };
};

function planController(object: KubeObject, params: Record<string, unknown>, facts: ActionFacts): Planned {
  const mesh = controlled(object);
  if (!mesh) return refuse('InvalidParams', `${nameOf(object)} is no mesh controller that this action knows (${CONTROLLERS.join(', ')}); use scope workload`);
  checkReplicas(object);
  const pinned = { ...params, kind: object.kind, namespace: object.metadata.namespace, workload: object.metadata.name, mesh };
  const doubt = doubted(mesh, facts);
  return { ...planRollingRestart(object, pinned, facts), summary: `restart the ${mesh} controller ${nameOf(object)} one pod after the other`, actsInProtected: true, ...doubt };
}

function planWorkload(object: KubeObject, params: Record<string, unknown>, facts: ActionFacts): Planned {
  const { world } = facts;
  const at = nameOf(object);
  const membership = membershipOf(world, object);
  if (!(['Istio', 'Linkerd'] as const).some((mesh) => isInstalled(world, mesh))) return refuse('Unsupported', `${at}: no service mesh was found in this cluster (Istio, Linkerd); use restart_pod`);
  if (!membership) return refuse('PreconditionChanged', `${at}: no service mesh injects a proxy into its pods; use restart_pod`);
  if (!isInstalled(world, membership.mesh)) return refuse('Unsupported', `${at} asks for a proxy of ${membership.mesh}, which is not installed; install it or remove the mark`);
  checkInjection(object, membership, world);
  const doubt = doubted(membership.mesh, facts);
  const proxyVersion = expectedVersion(world, membership, object);
  const pinned: Pinned = { mesh: membership.mesh, ...(proxyVersion ? { proxyVersion } : {}) };
  return { ...planRollingRestart(object, { ...params, ...pinned }, facts), summary: `restart ${at} one pod after the other, for new ${membership.mesh} proxies${proxyVersion ? ` of ${proxyVersion}` : ''}`, ...doubt };
}

/** Available, and whoever starts a pod now is answered. */
function controllerProgress(world: World, object: KubeObject, progress: Progress): Progress {
  if (!isAvailable(object)) return { state: 'waiting', detail: `${object.metadata.name} is not Available yet` };
  const silent = servicesAskedBy(injectorsOf(world, controlled(object) ?? 'Istio')).find((s) => readyEndpoints(world, s.namespace, s.name) === 0);
  return silent ? { state: 'waiting', detail: `the injection webhook's service ${silent.name} has no ready endpoint yet` } : progress;
}

/** A pod cannot get a proxy later: one that started without it, or with another version, is a failure at once. */
function proxyProgress(world: World, object: KubeObject, { mesh, proxyVersion }: Pinned, at: string | undefined): Progress | undefined {
  if (at === undefined) return undefined;
  const fresh = podsOf(world, object).filter((p) => p.metadata.annotations?.[RESTARTED_AT] === at && !p.metadata.deletionTimestamp);
  for (const pod of fresh) {
    const proxy = proxyIn(pod.spec, mesh);
    if (!proxy) return { state: 'failed', detail: `pod ${pod.metadata.name} started without ${MESHES[mesh].proxy}` };
    const version = versionOf(proxy.image);
    if (proxyVersion && version && version !== proxyVersion) return { state: 'failed', detail: `pod ${pod.metadata.name} runs proxy ${version}, the control plane is ${proxyVersion}` };
  }
  const unready = fresh.find((p) => !isProxyReady(p, mesh));
  return unready && { state: 'waiting', detail: `the proxy of pod ${unready.metadata.name} is not Ready` };
}
