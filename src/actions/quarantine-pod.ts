import { Type } from '@sinclair/typebox';
import type { Change, Edit } from '../domain/change.js';
import { stateOfEdits } from '../domain/edit-state.js';
import { durationMs } from '../domain/duration.js';
import { controllerOf, isPodReady, type KubeObject, type World } from '../domain/kube.js';
import { defineAction, type ActionFacts, type Progress } from './define.js';
import { Name, Namespace } from './parameters.js';
import { nameOfPod, siblingsOf } from './pod.js';
import { checkQuarantine, irreplaceable, workloadOf } from './quarantine-checks.js';
import { detach, QUARANTINE, quarantineEdits, stillOpenedBy, type Detached } from './quarantine-labels.js';
import { readyAgain } from './replacement.js';

/** A quarantined pod holds memory, and perhaps a volume: nobody should have to remember it. */
const DEFAULT_TTL = '24h';

/** What the wait must remember of the moment before. */
interface Pinned {
  controllerUid: string;
  othersReady: number;
}

/**
 * The pod goes on running, cut off from everything, for somebody to look into; its controller lets it go and starts another.
 *
 * Policy limits it reads: `enforcesNetworkPolicy` (true where the cluster's CNI is known to; otherwise the summary says that
 * isolation is not guaranteed), `ttl` (how long the pod is kept, default 24 h).
 */
export const quarantinePod = defineAction({
  id: 'quarantine_pod',
  summary: 'Cut one pod of a Deployment off from Services and network and keep it for inspection, while its controller replaces it.',
  tier: 2,
  targets: ['Pod'],
  params: Type.Object({ namespace: Namespace, pod: Name }, { additionalProperties: false }),
  targetOf: ({ namespace, pod }) => ({ apiVersion: 'v1', kind: 'Pod', namespace, name: pod }),
  locate: ({ namespace = '', name }) => ({ namespace, pod: name }),
  permissions: [
    { group: 'networking.k8s.io', resource: 'networkpolicies', verbs: ['create', 'delete'], scope: 'namespace' },
    { group: '', resource: 'pods', verbs: ['patch', 'delete'], scope: 'namespace' },
  ],
  undo: 'partial',
  isContainment: true,
  example: { namespace: 'shop', pod: 'api-7d9c5b8f6-x2x4z' },

  applies: (object) => (isQuarantined(object) ? 'it is in quarantine already' : (irreplaceable(object) ?? true)),

  plan(object, params, facts) {
    const at = nameOfPod(object);
    if (isQuarantined(object)) return { changes: [], summary: `${at} is in quarantine already`, undo: { kind: 'none', why: 'nothing was changed' } };
    const controller = checkQuarantine(object, facts);
    const { world, action, limits, now } = facts;
    const detached = detach(world, object, action.hash);
    const edits = quarantineEdits(object, detached, { from: workloadOf(world.topOwnerOf(object)), now });
    const create: Change = { op: 'create', object: denyAll(object, facts) };
    const ref = this.targetOf(params);
    const uid = object.metadata.uid!;
    return {
      // the denial first: it holds from the moment the label is there
      changes: [create, { op: 'edit', ref, uid, edits }],
      summary: `quarantine ${at}: ${assurance(object, detached, facts)}`,
      undo: { kind: 'partial', changes: [{ op: 'delete', ref, uid, edited: edits }, { op: 'withdraw', object: create.object }], note: 'the pod is deleted, not given back: its controller has replaced it' },
      parameters: { ...params, controllerUid: controller.uid, othersReady: siblingsOf(world, object).filter(isPodReady).length } satisfies Pinned & object,
      expiresInS: Math.round(durationMs(String(limits.ttl ?? DEFAULT_TTL)) / 1000),
    };
  },

  verify(world, params, target, { changes }) {
    const pod = target.uid ? world.byUid(target.uid) : undefined;
    if (!pod) return { state: 'failed', detail: `pod ${target.name} is gone` };
    if (changes.length === 0) return { state: 'reached', detail: 'in quarantine already' };
    const open = openEnds(world, pod, changes);
    return open ? { state: 'waiting', detail: open } : replaced(world, params as object as Pinned);
  },
});

const isQuarantined = (pod: KubeObject): boolean => pod.metadata.labels?.[QUARANTINE] !== undefined;

/** No rules for either direction: nothing in, nothing out. Goes with the pod, however that ends. */
function denyAll(pod: KubeObject, { action }: ActionFacts): KubeObject {
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: {
      name: `kb-${action.hash}-quarantine`,
      namespace: pod.metadata.namespace!,
      labels: { 'app.kubernetes.io/managed-by': 'kubernaut' },
      ownerReferences: [{ apiVersion: 'v1', kind: 'Pod', name: pod.metadata.name, uid: pod.metadata.uid! }],
    },
    spec: { podSelector: { matchLabels: { [QUARANTINE]: action.hash } }, policyTypes: ['Ingress', 'Egress'] },
  };
}

/** Nobody should believe in a wall that may not be there. */
function assurance(pod: KubeObject, detached: Detached, { world, limits }: ActionFacts): string {
  const opened = stillOpenedBy(world, pod, detached);
  const notes = [
    ...(limits.enforcesNetworkPolicy === true && opened.length === 0 ? ['detached and isolated'] : ['detached, isolation not guaranteed']),
    ...(limits.enforcesNetworkPolicy === true ? [] : ['whether the network enforces policies is not configured']),
    ...(opened.length > 0 ? [`NetworkPolicy ${opened.slice(0, 3).join(', ')} selects every pod and allows traffic`] : []),
    ...((pod.spec?.volumes ?? []).some((v: { persistentVolumeClaim?: unknown }) => v.persistentVolumeClaim) ? ['it keeps its volumes'] : []),
  ];
  return notes.join('; ');
}

/** What is not cut yet, in words. */
function openEnds(world: World, pod: KubeObject, changes: readonly Change[]): string | undefined {
  const edits: Edit[] = changes.flatMap((c) => (c.op === 'edit' ? c.edits : []));
  if (stateOfEdits(pod, edits) !== 'after') return 'its labels are not changed yet';
  const missing = changes.find((c) => c.op === 'create' && !world.get('NetworkPolicy', pod.metadata.namespace, c.object.metadata.name));
  if (missing) return 'its NetworkPolicy is not there yet';
  if (controllerOf(pod)) return 'its controller has not let it go yet';
  const serving = world.list('EndpointSlice', pod.metadata.namespace).find((slice) => lists(slice, pod));
  return serving && `EndpointSlice ${serving.metadata.name} still lists it`;
}

const lists = (slice: KubeObject, pod: KubeObject): boolean => {
  const endpoints: { addresses?: string[]; targetRef?: { uid?: string } }[] = (slice as { endpoints?: [] }).endpoints ?? [];
  return endpoints.some((e) => e.targetRef?.uid === pod.metadata.uid || (pod.status?.podIP !== undefined && e.addresses?.includes(pod.status.podIP)));
};

const replaced = (world: World, { controllerUid, othersReady }: Pinned): Progress => {
  const progress = readyAgain(world, controllerUid, othersReady + 1);
  return progress.state === 'reached' ? { state: 'reached', detail: `cut off and replaced, ${progress.detail}` } : progress;
};
