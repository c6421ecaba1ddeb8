import { Type } from '@sinclair/typebox';
import { auditTrail } from './audit-trail.js';
import { defineAction } from './define.js';
import { Namespace } from './parameters.js';
import { refuse } from './workload.js';

const RBAC = 'rbac.authorization.k8s.io';
const MAX_RANGE_MS = 24 * 3_600_000;

/** `2026-03-01T10:00:00Z`: complete and in UTC, no words like "now" or "yesterday". */
const Time = Type.String({ pattern: '^2[0-9]{3}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\\.[0-9]{1,3})?Z$', maxLength: 24, description: 'RFC 3339 in UTC' });

export const auditLogs = defineAction({
  id: 'audit_logs',
  summary: 'Collect who may do what in a namespace, what its workloads are allowed, and its events of a time range; changes nothing.',
  tier: 0,
  targets: ['Namespace'],
  params: Type.Object({ namespace: Namespace, from: Time, to: Time }, { additionalProperties: false }),
  targetOf: ({ namespace }) => ({ apiVersion: 'v1', kind: 'Namespace', name: namespace }),
  locate: ({ name }) => ({ namespace: name }),
  permissions: ['roles', 'rolebindings', 'clusterroles', 'clusterrolebindings'].map((resource) => ({ group: RBAC, resource, verbs: ['get', 'list'], scope: 'cluster' as const })),
  undo: { irreversible: 'it only reads' },
  timeoutS: 120,
  example: { namespace: 'shop', from: '2026-03-01T10:00:00Z', to: '2026-03-01T12:00:00Z' },

  applies: () => true,

  plan(_object, { namespace, from, to }, { now }) {
    const [start, end] = [timeOf(namespace, 'from', from), timeOf(namespace, 'to', to)];
    if (end <= start) refuse('InvalidParams', `audit of ${namespace}: ${to} is not after ${from}; swap them`);
    if (end > Date.parse(now)) refuse('InvalidParams', `audit of ${namespace}: ${to} is in the future; end at ${now} or before`);
    if (end - start > MAX_RANGE_MS) refuse('InvalidParams', `audit of ${namespace}: ${from} to ${to} is over 24 hours; ask for a part of it`);
    return { changes: [], summary: `audit namespace ${namespace} from ${from} to ${to}` };
  },

  verify: () => ({ state: 'reached', detail: 'collected' }),

  async run({ namespace, from, to }, { world, now }, context) {
    const trail = await auditTrail({ namespace, from, to, takenAt: now }, world, context);
    const counts = Object.entries(trail.counts).map(([what, n]) => `${n} ${what}`).join(', ');
    const cut = trail.truncated.length ? `, cut for size: ${trail.truncated.map((t) => `${t.what} (${t.kept} of ${t.of})`).join(', ')}` : '';
    return { detail: `${counts}, ${trail.missing.length} parts missing${cut}, ${trail.digest}`, artifact: trail };
  },
});

/** A day that no calendar has (February 31) is no time, whatever a lenient parser makes of it. */
function timeOf(namespace: string, name: string, text: string): number {
  const ms = Date.parse(text);
  if (Number.isNaN(ms) || new Date(ms).toISOString().slice(0, 19) !== text.slice(0, 19)) refuse('InvalidParams', `audit of ${namespace}: ${name} ${text} is no time; give it as RFC 3339 in UTC`);
  return ms;
}
