import { Type } from '@sinclair/typebox';
import { classifyHttp } from './classify.js';
import { defineModel } from './define.js';
import { commonFields, optionalEndpoint, optionalSecret } from './fields.js';
import { connectChat } from './openai-client.js';

const HOME = 'https://router.huggingface.co/v1';

/** The router sends a model name such as `meta-llama/Llama-3.3-70B-Instruct` to one of many hosts, which differ in what they know: hence the ladder. */
export const huggingface = defineModel({
  id: 'huggingface',
  summary: 'Hugging Face Inference Providers, or an inference endpoint of yours.',
  config: Type.Object({ ...commonFields, endpoint: optionalEndpoint(HOME), apiKey: optionalSecret('token with the permission to call Inference Providers') }, { additionalProperties: false }),
  connect: ({ endpoint = HOME, ...config }) => connectChat({ provider: 'huggingface', endpoint, ...config }),
  classify: (error) => classifyHttp('model huggingface', error),
});
