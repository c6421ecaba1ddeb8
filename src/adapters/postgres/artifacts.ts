import { createHash } from 'node:crypto';
import { KubernautError } from '../../domain/errors.js';
import type { Clock, Store } from '../../domain/ports.js';
import { artifactText } from './artifact-text.js';
import { cleanText } from './clean-text.js';
import type { Query } from './query.js';

const PUT = `insert into artifacts (ref, kind, content, at) values ($1, $2, $3, $4) on conflict (ref) do nothing`;
const UPSERT = `insert into artifacts (ref, kind, content, at) values ($1, $2, $3, $4) on conflict (ref) do update set content = excluded.content, at = excluded.at`;
const GET = `select content from artifacts where ref = $1`;

export const artifactMethods = (query: Query, clock: Clock, textOf = artifactText()): Pick<Store, 'putArtifact' | 'getArtifact'> => ({
  async putArtifact(kind, content, key) {
    // JSON escapes NUL and lone surrogates, so these bytes are kept as they are and hash to their reference.
    const text = textOf(content);
    const ref = key ?? `sha256:${createHash('sha256').update(text).digest('hex')}`;
    await query('keeping an artifact', key === undefined ? PUT : UPSERT, [ref, kind, text, clock.now()]);
    return ref;
  },

  async getArtifact(ref) {
    const [row] = await query<{ content: string }>('reading an artifact', GET, [cleanText(ref)]);
    if (!row) throw new KubernautError('NotFound', `there is no artifact ${ref}; it may be past its retention`);
    return JSON.parse(row.content) as unknown;
  },
});
