import { Type } from '@sinclair/typebox';
import { describeTarget } from '../../../domain/target.js';
import { conditionOf, type KubeObject } from '../../../domain/kube.js';
import { defineTool } from '../define.js';

const NOISE = new Set(['kubectl.kubernetes.io/last-applied-configuration']);

/** From the watch cache, which holds no value of a Secret or ConfigMap. */
export const describe = defineTool({
  id: 'describe',
  summary: 'The whole object as it is now: labels, annotations, owners, spec, status. Secret values are masked.',
  args: Type.Object({}, { additionalProperties: false }),
  run: (_args, { object, ref }) => ({ found: `${describeTarget(ref)}${stateOf(object)}`, result: withoutNoise(object) }),
});

function withoutNoise(o: KubeObject): unknown {
  const { managedFields: _who, annotations = {}, ...metadata } = o.metadata;
  const told = Object.fromEntries(Object.entries(annotations).filter(([key]) => !NOISE.has(key)));
  return { ...o, metadata: { ...metadata, ...(Object.keys(told).length > 0 ? { annotations: told } : {}) } };
}

function stateOf(o: KubeObject): string {
  const ready = conditionOf(o, 'Ready') ?? conditionOf(o, 'Available');
  return ready ? `: ${ready.status === 'True' ? '' : 'not '}${ready === conditionOf(o, 'Ready') ? 'ready' : 'available'}${ready.reason ? ` (${ready.reason})` : ''}` : '';
}
