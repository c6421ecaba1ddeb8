import { Type } from '@sinclair/typebox';
import { classifyHttp } from './classify.js';
import { defineModel } from './define.js';
import { commonFields, optionalEndpoint, optionalSecret } from './fields.js';
import { connectChat } from './openai-client.js';

const HOME = 'https://api.openai.com/v1';

/** OpenAI and everything that speaks its chat completions and has no file of its own here, such as vLLM, by base URL. */
export const openai = defineModel({
  id: 'openai',
  summary: 'OpenAI, or any server with its chat completions API.',
  config: Type.Object({ ...commonFields, endpoint: optionalEndpoint(HOME), apiKey: optionalSecret('API key') }, { additionalProperties: false }),
  connect: ({ endpoint = HOME, ...config }) => connectChat({ provider: 'openai', endpoint, ...config, isTokenLimitNew: endpoint === HOME }),
  classify: (error) => classifyHttp('model openai', error),
});
