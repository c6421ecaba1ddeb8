import { expect, it } from '@jest/globals';
import { parse } from 'yaml';
import { loadConfig } from '../../config/load.js';
import { openSources } from '../../gateway/open-sources.js';
import { grafanaSnippet } from './grafana-snippet.js';
import { snsSnippet } from './sns-snippet.js';

const url = 'https://kubernaut.example.com';

/** The part between two steps, as the files that people paste it into would hold it. */
const partOf = (snippet: string, from: string, to: string): any => parse(snippet.slice(snippet.indexOf(from), snippet.indexOf(to)));

const openedBy = (sources: object, id: string): boolean => openSources(loadConfig({ env: {}, flags: Object.fromEntries(Object.entries(flat({ sources }))) })).find(id) !== undefined;

const flat = (o: object, path: string[] = []): Record<string, unknown> =>
  Object.assign({}, ...Object.entries(o).map(([k, v]) => (typeof v === 'object' && v !== null && !Array.isArray(v) ? flat(v as object, [...path, k]) : { [[...path, k].join('.')]: v })));

it('the configuration for Grafana opens its source, and both sides name the same headers', () => {
  const snippet = grafanaSnippet({ url }).replace('"the key"', '"0123456789abcdef0123"');
  const { sources } = partOf(snippet, 'sources:', '# 3.');
  expect(openedBy(sources, 'grafana')).toBe(true);
  const { settings } = partOf(snippet, 'apiVersion:', '# 4.').contactPoints[0].receivers[0];
  expect(settings).toMatchObject({ url: `${url}/api/v1/signals/grafana`, httpMethod: 'POST' });
  expect(settings.hmacConfig.timestampHeader).toBe(sources.grafana.hmac.timestampHeader);
});

it('the configuration for SNS opens its source for that topic, and the commands name it', () => {
  const topic = 'arn:aws:sns:us-east-1:210987654321:alarms';
  const snippet = snsSnippet({ url }, topic);
  const { sources } = partOf(snippet, 'sources:', '# 2.');
  expect(sources.cloudwatch.topics).toEqual([topic]);
  expect(openedBy(sources, 'cloudwatch')).toBe(true);
  expect(snippet).toContain(`--topic-arn ${topic} --protocol https --notification-endpoint ${url}/api/v1/signals/cloudwatch`);
  const attributes = JSON.parse(/--attributes '(.*)'/.exec(snippet)![1]!);
  expect(JSON.parse(attributes.DeliveryPolicy).healthyRetryPolicy.numRetries).toBe(14);
});
