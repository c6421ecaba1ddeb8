import { Ajv } from 'ajv';
import { isKubernautError, KubernautError } from '../domain/errors.js';
import type { Model } from '../domain/ports.js';
import { registryOf } from '../domain/registry.js';
import { anthropic } from './anthropic.js';
import { azure } from './azure.js';
import { bedrock } from './bedrock.js';
import type { ModelDefinition } from './define.js';
import { huggingface } from './huggingface.js';
import { localai } from './localai.js';
import { ollama } from './ollama.js';
import { openai } from './openai.js';
import { ramalama } from './ramalama.js';
import { scripted } from './scripted.js';
import { withUsage } from './usage.js';

const members = [openai, anthropic, azure, bedrock, ollama, localai, huggingface, ramalama, scripted] as const;

export type ModelId = (typeof members)[number]['id'];

export const models = registryOf<ModelDefinition<ModelId>>('model', members as unknown as readonly ModelDefinition<ModelId>[]);

/**
 * A connected model whose `answer` throws ModelUnavailable, ModelRejected or ModelAnswerInvalid and nothing else.
 * @throws NotFound for an unknown id, ConfigInvalid naming every wrong key (never its value).
 */
export async function connectModel(id: string, config: unknown): Promise<Model> {
  const definition = models.get(id);
  const wrong = wrongKeysOf(definition, config);
  if (wrong.length > 0) throw new KubernautError('ConfigInvalid', { message: `model ${id}: ${wrong.join('; ')}`, wrong });
  const model = await definition.connect(config as never);
  return {
    id: model.id,
    answer: async (request) => {
      try {
        return withUsage(await model.answer(request), request);
      } catch (error) {
        throw isKubernautError(error) ? error : definition.classify(error);
      }
    },
  };
}

/** `/path: what is expected`, for every wrong key. Ajv's messages carry no values. */
function wrongKeysOf(definition: ModelDefinition, config: unknown): string[] {
  const validate = new Ajv({ allErrors: true, strict: false, formats: { secret: true } }).compile(definition.config);
  if (validate(config)) return [];
  return (validate.errors ?? []).map((e) => `${e.instancePath}/${String(e.params.additionalProperty ?? '')}`.replace(/(.)\/$/, '$1') + `: ${e.message ?? e.keyword}`);
}
