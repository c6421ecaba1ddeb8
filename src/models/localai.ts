import { Type } from '@sinclair/typebox';
import { classifyHttp } from './classify.js';
import { defineModel } from './define.js';
import { commonFields, optionalEndpoint, optionalSecret } from './fields.js';
import { connectChat } from './openai-client.js';

const HOME = 'http://localhost:8080/v1';

/** Turns the JSON schema into a grammar; older versions know tools or plain JSON only, for which the ladder is. */
export const localai = defineModel({
  id: 'localai',
  summary: 'Models on a server of yours, by LocalAI.',
  config: Type.Object({ ...commonFields, endpoint: optionalEndpoint(HOME), apiKey: optionalSecret('key, where the server was given API_KEY') }, { additionalProperties: false }),
  connect: ({ endpoint = HOME, ...config }) => connectChat({ provider: 'localai', endpoint, ...config }),
  classify: (error) => classifyHttp('model localai', error),
});
