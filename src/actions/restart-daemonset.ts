import { Type } from '@sinclair/typebox';
import type { KubeObject } from '../domain/kube.js';
import { defineAction } from './define.js';
import { nodesOf, tooManyBroken } from './daemon-nodes.js';
import { criticalFor } from './node-critical.js';
import { Locator } from './parameters.js';
import { planRollingRestart, verifyRollingRestart } from './rolling-restart.js';
import { isRolling } from './rollout.js';
import { nameOf } from './scaling.js';
import { countOf, refuse } from './workload.js';

/**
 * A rolling restart of an agent that runs on every node. What carries the node's network, storage or runtime is not for it
 * (restart_network has its own list), nor is anything in a protected namespace (a check of the safety chain).
 */
export const restartDaemonset = defineAction({
  id: 'restart_daemonset',
  summary: 'Restart all pods of a DaemonSet, node after node.',
  tier: 2,
  targets: ['DaemonSet'],
  params: Type.Object({ ...Locator }, { additionalProperties: false }),
  targetOf: ({ namespace, name }) => ({ apiVersion: 'apps/v1', kind: 'DaemonSet', namespace, name }),
  locate: ({ namespace = '', name }) => ({ namespace, name }),
  permissions: [{ group: 'apps', resource: 'daemonsets', verbs: ['patch'], scope: 'namespace' }],
  undo: { irreversible: 'nothing to undo: the pods run the same template as before' },
  timeoutS: 900,
  example: { namespace: 'logging', name: 'fluent-bit' },

  applies(object) {
    if (!isRolling(object)) return 'it replaces a pod only when somebody deletes it (OnDelete), a restart would do nothing; a person must choose the moment';
    const what = criticalFor(object);
    return what ? `its nodes lose ${what} while it restarts; ${what === 'network' ? 'use restart_network' : 'a person must choose the moment'}` : true;
  },

  plan(object, params, facts) {
    const verdict = this.applies(object, facts);
    if (verdict !== true) refuse('PreconditionChanged', `${nameOf(object)}: ${verdict}`);
    const broken = tooManyBroken(nodesOf(facts.world, object));
    if (broken) refuse('PreconditionChanged', `${nameOf(object)}: ${broken}, the restart would not get through; repair the nodes first`);
    return { ...planRollingRestart(object, params, facts), timeoutS: daemonTimeoutS(object) };
  },

  verify: (world, params, target, { changes }) => verifyRollingRestart(world, params, target, changes),
});

/** Half a minute for each group of nodes that it restarts at once, at least five minutes, at most an hour. */
export function daemonTimeoutS(daemonSet: KubeObject): number {
  const pods: number = daemonSet.status?.desiredNumberScheduled ?? 0;
  const { maxUnavailable = 1, maxSurge = 0 } = daemonSet.spec.updateStrategy?.rollingUpdate ?? {};
  const atOnce = Math.max(1, countOf(maxUnavailable, pods, Math.ceil) ?? 0, countOf(maxSurge, pods, Math.ceil) ?? 0);
  return Math.min(3600, Math.max(300, 30 * Math.ceil(pods / atOnce) + 60));
}
