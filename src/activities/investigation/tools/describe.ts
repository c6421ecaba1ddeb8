import { Type } from '@sinclair/typebox';
import { describeTarget } from '../../../domain/target.js';
import { conditionOf, type KubeObject } from '../../../domain/kube.js';
import { defineTool } from '../define.js';

/** Kinds whose data is never told, whatever was read. */
const VALUES = new Set(['ConfigMap', 'Secret']);
const NOISE = new Set(['kubectl.kubernetes.io/last-applied-configuration']);

/** From the watch cache, which holds neither Secrets nor ConfigMaps; of a ConfigMap evidence has who wrote which key, and here are its keys. */
export const describe = defineTool({
  id: 'describe',
  summary: 'The whole object as it is now: labels, annotations, owners, spec, status. Secret values are masked; of a ConfigMap only the keys.',
  args: Type.Object({}, { additionalProperties: false }),
  run: (_args, { object, ref }) => ({ found: `${describeTarget(ref)}${stateOf(object)}`, result: withoutNoise(object) }),
});

function withoutNoise(o: KubeObject): unknown {
  const { data, binaryData, ...rest } = o;
  const { managedFields: _who, annotations = {}, ...metadata } = o.metadata;
  const told = Object.fromEntries(Object.entries(annotations).filter(([key]) => !NOISE.has(key)));
  const body = VALUES.has(o.kind) ? { ...rest, keys: Object.keys({ ...data, ...binaryData }).sort() } : o;
  return { ...body, metadata: { ...metadata, ...(Object.keys(told).length > 0 ? { annotations: told } : {}) } };
}

function stateOf(o: KubeObject): string {
  const ready = conditionOf(o, 'Ready') ?? conditionOf(o, 'Available');
  return ready ? `: ${ready.status === 'True' ? '' : 'not '}${ready === conditionOf(o, 'Ready') ? 'ready' : 'available'}${ready.reason ? ` (${ready.reason})` : ''}` : '';
}
