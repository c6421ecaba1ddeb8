import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import { loadConfig } from './load.js';
import { revealed } from './secret.js';

const folder = mkdtempSync(join(tmpdir(), 'kubernaut-sources-'));
const of = (text: string, env: Record<string, string> = {}): any => {
  const file = join(folder, 'kubernaut.yaml');
  writeFileSync(file, text);
  return loadConfig({ env, file });
};
const issuesOf = (text: string): { path: string; got: string; expected: string }[] => {
  try {
    of(text);
  } catch (error) {
    return (error as { details: { issues: [] } }).details.issues;
  }
  return [];
};
const SECRET = 'hunter2-hunter2-hunter2';

describe('sources in the configuration', () => {
  it('have their defaults when nothing is said', () => {
    expect(of('{}').sources).toMatchObject({ grafana: { tokens: [], namespaces: [], noData: 'ignore', hmac: { keys: [] } }, cloudwatch: { topics: [], insufficientData: 'ignore', clusterDimension: 'ClusterName' }, custom: {}, cloudevents: { types: [] } });
  });

  it('come from the environment too', () => {
    const { sources } = of('{}', { KUBERNAUT_SOURCES_GRAFANA_HMAC_KEYS: `${SECRET},${SECRET}2`, KUBERNAUT_SOURCES_GRAFANA_NAMESPACES: 'shop,bank', KUBERNAUT_SOURCES_CLOUDWATCH_TOPICS: 'arn:aws:sns:eu-west-1:123456789012:alarms' });
    expect(revealed(sources.grafana)).toMatchObject({ hmac: { keys: [SECRET, `${SECRET}2`] }, namespaces: ['shop', 'bank'] });
    expect(sources.cloudwatch.topics).toEqual(['arn:aws:sns:eu-west-1:123456789012:alarms']);
  });

  it('say where AlertManager is: one address, a list, or several with commas', () => {
    expect(of('{}').sources.alertmanager).toMatchObject({ reconcileEvery: '5m', warmUp: '5m', resolveGone: true });
    expect(of('sources: { alertmanager: { url: "http://am:9093" } }').sources.alertmanager.url).toBe('http://am:9093');
    expect(of('sources: { alertmanager: { url: ["http://am-0:9093", "https://am-1/x"] } }').sources.alertmanager.url).toHaveLength(2);
    expect(of('{}', { KUBERNAUT_SOURCES_ALERTMANAGER_URL: 'http://am-0:9093,http://am-1:9093', KUBERNAUT_SOURCES_ALERTMANAGER_TOKEN: 'hunter2' }).sources.alertmanager).toMatchObject({ url: 'http://am-0:9093,http://am-1:9093', token: expect.objectContaining({ kind: 'secret' }) });
  });

  it.each(['am:9093', '"http://user:hunter2@am:9093"', '""', '[]', '[am]', '5', '"http://am, am-1"'])('do not take %s for the address of AlertManager', (url) => {
    const issues = issuesOf(`sources: { alertmanager: { url: ${url} } }`);
    expect(issues).toEqual([expect.objectContaining({ expected: expect.stringMatching(/address of AlertManager|text/) })]);
  });

  it('hide their secrets, under names of one\'s own too', () => {
    const config = of(`sources: { grafana: { tokens: [${SECRET}], hmac: { keys: [${SECRET}] } }, custom: { pager: { tokens: [${SECRET}], hmac: { keys: [${SECRET}] }, fields: { alert: /x } } } }`);
    expect(`${JSON.stringify(config)} ${inspect(config, { depth: 12 })}`).not.toContain('hunter2');
    expect(revealed(config.sources.custom.pager)).toMatchObject({ tokens: [SECRET], hmac: { keys: [SECRET] }, fields: { alert: '/x' } });
  });

  it.each([
    ['grafana: { tokens: [hunter2] }', 'sources.grafana.tokens.0', 'a secret of at least 16 characters'],
    [`grafana: { tokens: ${SECRET} }`, 'sources.grafana.tokens', 'a list'],
    [`grafana: { hmac: ${SECRET} }`, 'sources.grafana.hmac', 'a map'],
    [`grafana: { token: ${SECRET} }`, 'sources.grafana.token', 'one of tokens'],
    [`grafana: { hmac: { keys: [${SECRET}], header: "X Sig" } }`, 'sources.grafana.hmac.header', 'the name of a header'],
    [`alertmanager: { hmac: { keys: [${SECRET}] } }`, 'sources.alertmanager.hmac', 'one of tokens'],
    ['cloudwatch: { topics: [alarms] }', 'sources.cloudwatch.topics.0', 'text'],
    ['cloudwatch: { insufficientData: maybe }', 'sources.cloudwatch.insufficientData', 'one of ignore, firing, resolved'],
    ['cloudwatch: { dimensions: [{ kind: Pwnd, name: x }] }', 'sources.cloudwatch.dimensions.0.kind', 'one of Pod'],
    ['carrier: {}', 'sources.carrier', 'one of alertmanager'],
    [`custom: { Big_Name: { tokens: [${SECRET}], fields: { alert: /x } } }`, 'sources.custom.Big_Name', 'a name of small letters'],
    [`custom: { pager: ${SECRET} }`, 'sources.custom.pager', 'a map'],
    [`custom: { pager: { tokens: [${SECRET}] } }`, 'sources.custom.pager.fields', 'where the fields of a signal are'],
    ['custom: { pager: { fields: { alert: no-pointer } } }', 'sources.custom.pager.fields.alert', 'a JSON pointer like /check/name, or { at, const, values, default }'],
    ['custom: { pager: { fields: { alert: /x, colour: /y } } }', 'sources.custom.pager.fields.colour', 'one of alert'],
  ])('{ %s } is refused at %s', (text, path, expected) => {
    const issues = issuesOf(`sources: { ${text} }`);
    expect(issues).toEqual(expect.arrayContaining([expect.objectContaining({ path, expected: expect.stringContaining(expected) })]));
    expect(JSON.stringify(issues)).not.toContain('hunter2');
  });

  it('are as the guide shows them', () => {
    const snippets = [...readFileSync(join('docs', 'guides', 'sources.md'), 'utf8').matchAll(/```yaml\n([\s\S]*?)```/g)].map((m) => m[1]!);
    expect(snippets.length).toBeGreaterThan(4);
    const [ofAlertmanager] = readFileSync(join('docs', 'guides', 'alertmanager.md'), 'utf8').split('## Alerts that never came')[1]!.match(/(?<=```yaml\n)[\s\S]*?(?=```)/)!;
    for (const snippet of [...snippets, ofAlertmanager!]) expect(issuesOf(snippet)).toEqual([]);
  });
});
