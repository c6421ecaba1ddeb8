import { isKubernautError, KubernautError } from '../../domain/errors.js';
import { durationMs } from '../../domain/duration.js';
import { holmesClientOf, metricsReaderOf } from '../../workers/investigators.js';
import { failedCheck, type Check, type Ward } from './check.js';

const MOST_MS = 10_000;

/** Does what an investigation leans on answer? Neither costs anything: no question is put to a model. */
export const checkInvestigators = async ({ config }: Pick<Ward, 'config'>): Promise<Check[]> => [...(await checkPrometheus({ config })), ...(await checkHolmes({ config }))];

async function checkPrometheus({ config }: Pick<Ward, 'config'>): Promise<Check[]> {
  const reader = metricsReaderOf(config);
  if (!reader) return [{ check: 'prometheus', state: 'off', detail: 'an investigation cannot look at metrics', next: 'set prometheus.url' }];
  const toMs = Date.now();
  try {
    const series = await reader.range('vector(1)', { fromMs: toMs - 60_000, toMs, stepMs: 60_000 });
    if (series.length === 1) return [{ check: 'prometheus', state: 'ok', detail: `${config.prometheus.url} answers queries` }];
    return [{ check: 'prometheus', state: 'fail', detail: 'it answers, but not what was asked', next: 'check prometheus.url' }];
  } catch (error) {
    return [told('prometheus', error, 'check prometheus.url and prometheus.token; until it answers, the metrics tool says that it cannot')];
  }
}

async function checkHolmes({ config }: Pick<Ward, 'config'>): Promise<Check[]> {
  const client = holmesClientOf(config);
  if (!client) return [];
  const { url, model, timeout } = config.investigation.holmes;
  try {
    const models = await client.models(Math.min(MOST_MS, durationMs(timeout)));
    if (model === undefined || models.includes(model)) return [{ check: 'holmes', state: 'ok', detail: `${url} has ${models.length === 0 ? 'no model list' : `models ${models.slice(0, 10).join(', ')}`}` }];
    return [{ check: 'holmes', state: 'warn', detail: `${url} does not list a model ${model}`, next: models.length === 0 ? 'leave investigation.holmes.model out' : `set investigation.holmes.model to one of ${models.slice(0, 10).join(', ')}` }];
  } catch (error) {
    return [told('holmes', error, 'check investigation.holmes (url, apiKey, headers); until it answers, the model of llm or the rules decide')];
  }
}

/** The row has a line of its own for what to do. */
function told(check: string, error: unknown, next: string): Check {
  return failedCheck(check, isKubernautError(error) ? new KubernautError(error.code, error.message.split('; ')[0]!, error.cause) : error, next);
}
