import { Type } from '@sinclair/typebox';
import { defineTool } from '../define.js';

const DAY_MS = 86_400_000;
const MOST = 30;

export const history = defineTool({
  id: 'history',
  summary: 'What we did to this object before, newest first, and whether it helped.',
  args: Type.Object({ days: Type.Optional(Type.Integer({ minimum: 1, maximum: 90 })) }, { additionalProperties: false }),
  async run({ days = 30 }, { memory, evidence, ref, nowMs }) {
    const { kind, namespace, name } = ref;
    const past = await memory.store.pastActions({ cluster: evidence.target.cluster, kind, namespace, name }, new Date(nowMs - days * DAY_MS).toISOString());
    const shown = past.slice(0, MOST);
    const helped = past.filter((p) => p.result === 'effective').length;
    return {
      found: past.length === 0 ? `nothing within ${days} days` : `${past.length} actions within ${days} days, ${helped} of them helped`,
      result: shown.map((p) => ({ at: p.at, action: p.action, result: p.result ?? 'not known yet', undone: p.wasUndone, wrote: p.wrote.map((w) => ({ field: w.path, value: w.value, before: w.before })) })),
      ...(past.length > shown.length ? { truncated: `${past.length - shown.length} older actions` } : {}),
    };
  },
});
