import { Type } from '@sinclair/typebox';
import { classifyHttp } from './classify.js';
import { defineModel } from './define.js';
import { commonFields, optionalText, requiredSecret, requiredText } from './fields.js';
import { connectChat } from './openai-client.js';

/**
 * Models of OpenAI in Azure. Without `apiVersion` through the v1 API, where the deployment is the model's name; with one
 * through the dated API, where it is part of the path. The key travels as `api-key` in both.
 */
export const azure = defineModel({
  id: 'azure',
  summary: 'Azure OpenAI, by resource and deployment.',
  config: Type.Object(
    {
      ...commonFields,
      model: requiredText('name of the deployment'),
      endpoint: requiredText('URL of the resource, e.g. https://NAME.openai.azure.com'),
      apiKey: requiredSecret('key of the resource'),
      apiVersion: optionalText('version of the dated API, e.g. 2024-10-21; without: the v1 API'),
    },
    { additionalProperties: false },
  ),
  connect: ({ endpoint, apiKey, apiVersion, ...config }) =>
    connectChat({
      ...config,
      provider: 'azure',
      ...addressOf(endpoint, config.model, apiVersion),
      headers: { 'api-key': apiKey, authorization: null },
      isTokenLimitNew: true,
    }),
  classify: (error) => classifyHttp('model azure', error),
});

/** Takes the URL of the resource as well as one that already ends in the API's path. */
export function addressOf(resource: string, deployment: string, apiVersion: string | undefined): { endpoint: string; query?: Record<string, string> } {
  const root = resource.replace(/\/+$/, '').replace(/\/openai(\/v1)?$/, '');
  if (apiVersion === undefined) return { endpoint: `${root}/openai/v1` };
  return { endpoint: `${root}/openai/deployments/${encodeURIComponent(deployment)}`, query: { 'api-version': apiVersion } };
}
