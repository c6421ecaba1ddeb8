import type { Store } from '../../domain/ports.js';
import { cleanJson, cleanText } from './clean-text.js';
import type { Database } from './database.js';
import { queryOn, type Query } from './query.js';

/** The trigger numbers and links the row (migrations/003): whoever inserts, the chain holds. */
const APPEND = `insert into audit (at, actor, verb, subject, details) values ($1, $2, $3, $4, $5)`;

/** The first row that is not what it was, does not follow the one before, or has a gap before it. */
const VERIFY = `
  select count(*)::int as entries, min(seq) filter (where not is_sound)::text as broken_at
  from (
    select seq,
      hash = audit_hash(previous, seq, at, actor, verb, subject, details)
        and previous = coalesce(lag(hash) over (order by seq), '')
        and seq = row_number() over (order by seq) as is_sound
    from audit
  ) as checked`;

export const auditMethods = (query: Query): Pick<Store, 'audit'> => ({
  async audit({ at, actor, verb, subject, details }) {
    const texts = [actor, verb, subject].map(cleanText);
    await query('writing the audit log', APPEND, [at, ...texts, details === undefined ? null : cleanJson(details)]);
  },
});

/**
 * Recomputes the whole chain. `brokenAt` is the number of the first entry that was changed or follows a removed one.
 * Entries cut off at the end leave a sound, shorter chain: keep `entries` elsewhere to notice.
 */
export async function verifyAudit(database: Pick<Database, 'pool'>): Promise<{ entries: number; brokenAt?: number }> {
  const [row] = await queryOn(database)<{ entries: number; broken_at: string | null }>('verifying the audit log', VERIFY);
  return { entries: row!.entries, ...(row!.broken_at === null ? {} : { brokenAt: Number(row!.broken_at) }) };
}
