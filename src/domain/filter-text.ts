import { formatDuration } from './duration.js';
import type { FilterRule } from './filter.js';

/** What a rule does, in words for people. */
export function effectOf({ drop, suppress, set, route, delay, atLeast }: FilterRule): string {
  const parts = [
    drop && 'drop',
    suppress && `suppress until ${suppress.expires}`,
    set && `set ${Object.entries(set).map(([key, value]) => `${key} ${value}`).join(', ')}`,
    route && `route to ${route.to}`,
    delay && `hold until it has fired for ${formatDuration(delay.forMs)}`,
    atLeast && `hold until ${atLeast.count} start within ${formatDuration(atLeast.withinMs)} by ${atLeast.by.source}`,
  ];
  return parts.filter((p) => p).join('; ');
}
