import type { Remediation } from '../../contracts/remediation.js';
import { KubernautError } from '../../domain/errors.js';
import type { RemediationFilter, Store } from '../../domain/ports.js';
import { instantFrom } from '../../domain/instant.js';
import { cleanText } from './clean-text.js';
import type { Query } from './query.js';

const DEFAULT_LIMIT = 50;
const MAX_LIMIT = 500;

interface Row {
  id: string;
  doc: Remediation;
  position: string;
}

/**
 * Newest first. A page continues after the last row it showed (started_at, id), not at a count: rows that are inserted
 * while somebody pages neither repeat nor hide others.
 */
export const remediationListMethods = (query: Query): Pick<Store, 'listRemediations' | 'countInPhase'> => ({
  async listRemediations(filter) {
    const limit = Math.min(Math.max(Math.trunc(filter.limit ?? DEFAULT_LIMIT), 1), MAX_LIMIT);
    const { conditions, values } = conditionsOf(filter);
    const where = conditions.length === 0 ? '' : `where ${conditions.join(' and ')}`;
    // Microseconds since 1970 as text: a JavaScript Date would cut the position to milliseconds.
    const sql = `
      select id, doc, (extract(epoch from started_at) * 1000000)::bigint::text as position
      from remediations ${where} order by started_at desc, id desc limit ${limit + 1}`;
    const rows = await query<Row>('listing remediations', sql, values);
    const shown = rows.slice(0, limit);
    const last = shown.at(-1);
    return { items: shown.map((row) => row.doc), next: rows.length > limit && last ? toCursor(last) : undefined };
  },

  async countInPhase(phase) {
    const [row] = await query<{ count: number }>('counting remediations', 'select count(*)::int as count from remediations where phase = $1', [cleanText(phase)]);
    return row!.count;
  },
});

function conditionsOf(filter: RemediationFilter): { conditions: string[]; values: unknown[] } {
  const conditions: string[] = [];
  const values: unknown[] = [];
  const add = (value: unknown, condition: (parameter: string) => string) => {
    if (value === undefined) return;
    values.push(typeof value === 'string' ? cleanText(value) : value);
    conditions.push(condition(`$${values.length}`));
  };
  add(filter.namespace, (p) => `namespace = ${p}`);
  add(filter.phase, (p) => `phase = ${p}`);
  add(filter.outcome, (p) => `outcome = ${p}`);
  const { kind, name } = targetOf(filter.target);
  add(kind, (p) => `lower(kind) = lower(${p})`);
  add(name, (p) => `name = ${p}`);
  add(instantOf(filter.since), (p) => `started_at >= ${p}::timestamptz`);
  const after = fromCursor(filter.cursor);
  if (after) {
    values.push(after.position, after.id);
    const [position, id] = [`$${values.length - 1}`, `$${values.length}`];
    conditions.push(`(started_at, id) < (timestamptz 'epoch' + ${position}::bigint * interval '1 microsecond', ${id} collate "C")`);
  }
  return { conditions, values };
}

/** `deployment/api`, or `api` of any kind. */
function targetOf(target: string | undefined): { kind?: string; name?: string } {
  if (target === undefined) return {};
  const slash = target.indexOf('/');
  return slash < 0 ? { name: target } : { kind: target.slice(0, slash), name: target.slice(slash + 1) };
}

function instantOf(since: string | undefined): string | undefined {
  if (since === undefined) return undefined;
  const at = instantFrom(Date.parse(since));
  if (at === undefined) throw new KubernautError('BadRequest', `since "${since}" is not a time; write it like 2025-01-31T08:00:00Z`);
  return at;
}

const toCursor = (row: Row): string => Buffer.from(`${row.position} ${row.id}`).toString('base64url');

function fromCursor(cursor: string | undefined): { position: string; id: string } | undefined {
  if (cursor === undefined) return undefined;
  const match = /^(-?\d{1,18}) (.+)$/.exec(cleanText(Buffer.from(cursor, 'base64url').toString()));
  if (!match || instantFrom(Number(match[1]) / 1000) === undefined) throw new KubernautError('BadRequest', `the cursor "${cursor.slice(0, 100)}" is not one of ours; start again without it`);
  return { position: match[1]!, id: match[2]! };
}
