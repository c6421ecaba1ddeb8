import { Type } from '@sinclair/typebox';
import { KubernautError } from '../../../domain/errors.js';
import { recall } from '../../evidence/recall.js';
import { defineTool } from '../define.js';

export const similarIncidents = defineTool({
  id: 'similar_incidents',
  summary: 'Past incidents that resembled what is wrong with this object, verified ones only: what was done and what it came to.',
  args: Type.Object({}, { additionalProperties: false }),
  async run(_args, { memory, evidence, object, ref }) {
    const target = { ...ref, cluster: evidence.target.cluster };
    const { similar, missing } = await recall(memory, { ...evidence, target, object });
    const why = missing[0]?.why;
    if (why) throw new KubernautError('DependencyMissing', `past incidents cannot be looked up: ${why}`);
    const verified = similar.filter((s) => s.isVerified);
    return {
      found: verified.length === 0 ? 'none' : `${verified.length}, the nearest: ${verified[0]!.action ?? 'nothing was done'}, ${verified[0]!.outcome}`,
      result: verified.map(({ summary, action, outcome, similarity }) => ({ summary, action, outcome, similarity })),
    };
  },
});
