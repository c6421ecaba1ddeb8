import { durationMs, formatDuration } from '../../domain/duration.js';
import { connectModel } from '../../models/index.js';
import { embedderOf } from '../../workers/compose.js';
import { modelTargetsOf, type ModelTarget } from '../../workers/compose-model.js';
import { failedCheck, type Check, type Ward } from './check.js';

const PROBE_MS = 60_000;

/** Small enough to cost next to nothing, closed like a real proposal. */
const PROBE_SCHEMA = { type: 'object', additionalProperties: false, required: ['state'], properties: { state: { type: 'string', enum: ['ready'] } } };

/** Each configured provider by itself: one structured answer, since a model that cannot keep to a schema is of no use here. */
export function checkModels({ config }: Pick<Ward, 'config'>): Promise<Check[]> {
  const targets = modelTargetsOf(config);
  if (targets.length === 0) return Promise.resolve([{ check: 'model', state: 'off', detail: 'no model configured: the deterministic analyzers decide alone' }]);
  const timeoutMs = Math.min(PROBE_MS, durationMs(config.llm.timeout));
  return Promise.all(targets.map((target, i) => probe(i === 0 ? 'model' : `model, fallback ${i}`, target, timeoutMs)));
}

async function probe(check: string, target: ModelTarget, timeoutMs: number): Promise<Check> {
  try {
    const model = await connectModel(target.provider, target.config);
    const startedMs = performance.now();
    const { text, usage } = await model.answer({
      system: 'You answer with one JSON object that fits the schema and nothing else.',
      prompt: 'Answer {"state": "ready"}.',
      schema: PROBE_SCHEMA,
      schemaName: 'probe',
      timeoutMs,
    });
    const took = formatDuration(performance.now() - startedMs);
    const counted = usage.isEstimated ? '; it does not say what it used, so tokens are counted here' : '';
    if (isReady(text)) return { check, state: 'ok', detail: `${model.id} kept to a schema, ${took}${counted}` };
    return { check, state: 'fail', detail: `${model.id} answered in ${took}, but not the JSON it was asked for`, next: `choose a model with structured output, or leave ${target.path} out: the analyzers decide alone then` };
  } catch (error) {
    return failedCheck(check, error, `check ${target.path} (endpoint, model and its key); until it answers the next one, or the analyzers alone, decide`);
  }
}

function isReady(text: string): boolean {
  try {
    return (JSON.parse(text) as { state?: unknown } | null)?.state === 'ready';
  } catch {
    return false; // prose instead of JSON is just what the probe is for
  }
}

export async function checkEmbeddings({ config }: Pick<Ward, 'config'>): Promise<Check> {
  const embedder = embedderOf(config);
  const isLocal = !config.embeddings.endpoint && !config.embeddings.model;
  if (isLocal) return { check: 'embeddings', state: 'ok', detail: `made locally (${embedder.id}): lexical, so similar incidents are found by shared words, not by meaning` };
  try {
    const vector = await embedder.embed('deployment shop/api is crash looping');
    return { check: 'embeddings', state: 'ok', detail: `${embedder.id} answered ${vector.length} numbers` };
  } catch (error) {
    return failedCheck('embeddings', error, 'check embeddings.endpoint, embeddings.model and embeddings.apiKey, or leave them out: vectors are made locally then');
  }
}
