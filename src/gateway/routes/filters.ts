import type { FastifyInstance } from 'fastify';
import { Problem } from '../../contracts/api.js';
import { FilterList } from '../../contracts/filters.js';
import { isKubernautError } from '../../domain/errors.js';
import type { GatewayDeps } from '../deps.js';
import type { Filters } from '../filters.js';

const HITS_OF_MS = 7 * 24 * 3600 * 1000;

export function filterRoutes(app: FastifyInstance, { store, now = () => new Date().toISOString() }: GatewayDeps, filters: Filters): void {
  const schema = { tags: ['catalogue'], summary: 'The filter rules in force, in order, and what they did', response: { 200: FilterList, '4xx': Problem, '5xx': Problem } };
  app.get('/api/v1/filters', { schema }, async () => {
    const at = now();
    try {
      return filters.list(at, await store.filterHits(new Date(Date.parse(at) - HITS_OF_MS).toISOString()));
    } catch (error) {
      if (!isKubernautError(error, 'StoreUnavailable')) throw error;
      const { issues, ...list } = filters.list(at);
      return { ...list, issues: [...issues, `${error.message}; hits are not known`] };
    }
  });
}
