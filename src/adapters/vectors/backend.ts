import { sha256 } from '../../domain/sha256.js';
import { KubernautError } from '../../domain/errors.js';
import type { Incident } from '../../domain/incident.js';

/** What can be filtered by. Always hashes: whatever a name contains, nothing of it reaches a query language. */
export interface Tags {
  embedder: string;
  cluster: string;
  namespace: string;
  kind: string;
}

export interface Entry {
  /** 64 hex digits, of the remediation id. */
  key: string;
  /** Redacted, cut, well-formed text. */
  incident: Incident;
  /** `incident` without its signature as JSON, for backends that keep it as one text. */
  document: string;
  tags: Tags;
  mayTeach: boolean;
  /** Id of the embedder, in clear. */
  embedder: string;
  vector: readonly number[];
}

export interface Search {
  vector: readonly number[];
  limit: number;
  tags: Partial<Tags> & Pick<Tags, 'embedder'>;
  /** The same filters in clear, for a backend that takes parameters. */
  scope: { embedder: string; cluster?: string; namespace?: string; kind?: string };
  isTeachingOnly: boolean;
}

/** Untrusted: an index may be written by others. */
export interface Hit {
  document: unknown;
  /** Cosine, -1..1. */
  similarity: number;
}

/** The embedder in use. */
export interface Own {
  id: string;
  tag: string;
  dimensions: number;
}

/**
 * What is different between vector stores; `vectorIndex` makes the port of it. Errors: VectorsUnavailable, VectorsRejected, and for
 * our own database what the store throws.
 */
export interface VectorBackend {
  readonly id: string;
  /** Which place of that server, in a name: `kubernaut`. */
  readonly place: string;
  /** Makes the collection when it is missing and can be made. Throws VectorsRejected when its vectors have other dimensions. */
  prepare(dimensions: number): Promise<void>;
  /** Id of another embedder whose vectors are here, if any. */
  foreignEmbedder(own: Own): Promise<string | undefined>;
  write(entry: Entry): Promise<void>;
  search(search: Search): Promise<Hit[]>;
  /** No error when it is not there. */
  delete(key: string, remediationId: string): Promise<void>;
  clear(): Promise<void>;
  count(): Promise<number>;
  close(): Promise<void>;
}

export const tagOf = (text: string): string => sha256(text).slice(0, 32);

export const keyOf = (remediationId: string): string => sha256(remediationId);

/** `next` goes before the command that makes the index anew. */
export const otherDimensions = (where: string, [has, wanted]: readonly [has: number, wanted: number], next: string): KubernautError =>
  new KubernautError('VectorsRejected', `${where} holds vectors of ${has} numbers, the embedder makes ${wanted}; set the embedder back, or ${next}run \`kubernaut vectors rebuild\``);

export const isNumber = (value: unknown): value is number => typeof value === 'number' && Number.isFinite(value);

export const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value);
