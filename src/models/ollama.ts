import { Type } from '@sinclair/typebox';
import { classifyHttp } from './classify.js';
import { defineModel } from './define.js';
import { commonFields, optionalEndpoint, optionalSecret } from './fields.js';
import { connectChat } from './openai-client.js';

const HOME = 'http://localhost:11434/v1';

/** Its OpenAI-compatible API holds the answer to a JSON schema by grammar; its cloud takes the schema and ignores it, which the ladder notices. */
export const ollama = defineModel({
  id: 'ollama',
  summary: 'Models on this machine or a server of yours, by Ollama.',
  config: Type.Object({ ...commonFields, endpoint: optionalEndpoint(HOME), apiKey: optionalSecret('key of a proxy before it, or of its cloud') }, { additionalProperties: false }),
  connect: ({ endpoint = HOME, ...config }) => connectChat({ provider: 'ollama', endpoint, ...config }),
  classify: (error) => classifyHttp('model ollama', error),
});
