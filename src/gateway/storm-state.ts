import type { StormState } from '../contracts/api.js';
import type { GatewayDeps } from './deps.js';

/** The storm on our own cluster as the API shows it; no member when there is none. */
export function stormMember({ storm, cluster }: Pick<GatewayDeps, 'storm' | 'cluster'>): { storm?: StormState } {
  const now = storm?.();
  if (!now) return {};
  const { since, why, calmSince } = now;
  return { storm: { cluster, since, why, ...(calmSince ? { calm_since: calmSince } : {}) } };
}
