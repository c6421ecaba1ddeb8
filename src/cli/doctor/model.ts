import { durationMs, formatDuration } from '../../domain/duration.js';
import { connectModel } from '../../models/index.js';
import { embedderOf, modelConfigOf } from '../../workers/compose.js';
import { failedCheck, type Check, type Ward } from './check.js';

const PROBE_MS = 60_000;

/** Small enough to cost next to nothing, closed like a real proposal. */
const PROBE_SCHEMA = { type: 'object', additionalProperties: false, required: ['state'], properties: { state: { type: 'string', enum: ['ready'] } } };

/** With a model: one structured answer, since a model that cannot keep to a schema is of no use here. */
export async function checkModel({ config }: Pick<Ward, 'config'>): Promise<Check> {
  const { llm } = config;
  if (!llm.provider && !llm.endpoint) return { check: 'model', state: 'off', detail: 'no model configured: the deterministic analyzers decide alone' };
  try {
    const model = await connectModel(llm.provider ?? 'openai', modelConfigOf(config));
    const startedMs = performance.now();
    const { text } = await model.answer({
      system: 'You answer with one JSON object that fits the schema and nothing else.',
      prompt: 'Answer {"state": "ready"}.',
      schema: PROBE_SCHEMA,
      schemaName: 'probe',
      timeoutMs: Math.min(PROBE_MS, durationMs(llm.timeout)),
    });
    const took = formatDuration(performance.now() - startedMs);
    if (isReady(text)) return { check: 'model', state: 'ok', detail: `${model.id} kept to a schema, ${took}` };
    return { check: 'model', state: 'fail', detail: `${model.id} answered in ${took}, but not the JSON it was asked for`, next: 'choose a model with structured output, or leave llm out: the analyzers decide alone then' };
  } catch (error) {
    return failedCheck('model', error, 'check llm.endpoint, llm.model and llm.apiKey; until it answers the analyzers decide alone');
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
