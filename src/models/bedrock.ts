import { Type, type Static } from '@sinclair/typebox';
import type { BedrockRuntimeClientConfig } from '@aws-sdk/client-bedrock-runtime';
import { fetchHandler } from './aws-fetch-handler.js';
import { fromResponse, toRequest } from './bedrock-messages.js';
import { classifyHttp } from './classify.js';
import { defineModel } from './define.js';
import { commonFields, MAX_ANSWER_BYTES, optionalSecret, optionalText, requiredText } from './fields.js';
import { ladderModel } from './ladder.js';
import { limitedFetch } from './limited-fetch.js';
import { within } from './within.js';

const config = Type.Object(
  {
    ...commonFields,
    model: requiredText('model id or inference profile'),
    region: requiredText('AWS region, e.g. eu-central-1'),
    endpoint: optionalText('URL of a VPC endpoint; default: the public one of the region'),
    apiKey: optionalSecret('Bedrock API key, sent as a bearer token'),
    accessKeyId: optionalSecret('id of an access key'),
    secretAccessKey: optionalSecret('the access key'),
    sessionToken: optionalSecret('token of temporary credentials'),
  },
  { additionalProperties: false },
);

/** Any model of Amazon Bedrock, by the Converse API. */
export const bedrock = defineModel({
  id: 'bedrock',
  summary: 'Models in Amazon Bedrock, by the Converse API.',
  config,

  async connect({ region, endpoint, model, maxTokens, reasoningEffort, ...access }) {
    const { BedrockRuntimeClient, ConverseCommand } = await import('@aws-sdk/client-bedrock-runtime');
    const client = new BedrockRuntimeClient({
      region,
      ...(endpoint ? { endpoint } : {}),
      ...credentialsOf(access),
      maxAttempts: 1,
      requestHandler: fetchHandler(limitedFetch(MAX_ANSWER_BYTES)),
    });
    const options = { model, ...(maxTokens ? { maxTokens } : {}), ...(reasoningEffort ? { reasoningEffort } : {}) };
    return ladderModel(`bedrock/${model}`, {
      toRequest: (request, mode) => toRequest(request, mode, options),
      fromResponse: (response, mode, request) => fromResponse(response, mode, request, model),
      // looking for credentials does not heed the signal
      send: (body, until) => within(until, `model bedrock/${model}`, (abortSignal) => client.send(new ConverseCommand(body), { abortSignal })),
    });
  },

  classify: (error) => classifyHttp('model bedrock', error),
});

/** Without any of these the SDK looks where AWS tools look: environment, profile, IRSA or pod identity, instance role. */
function credentialsOf({ apiKey, accessKeyId, secretAccessKey, sessionToken }: Pick<Static<typeof config>, 'apiKey' | 'accessKeyId' | 'secretAccessKey' | 'sessionToken'>): BedrockRuntimeClientConfig {
  if (apiKey) return { token: { token: apiKey }, authSchemePreference: ['httpBearerAuth'] };
  if (!accessKeyId || !secretAccessKey) return {};
  // named, or a bearer token in the environment would win over what was configured
  return { credentials: { accessKeyId, secretAccessKey, ...(sessionToken ? { sessionToken } : {}) }, authSchemePreference: ['sigv4'] };
}
