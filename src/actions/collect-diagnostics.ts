import { Type } from '@sinclair/typebox';
import { defineAction } from './define.js';
import { collect } from './diagnostics.js';
import { KindAndName, Namespace, refOfKindAndName, type KindTable } from './parameters.js';

/** Kinds it may look at, with their API version. Secrets are not among them. */
const KINDS: KindTable = {
  Pod: 'v1',
  Deployment: 'apps/v1',
  StatefulSet: 'apps/v1',
  DaemonSet: 'apps/v1',
  ReplicaSet: 'apps/v1',
  Job: 'batch/v1',
  CronJob: 'batch/v1',
};

export const collectDiagnostics = defineAction({
  id: 'collect_diagnostics',
  summary: 'Collect objects, events, node conditions and log tails of a workload or pod; changes nothing.',
  tier: 0,
  targets: Object.keys(KINDS),
  params: Type.Object(
    { namespace: Namespace, target: KindAndName(KINDS, 'Deployment/api') },
    { additionalProperties: false },
  ),
  targetOf: ({ namespace, target }) => refOfKindAndName(KINDS, target, namespace),
  locate: ({ kind, namespace = '', name }) => ({ namespace, target: `${kind}/${name}` }),
  permissions: [{ group: '', resource: 'pods', subresource: 'log', verbs: ['get'], scope: 'namespace' }],
  undo: { irreversible: 'it only reads' },
  timeoutS: 120,
  example: { namespace: 'shop', target: 'Deployment/api' },

  applies: () => true,
  plan: (_object, { namespace, target }) => ({ changes: [], summary: `collect diagnostics of ${target} in ${namespace}` }),
  verify: () => ({ state: 'reached', detail: 'collected' }),

  async run(params, facts, context) {
    const artifact = await collect(this.targetOf(params), facts, context);
    const missing = artifact.missing.length ? `, ${artifact.missing.length} parts missing` : '';
    return { detail: `${artifact.objects.length} objects, ${artifact.events.length} events, ${artifact.logs.length} logs${missing}`, artifact };
  },
});
