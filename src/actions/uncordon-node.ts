import { Type } from '@sinclair/typebox';
import { durationMs } from '../domain/duration.js';
import type { Evidence } from '../domain/evidence.js';
import { conditionOf, isNodeReady, type KubeObject } from '../domain/kube.js';
import { defineAction, type ActionFacts } from './define.js';
import { CORDONED_BY, hasUnschedulableTaint, isCordoned, isOurCordon, leavingTaintOf, nodeRef, troubleOf } from './node.js';
import { upgradeOf } from './node-upgrade.js';
import { Name } from './parameters.js';
import { refuse } from './workload.js';

export const uncordonNode = defineAction({
  id: 'uncordon_node',
  summary: 'Let pods onto a healthy node again that Kubernaut had cordoned.',
  tier: 1,
  targets: ['Node'],
  params: Type.Object({ node: Name }, { additionalProperties: false }),
  targetOf: ({ node }) => nodeRef(node),
  locate: ({ name }) => ({ node: name }),
  permissions: [{ group: '', resource: 'nodes', verbs: ['patch'], scope: 'cluster' }],
  undo: 'exact',
  timeoutS: 60,
  example: { node: 'worker-3' },

  applies(object) {
    if (!isCordoned(object)) return 'it is not cordoned';
    return isOurCordon(object) ? true : 'somebody else cordoned it; only they may undo it';
  },

  plan(object, { node }, facts) {
    if (!isCordoned(object)) return { changes: [], summary: `node ${node} is schedulable already` };
    checkFit(object, facts);
    return {
      changes: [
        {
          op: 'edit',
          ref: nodeRef(node),
          uid: object.metadata.uid!,
          edits: [
            { path: ['spec', 'unschedulable'], before: true },
            { path: ['metadata', 'annotations', CORDONED_BY], before: object.metadata.annotations?.[CORDONED_BY] },
          ],
        },
      ],
      summary: `uncordon node ${node}`,
    };
  },

  verify(world, { node }) {
    const object = world.get('Node', undefined, node);
    if (!object) return { state: 'failed', detail: 'the node is gone' };
    const isOpen = !isCordoned(object) && !hasUnschedulableTaint(object);
    return { state: isOpen && isNodeReady(object) ? 'reached' : 'waiting', detail: isOpen ? 'schedulable' : 'still unschedulable' };
  },
});

const readyMsOf = (node: KubeObject, now: string): number => Date.parse(now) - Date.parse(conditionOf(node, 'Ready')?.lastTransitionTime ?? now);

/** Alerts about what makes a node unfit (KubeNodeReadinessFlapping stays while the node is Ready between two falls). */
const TROUBLE_ALERT = /^(Kube)?Node.*(NotReady|Unreachable|Flapping|Pressure|Network|FilesystemAlmostOut|FilesystemSpace)/i;

/** Ready for five minutes (policy `readyFor`), no pressure, nobody about to remove it. */
function checkFit(node: KubeObject, { now, limits, evidence }: ActionFacts): void {
  const at = `node ${node.metadata.name}`;
  if (!isOurCordon(node)) refuse('PreconditionChanged', `${at} was cordoned by somebody else; ask them to uncordon it`);
  if (!isNodeReady(node)) refuse('PreconditionChanged', `${at} is not Ready; repair it first`);
  const readyFor = String(limits.readyFor ?? '5m');
  if (readyMsOf(node, now) < durationMs(readyFor)) refuse('PreconditionChanged', `${at} has not been Ready for ${readyFor} yet; try again later`);
  const trouble = troubleOf(node);
  if (trouble) refuse('PreconditionChanged', `${at} has ${trouble}; repair it first`);
  const leaving = leavingTaintOf(node) ?? (node.metadata.deletionTimestamp ? 'a deletion timestamp' : undefined);
  if (leaving) refuse('PreconditionChanged', `${at} is about to be removed (${leaving}); leave it cordoned`);
  checkCauseGone(node, evidence);
}

function checkCauseGone(node: KubeObject, { problems }: Evidence): void {
  const at = `node ${node.metadata.name}`;
  const upgrade = upgradeOf(node);
  if (upgrade) refuse('PreconditionChanged', `${at} is being upgraded (${upgrade}); leave it cordoned until that is through`);
  const cause = problems.find((p) => p.status === 'firing' && p.labels.node === node.metadata.name && TROUBLE_ALERT.test(p.alert));
  if (cause) refuse('PreconditionChanged', `${at}: ${cause.alert} is still firing, its cause is not gone; repair the node first`);
}
