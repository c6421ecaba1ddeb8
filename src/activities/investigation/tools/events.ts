import { Type } from '@sinclair/typebox';
import { podsOf } from '../../../domain/kube.js';
import { collectEvents } from '../../evidence/collect-events.js';
import { defineTool } from '../define.js';

const MOST = 40;

export const events = defineTool({
  id: 'events',
  summary: 'Kubernetes events of the last hour about the object and its pods, oldest first. `warnings`: only those.',
  args: Type.Object({ warnings: Type.Optional(Type.Boolean()) }, { additionalProperties: false }),
  run({ warnings = false }, { cluster, world, object, nowMs }) {
    const about = [...new Set([object, ...podsOf(world, object), ...world.ownedBy(object.metadata.uid ?? '')])];
    const all = collectEvents(cluster, about, nowMs).filter((e) => !warnings || e.type === 'Warning');
    const shown = all.slice(-MOST);
    const last = shown.at(-1);
    return {
      found: `${all.length} events${last ? `, the last: ${last.reason} ${last.message.slice(0, 120)}` : ''}`,
      result: shown.map((e) => ({ at: e.at, type: e.type, reason: e.reason, object: `${e.object.kind} ${e.object.name}`, message: e.message, count: e.count })),
      ...(all.length > shown.length ? { truncated: `${all.length - shown.length} older events` } : {}),
    };
  },
});
