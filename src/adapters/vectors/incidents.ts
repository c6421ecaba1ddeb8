import pgvector from 'pgvector/pg';
import { KubernautError } from '../../domain/errors.js';
import type { SimilarIncident } from '../../domain/evidence.js';
import type { Clock, Store } from '../../domain/ports.js';
import { cleanText } from '../postgres/clean-text.js';
import type { Query } from '../postgres/query.js';

/** Of the column in migrations/004. Embedders with another size cannot share the table. */
export const INCIDENT_DIMENSIONS = 384;
/** An hnsw scan returns at most `hnsw.ef_search` rows (40 unless set): asking for more would silently get fewer. */
const MAX_NEIGHBOURS = 40;

const REMEMBER = `
  insert into incidents (remediation_id, summary, action, outcome, is_verified, embedding, at)
  values ($1, $2, $3, $4, $5, $6::vector, $7)
  on conflict (remediation_id) do update set
    summary = excluded.summary, action = excluded.action, outcome = excluded.outcome,
    is_verified = excluded.is_verified, embedding = excluded.embedding, at = excluded.at`;

const NEAREST = `
  select remediation_id, summary, action, outcome, 1 - (embedding <=> $1::vector) as similarity
  from incidents where is_verified order by embedding <=> $1::vector limit $2`;

interface Row {
  remediation_id: string;
  summary: string;
  action: string | null;
  outcome: string;
  similarity: number;
}

/** Past incidents by nearness in meaning (pgvector, cosine). Only what was verified as fixed may teach, whatever the caller says. */
export const incidentMethods = (query: Query, clock: Clock): Pick<Store, 'rememberIncident' | 'similarIncidents'> => ({
  async rememberIncident({ remediationId, summary, action, outcome, isVerified, embedding }) {
    const mayTeach = isVerified && outcome === 'fixed';
    const values = [cleanText(remediationId), cleanText(summary), action ?? null, outcome, mayTeach, toVector(embedding), clock.now()];
    await query('remembering an incident', REMEMBER, values);
  },

  async similarIncidents(embedding, limit) {
    const count = Math.min(Math.max(Math.trunc(limit), 0), MAX_NEIGHBOURS);
    const rows = await query<Row>('looking for similar incidents', NEAREST, [toVector(embedding), count]);
    return rows.map(toIncident);
  },
});

function toVector(embedding: readonly number[]): string {
  if (embedding.length !== INCIDENT_DIMENSIONS || !embedding.every(Number.isFinite)) {
    const message = `an embedding of ${embedding.length} numbers does not fit; incidents are compared by ${INCIDENT_DIMENSIONS} finite numbers, set the embedder's dimensions to that`;
    throw new KubernautError('InvalidParams', { message });
  }
  return pgvector.toSql([...embedding]);
}

/** Cosine similarity is -1..1; opposite and unrelated are the same to us. */
const toIncident = (row: Row): SimilarIncident => ({
  remediationId: row.remediation_id,
  summary: row.summary,
  ...(row.action === null ? {} : { action: row.action }),
  outcome: row.outcome,
  isVerified: true,
  similarity: Math.min(Math.max(row.similarity, 0), 1),
});
