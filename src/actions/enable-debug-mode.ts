import { Type } from '@sinclair/typebox';
import { durationMs } from '../domain/duration.js';
import { debugContainerProgress, planDebugContainer } from './debug-container.js';
import { DEBUG_ENV, debugEnvProgress, planDebugEnv } from './debug-env.js';
import { lookForDebugLines } from './debug-lines.js';
import { defineAction } from './define.js';
import { Name, Namespace } from './parameters.js';
import { isMirror } from './pod.js';
import { isRolling } from './rollout.js';
import { refuse } from './workload.js';

/** At most an hour. */
const Ttl = Type.String({ pattern: '^(([1-9][0-9]{0,2}|[12][0-9]{3}|3[0-5][0-9]{2}|3600)s|([1-9]|[1-5][0-9]|60)m|1h)$', description: 'at most 60m' });

/**
 * Either `workload`: the environment variable that its owner declared in the annotation `kubernaut.io/debug-env`
 * (`<container>:<ENV>=<value>`) gets its debug value, and the exact entry from before at the end of `ttl`. The pods roll out twice.
 *
 * Or `pod`: an ephemeral container with an image of the policy's list `debugImages` (by digest) is added beside the running one.
 * It ends by itself after `ttl`; the API has no way to remove it from the pod.
 */
export const enableDebugMode = defineAction({
  id: 'enable_debug_mode',
  summary: 'Set the debug variable that the owner of a Deployment declared, for at most an hour, or add a debug container to one pod.',
  tier: 2,
  targets: ['Deployment', 'Pod'],
  params: Type.Object({ namespace: Namespace, workload: Type.Optional(Name), pod: Type.Optional(Name), ttl: Ttl }, { additionalProperties: false }),
  targetOf: ({ namespace, pod, workload }) =>
    pod === undefined ? { apiVersion: 'apps/v1', kind: 'Deployment', namespace, name: workload ?? '' } : { apiVersion: 'v1', kind: 'Pod', namespace, name: pod },
  locate({ kind, namespace = '', name }): Record<string, string> {
    return kind === 'Pod' ? { namespace, pod: name } : { namespace, workload: name };
  },
  permissions: [
    { group: 'apps', resource: 'deployments', verbs: ['patch'], scope: 'namespace' },
    { group: '', resource: 'pods', subresource: 'ephemeralcontainers', verbs: ['patch'], scope: 'namespace', isOptional: true },
  ],
  undo: 'exact',
  // it helps people to see; nobody expects the trouble to end by it
  isContainment: true,
  timeoutS: 630,
  example: { namespace: 'shop', workload: 'api', ttl: '30m' },

  applies(object, { limits }) {
    if (object.kind === 'Pod') {
      if (isMirror(object)) return 'the kubelet runs it from a file; a person must act on the node';
      return Array.isArray(limits.debugImages) ? true : 'the policy lists no debugImages for it';
    }
    if (object.metadata.annotations?.[DEBUG_ENV] === undefined) return `its owner declared no debug switch (annotation ${DEBUG_ENV})`;
    return isRolling(object) ? true : 'it does not replace its pods one by one (RollingUpdate); a person must choose the moment';
  },

  plan(object, params, facts) {
    const { namespace, workload, pod, ttl } = params;
    if ((workload === undefined) === (pod === undefined)) refuse('InvalidParams', `debug mode in ${namespace}: name either a workload or one pod`);
    if (pod !== undefined) return planDebugContainer(object, params, facts);
    return { ...planDebugEnv(object, params, facts), expiresInS: durationMs(ttl) / 1000 };
  },

  verify(world, params, { kind, namespace, name, uid }, { changes }) {
    const edits = changes.flatMap((c) => (c.op === 'edit' ? c.edits : []));
    if (kind === 'Pod') return debugContainerProgress(uid === undefined ? world.get(kind, namespace, name) : world.byUid(uid), edits);
    return debugEnvProgress(world.get(kind, namespace, name), params, edits);
  },

  observe: (changes, context) => lookForDebugLines(changes, context),
});
