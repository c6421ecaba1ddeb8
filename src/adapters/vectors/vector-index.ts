import { KubernautError } from '../../domain/errors.js';
import { lessonOf, mayTeach, type Incident } from '../../domain/incident.js';
import { readsLikeInstructions } from '../../domain/instruction.js';
import type { Embedder, IndexedIncident, NearestQuery, VectorIndex } from '../../domain/ports.js';
import { redactText } from '../../domain/redact.js';
import { cleanText } from '../postgres/clean-text.js';
import { keyOf, tagOf, type Entry, type Hit, type Search, type VectorBackend } from './backend.js';

const MOST_RESULTS = 30;
/** Asked for beyond the limit: of equals the newer shall win, and a backend cuts them in an order of its own. */
const SPARE = 10;
const MOST_TEXT = 500;

/** The port over any backend: what must be the same everywhere is done here, once. */
export function vectorIndex(backend: VectorBackend, embedder: Pick<Embedder, 'id' | 'dimensions'>): VectorIndex {
  let ready: Promise<void> | undefined;

  /** Once, until something fails: the collection may have been lost meanwhile. */
  const prepared = (): Promise<void> => (ready ??= prepare(backend, embedder));
  const using = async <T>(work: () => Promise<T>): Promise<T> => {
    try {
      await prepared();
      return await work();
    } catch (error) {
      ready = undefined;
      throw error;
    }
  };

  return {
    name: `${backend.id}/${backend.place}/${embedder.id}`,
    put: async (incident, embedding) => {
      const entry = entryOf(incident, checked(embedding, embedder), embedder);
      await using(() => backend.write(entry));
    },
    nearest: async (embedding, query) => {
      const limit = Math.min(Math.max(Math.trunc(query.limit), 0), MOST_RESULTS);
      const search = searchOf(checked(embedding, embedder), query, { limit, embedder });
      if (limit === 0) return [];
      return ranked(await using(() => backend.search(search)), query).slice(0, limit);
    },
    remove: (remediationId) => using(() => backend.delete(keyOf(remediationId), cleanText(remediationId))),
    clear: async () => {
      ready = undefined;
      await backend.clear();
    },
    count: () => using(() => backend.count()),
    health: () => using(async () => `${String(await backend.count())} incidents, vectors of ${embedder.id}`),
    close: () => backend.close(),
  };
}

async function prepare(backend: VectorBackend, { id, dimensions }: Pick<Embedder, 'id' | 'dimensions'>): Promise<void> {
  await backend.prepare(dimensions);
  const other = await backend.foreignEmbedder({ id, tag: tagOf(id), dimensions });
  if (other === undefined) return;
  throw new KubernautError('VectorsRejected', `the vector index ${backend.id} holds incidents embedded by ${printable(other)}, the embedder now is ${id}: they cannot be compared; set the embedder back or run \`kubernaut vectors rebuild\``);
}

const printable = (text: string): string => text.replace(/[^\x20-\x7e]/g, '?').slice(0, 100);

function checked(embedding: readonly number[], { id, dimensions }: Pick<Embedder, 'id' | 'dimensions'>): readonly number[] {
  const isFit = embedding.length === dimensions && embedding.every(Number.isFinite) && embedding.some((n) => n !== 0);
  if (isFit) return embedding;
  throw new KubernautError('InvalidParams', `an embedding of ${String(embedding.length)} numbers does not fit; ${id} makes ${String(dimensions)} finite ones that are not all zero`);
}

const fit = (text: string): string => cleanText(redactText(text)).slice(0, MOST_TEXT).replace(/\p{Surrogate}$/u, '');

/** As it may leave us: masked, cut, well-formed, and verified only when it can teach. */
function entryOf(given: Incident, vector: readonly number[], embedder: Pick<Embedder, 'id'>): Entry {
  const { signature, ...rest } = given;
  const texts = Object.fromEntries(Object.entries(rest).filter(([key]) => key !== 'remediationId' && key !== 'at').map(([key, v]) => [key, typeof v === 'string' ? fit(v) : v]));
  const told = { ...rest, ...texts, remediationId: cleanText(given.remediationId) } as IndexedIncident;
  const isTeaching = mayTeach(given) && ![told.summary, told.alert, told.cause].some(readsLikeInstructions);
  const incident = { ...told, isVerified: isTeaching };
  return {
    key: keyOf(given.remediationId),
    incident: { ...incident, signature: cleanText(signature) },
    document: JSON.stringify(incident),
    // Of the text as given: a cut or masked name must not match another one.
    tags: { embedder: tagOf(embedder.id), cluster: tagOf(given.cluster), namespace: tagOf(given.namespace ?? ''), kind: tagOf(given.kind) },
    mayTeach: isTeaching,
    embedder: embedder.id,
    vector,
  };
}

function searchOf(vector: readonly number[], { scope = {}, isUnverifiedToo = false }: NearestQuery, { limit, embedder }: { limit: number; embedder: Pick<Embedder, 'id'> }): Search {
  const given = Object.entries(scope).filter((pair): pair is [string, string] => pair[1] !== undefined);
  return {
    vector,
    limit: limit + SPARE,
    tags: { embedder: tagOf(embedder.id), ...Object.fromEntries(given.map(([key, value]) => [key, tagOf(value)])) },
    scope: { embedder: embedder.id, ...Object.fromEntries(given.map(([key, value]) => [key, fit(value)])) },
    isTeachingOnly: !isUnverifiedToo,
  };
}

/** The same order, bounds and trust for every backend: a row that does not look like ours, or may not teach, is not a hit. */
function ranked(hits: readonly Hit[], { minSimilarity = 0, isUnverifiedToo = false }: NearestQuery): { incident: IndexedIncident; similarity: number }[] {
  return hits
    .flatMap(({ document, similarity }) => {
      const incident = incidentIn(document);
      return incident && (isUnverifiedToo || (incident.isVerified && lessonOf(incident.outcome))) ? [{ incident, similarity: Math.min(Math.max(similarity, 0), 1) }] : [];
    })
    .filter((h) => h.similarity >= minSimilarity)
    .sort((a, b) => b.similarity - a.similarity || Date.parse(b.incident.at) - Date.parse(a.incident.at) || (a.incident.remediationId < b.incident.remediationId ? -1 : 1));
}

const REQUIRED = ['remediationId', 'cluster', 'kind', 'cause', 'alert', 'summary', 'outcome', 'at'] as const;
const OPTIONAL = ['namespace', 'action'] as const;

function incidentIn(document: unknown): IndexedIncident | undefined {
  const found = typeof document === 'string' ? parsed(document) : document;
  if (typeof found !== 'object' || found === null) return undefined;
  const row = found as Record<string, unknown>;
  if (!REQUIRED.every((key) => typeof row[key] === 'string') || !Number.isFinite(Date.parse(row.at as string))) return undefined;
  const known = [...REQUIRED, ...OPTIONAL].flatMap((key) => (typeof row[key] === 'string' ? [[key, row[key]]] : []));
  return { ...Object.fromEntries(known), isVerified: row.isVerified === true } as IndexedIncident;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // not one of ours
  }
}
