import { isExpired } from '../../domain/filter.js';
import { failedCheck, type Check, type Ward } from './check.js';

/** The filter file is good, and nothing in it has expired. */
export async function checkFilters({ config }: Pick<Ward, 'config'>, now = new Date().toISOString()): Promise<Check[]> {
  const { path } = config.filters;
  if (path === undefined) return [{ check: 'filters', state: 'ok', detail: 'the shipped rules' }];
  const { loadFilters } = await import('../../config/filters.js');
  try {
    const { rules } = loadFilters(path);
    const expired = rules.filter((r) => isExpired(r, now)).map((r) => r.name);
    const own = rules.filter((r) => r.origin === 'file').length;
    if (expired.length === 0) return [{ check: 'filters', state: 'ok', detail: `${own} rules of ${path}, ${rules.length - own} shipped ones` }];
    return [{ check: 'filters', state: 'warn', detail: `expired and without effect: ${expired.join(', ')}`, next: `remove or renew them in ${path}` }];
  } catch (error) {
    return [failedCheck('filters', error, `kubernaut filters test ${path}`)];
  }
}
