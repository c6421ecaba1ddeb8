import { Type } from '@sinclair/typebox';
import { defineAction } from './define.js';
import { checkPool, cordonEdits, hasUnschedulableTaint, isControlPlane, isCordoned, isOurCordon, nodeRef } from './node.js';
import { Name } from './parameters.js';

export const cordonNode = defineAction({
  id: 'cordon_node',
  summary: 'Keep new pods off a node; pods that run there stay.',
  tier: 1,
  targets: ['Node'],
  params: Type.Object({ node: Name }, { additionalProperties: false }),
  targetOf: ({ node }) => nodeRef(node),
  locate: ({ name }) => ({ node: name }),
  permissions: [{ group: '', resource: 'nodes', verbs: ['patch'], scope: 'cluster' }],
  undo: 'exact',
  isContainment: true,
  timeoutS: 60,
  example: { node: 'worker-3' },

  applies: (object) => (isCordoned(object) ? `it is cordoned already${isOurCordon(object) ? '' : ', not by us'}` : true),

  plan(object, { node }, facts) {
    if (isCordoned(object)) {
      return { changes: [], summary: `node ${node} is cordoned already${isOurCordon(object) ? '' : ' (not ours)'}`, undo: { kind: 'none', why: 'nothing was changed' } };
    }
    checkPool(facts.world, object);
    return {
      changes: [{ op: 'edit', ref: nodeRef(node), uid: object.metadata.uid!, edits: cordonEdits(object, facts) }],
      summary: `cordon node ${node}`,
      tier: isControlPlane(object) ? 3 : 1,
    };
  },

  verify(world, { node }) {
    const object = world.get('Node', undefined, node);
    if (!object) return { state: 'failed', detail: 'the node is gone' };
    if (!isCordoned(object)) return { state: 'waiting', detail: 'not unschedulable yet' };
    return hasUnschedulableTaint(object) ? { state: 'reached', detail: 'unschedulable and tainted' } : { state: 'waiting', detail: 'the taint is not there yet' };
  },
});
