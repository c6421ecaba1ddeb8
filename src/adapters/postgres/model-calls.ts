import type { Store } from '../../domain/ports.js';
import { cleanText } from './clean-text.js';
import type { Query } from './query.js';

/** Old calls leave with new ones: the table stays as large as 40 days, and no job has to run for it. */
const RECORD = `
  with gone as (delete from model_calls where at < $2::timestamptz - interval '40 days')
  insert into model_calls (id, at, model, input_tokens, output_tokens, cost) values ($1, $2, $3, $4, $5, $6)
  on conflict (id) do update set
    model = excluded.model, input_tokens = excluded.input_tokens, output_tokens = excluded.output_tokens, cost = excluded.cost`;

const USE = `
  select count(*)::int as calls, coalesce(sum(coalesce(input_tokens, 0) + coalesce(output_tokens, 0)), 0)::float8 as tokens, coalesce(sum(cost), 0)::float8 as cost
  from model_calls where at >= $1`;

export const modelCallMethods = (query: Query): Pick<Store, 'recordModelCall' | 'modelUseSince'> => ({
  async recordModelCall({ id, at, model, inputTokens, outputTokens, cost }) {
    await query('keeping the use of a model', RECORD, [cleanText(id), at, cleanText(model), inputTokens ?? null, outputTokens ?? null, cost ?? null]);
  },

  async modelUseSince(at) {
    const [row] = await query<{ calls: number; tokens: number; cost: number }>('reading the use of models', USE, [at]);
    return row!;
  },
});
