import { Type } from '@sinclair/typebox';
import { classifyHttp } from './classify.js';
import { defineModel } from './define.js';
import { commonFields, optionalEndpoint, optionalSecret } from './fields.js';
import { connectChat } from './openai-client.js';

const HOME = 'http://localhost:8080/v1';

/** `ramalama serve` is llama.cpp or vLLM in a container: the chat completions API of either. */
export const ramalama = defineModel({
  id: 'ramalama',
  summary: 'Models in containers on a machine of yours, by RamaLama.',
  config: Type.Object({ ...commonFields, endpoint: optionalEndpoint(HOME), apiKey: optionalSecret('key of a proxy before it') }, { additionalProperties: false }),
  connect: ({ endpoint = HOME, ...config }) => connectChat({ provider: 'ramalama', endpoint, ...config }),
  classify: (error) => classifyHttp('model ramalama', error),
});
