import pgvector from 'pgvector/pg';
import type { Database } from '../postgres/database.js';
import { incidentValues, toIncident, type IncidentRow } from '../postgres/incidents.js';
import { queryOn, type Query } from '../postgres/query.js';
import type { Entry, Search, VectorBackend } from './backend.js';

/** An hnsw scan returns at most `hnsw.ef_search` rows (40 unless set): asking for more would silently get fewer. */
const MOST_NEIGHBOURS = 40;

const COLUMNS = 'remediation_id, cluster, namespace, kind, cause, alert, signature, summary, action, outcome, is_verified, at';

/** The row may be there already (`Store.keepIncident`): the same facts, now with their vector. */
const WRITE = `
  insert into incidents (${COLUMNS}, embedding, embedder) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13::vector, $14)
  on conflict (remediation_id) do update set
    cluster = excluded.cluster, namespace = excluded.namespace, kind = excluded.kind, cause = excluded.cause, alert = excluded.alert,
    signature = excluded.signature, summary = excluded.summary, action = excluded.action, outcome = excluded.outcome,
    is_verified = excluded.is_verified, at = excluded.at, embedding = excluded.embedding, embedder = excluded.embedder`;

const OTHERS = 'select embedder from incidents where embedding is not null and embedder <> $1 limit 1';
const FORGET = 'update incidents set embedding = null, embedder = null, indexed_in = null';

/**
 * In our own database, beside the facts: column `vector` of any dimensions, cosine distance. Where all is searched, by an hnsw index
 * when the dimensions are 384 (migration 012), else exactly; within a scope always exactly, since an approximate scan that is filtered
 * afterwards would find too few.
 */
export function pgvectorBackend(database: Pick<Database, 'pool'>): VectorBackend {
  const query = queryOn(database);
  return {
    id: 'pgvector',
    place: 'incidents',
    prepare: async () => undefined, // migrations made it
    async foreignEmbedder({ id }) {
      const rows = await query<{ embedder: string }>('looking for vectors of another embedder', OTHERS, [id]);
      return rows[0]?.embedder;
    },
    write: async (entry) => void (await query('indexing an incident', WRITE, [...incidentValues(entry.incident), vectorOf(entry), entry.embedder])),
    search: (search) => nearest(query, search),
    delete: async (_key, remediationId) => void (await query('removing an incident from the index', `${FORGET} where remediation_id = $1`, [remediationId])),
    clear: async () => void (await query('emptying the index', `${FORGET} where embedding is not null`)),
    async count() {
      const rows = await query<{ count: string }>('counting incidents', 'select count(*) as count from incidents where embedding is not null');
      return Number(rows[0]!.count);
    },
    close: async () => undefined, // the database is its owner's
  };
}

async function nearest(query: Query, { vector, limit, scope, isTeachingOnly }: Search) {
  const count = Math.min(limit, MOST_NEIGHBOURS);
  const values = [pgvector.toSql([...vector]), scope.embedder, count, scope.cluster ?? null, scope.namespace ?? null, scope.kind ?? null];
  const isScoped = values.slice(3).some((v) => v !== null);
  const sql = (isScoped || !isTeachingOnly ? exact : approximate)(vector.length, isTeachingOnly);
  const rows = await query<IncidentRow & { similarity: number }>('looking for similar incidents', sql, isScoped || !isTeachingOnly ? values : values.slice(0, 3));
  return rows.map(({ similarity, ...row }) => {
    const { signature: _, ...document } = toIncident(row as IncidentRow);
    return { document, similarity };
  });
}

/** `dimensions` is a count of ours, not text of anybody: the index is found only by a literal. */
const approximate = (dimensions: number): string => `
  select ${COLUMNS}, 1 - (embedding::vector(${dimensions}) <=> $1::vector) as similarity from incidents
  where is_verified and vector_dims(embedding) = ${dimensions} and embedder = $2
  order by embedding::vector(${dimensions}) <=> $1::vector limit $3`;

const exact = (dimensions: number, isTeachingOnly: boolean): string => `
  with candidates as materialized (
    select ${COLUMNS}, embedding from incidents
    where embedder = $2 and vector_dims(embedding) = ${dimensions} ${isTeachingOnly ? 'and is_verified' : ''}
      and ($4::text is null or cluster = $4) and ($5::text is null or coalesce(namespace, '') = $5) and ($6::text is null or kind = $6)
  )
  select ${COLUMNS}, 1 - (embedding <=> $1::vector) as similarity from candidates order by embedding <=> $1::vector limit $3`;

const vectorOf = ({ vector }: Entry): string => pgvector.toSql([...vector]);
