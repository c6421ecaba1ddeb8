import { Type } from '@sinclair/typebox';
import type { Edit } from '../domain/change.js';
import { stateOfEdits } from '../domain/edit-state.js';
import { conditionOf, podsOf, type KubeObject, type World } from '../domain/kube.js';
import { findContainer, type FoundContainer } from './container.js';
import { checkRoom } from './container-room.js';
import { defineAction, type ActionFacts } from './define.js';
import { ContainerName, Cpu, Locator, Memory } from './parameters.js';
import { grow } from './resource-growth.js';
import { carriesUnreleasedChange } from './revisions.js';
import { isRolling, rolloutProgress, rolloutTimeoutS, staleDeadlineOf, withStaleDeadline } from './rollout.js';
import { refuse } from './workload.js';

const Kind = Type.Union([Type.Literal('Deployment'), Type.Literal('StatefulSet'), Type.Literal('DaemonSet')]);

/**
 * The parameters are the new limit of one container (its new request, where it has no limit).
 * A request that equalled its limit follows it, so that the QoS class stays; a smaller request stays as it is.
 * The template is patched, never the pod alone: the next pod would fall back.
 */
export const increaseResources = defineAction({
  id: 'increase_resources',
  summary: 'Raise the memory or CPU limit of one container of a workload, at most to twice of what it has; the workload rolls out anew.',
  tier: 2,
  targets: ['Deployment', 'StatefulSet', 'DaemonSet'],
  params: Type.Object(
    { ...Locator, kind: Kind, container: ContainerName, cpu: Type.Optional(Cpu), memory: Type.Optional(Memory) },
    { additionalProperties: false },
  ),
  targetOf: ({ namespace, name, kind }) => ({ apiVersion: 'apps/v1', kind, namespace, name }),
  locate: ({ namespace = '', name, kind }) => ({ namespace, name, kind }),
  permissions: [
    { group: 'apps', resource: 'deployments', verbs: ['patch'], scope: 'namespace' },
    { group: 'apps', resource: 'statefulsets', verbs: ['patch'], scope: 'namespace' },
    { group: 'apps', resource: 'daemonsets', verbs: ['patch'], scope: 'namespace' },
  ],
  undo: 'exact',
  timeoutS: 630,
  example: { namespace: 'shop', name: 'api', kind: 'Deployment', container: 'api', memory: '512Mi' },

  applies(object, { world }) {
    const vpa = actingVpaOf(world, object);
    if (vpa) return `VerticalPodAutoscaler ${vpa.metadata.name} sets its resources; change its policy instead`;
    return isRolling(object) ? true : 'it does not replace its pods one by one (RollingUpdate); a person must choose the moment';
  },

  plan(object, params, facts) {
    const at = `${params.kind.toLowerCase()} ${params.namespace}/${params.name}`;
    if (!params.cpu && !params.memory) refuse('InvalidParams', `${at}: neither cpu nor memory is given; name one`);
    const verdict = this.applies(object, facts);
    if (verdict !== true) refuse('PreconditionChanged', `${at}: ${verdict}`);
    const found = findContainer(facts.world, object, params.container);
    const grown = grow(found, params, at);
    if (grown.raised.length === 0) return { changes: [], summary: `${at} container ${params.container} already has ${grown.text}` };
    if (carriesUnreleasedChange(facts.world, object)) {
      refuse('PreconditionChanged', `${at} carries a template that was not rolled out yet, our patch would release it; finish that rollout first`);
    }
    checkEvidence(object, found, params, facts);
    checkRoom(object, found, grown, facts);
    return {
      changes: [{ op: 'edit', ref: this.targetOf(params), uid: object.metadata.uid!, edits: editsOf(found, grown.resources) }],
      summary: `raise ${grown.raised.map((r) => `${r.name} ${r.from} → ${r.to}`).join(', ')} of container ${params.container} in ${at}`,
      parameters: withStaleDeadline(params, object),
      timeoutS: rolloutTimeoutS(object),
    };
  },

  verify(world, params, { kind, namespace, name }, { changes }) {
    const object = world.get(kind, namespace, name);
    const edits = changes.flatMap((c) => (c.op === 'edit' ? c.edits : []));
    if (object && edits.length > 0 && stateOfEdits(object, edits) !== 'after') return { state: 'waiting', detail: 'the new resources are not there yet' };
    return rolloutProgress(object, staleDeadlineOf(params));
  },
});

/** The whole stanza is replaced (a merge cannot remove keys); the name at the index is checked in the same write. */
function editsOf({ path, spec }: FoundContainer, resources: object): Edit[] {
  return [
    { path: [...path, 'name'], before: spec.name, after: spec.name },
    { path: [...path, 'resources'], before: spec.resources, after: resources },
  ];
}

/** In every mode but Off (also Initial) it sets the resources of new pods, so ours would not hold. */
function actingVpaOf(world: World, object: KubeObject): KubeObject | undefined {
  return world
    .list('VerticalPodAutoscaler', object.metadata.namespace)
    .find((v) => v.spec?.targetRef?.kind === object.kind && v.spec.targetRef.name === object.metadata.name && v.spec.updatePolicy?.updateMode !== 'Off');
}

/** More memory only helps what was killed for its own limit; more CPU only what is throttled. */
function checkEvidence(object: KubeObject, found: FoundContainer, params: { memory?: string; cpu?: string }, { world, evidence }: ActionFacts): void {
  const at = `container ${found.spec.name} of ${object.kind.toLowerCase()} ${object.metadata.namespace}/${object.metadata.name}`;
  if (params.memory) {
    const killed = podsOf(world, object).filter((pod) => wasOomKilled(pod, found.spec.name));
    if (killed.length === 0) refuse('PreconditionChanged', `${at} was not OOMKilled, more memory would not help; choose another action`);
    const onPressure = killed.every((pod) => conditionOf(world.get('Node', undefined, pod.spec?.nodeName), 'MemoryPressure')?.status === 'True');
    if (onPressure) refuse('PreconditionChanged', `${at} was killed on nodes under memory pressure; relieve the nodes instead`);
  }
  if (params.cpu && !evidence.problems.some((p) => /cpu|throttl/i.test(p.alert))) {
    refuse('PreconditionChanged', `${at}: nothing says that it is throttled, more CPU would not help; choose another action`);
  }
}

function wasOomKilled(pod: KubeObject, container: string): boolean {
  const statuses: { name: string; state?: Ended; lastState?: Ended }[] = [...(pod.status?.containerStatuses ?? []), ...(pod.status?.initContainerStatuses ?? [])];
  return statuses.some((s) => s.name === container && [s.state, s.lastState].some((ended) => ended?.terminated?.reason === 'OOMKilled'));
}

interface Ended {
  terminated?: { reason?: string };
}
