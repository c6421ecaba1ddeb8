import { describe, expect, it } from '@jest/globals';
import type { KubernautError } from '../../src/domain/errors.js';
import { loadScenario, substitute } from './load.js';

const GOOD = `
id: W01-x
title: one
namespace: random
expect: { outcome: fixed }
`;

const errorsOf = (text: string): string[] => {
  try {
    loadScenario('a/b.yaml', text, 'r4nd0');
  } catch (error) {
    expect((error as KubernautError).message).toContain('a/b.yaml');
    return (error as KubernautError).details.errors as string[];
  }
  return [];
};

describe('loadScenario', () => {
  it('names the namespace after the file and the throw of the dice', () => {
    expect(loadScenario('f', GOOD, 'r4nd0').namespace).toBe('w01-x-r4nd0');
    expect(loadScenario('f', GOOD.replace('random', 'shop'), 'r4nd0').namespace).toBe('shop');
    expect(loadScenario('f', GOOD.replace('namespace: random\n', ''), 'r4nd0').namespace).toBe('w01-x-r4nd0');
    expect(loadScenario('f', GOOD.replace('random', 'shop-$RAND'), 'r4nd0').namespace).toBe('shop-r4nd0');
  });

  it('replaces $NS and $RAND wherever they stand', () => {
    const text = `${GOOD}fault: [{ apply: "x $NS" }]\nsignal: { alertmanager: [{ labels: { alertname: A, namespace: $NS, node: n-$RAND } }] }`;
    const { scenario } = loadScenario('f', text, 'r4nd0');
    expect(scenario.fault).toEqual([{ apply: 'x w01-x-r4nd0' }]);
    expect(scenario.signal!.alertmanager[0]!.labels).toEqual({ alertname: 'A', namespace: 'w01-x-r4nd0', node: 'n-r4nd0' });
  });

  it('leaves other dollars alone', () => {
    expect(substitute('$NS-data ${NS}x $NSX $RANDOM $HOME ${RAND}', { NS: 'a', RAND: 'b' })).toBe('a-data ax $NSX $RANDOM $HOME b');
  });

  it('accepts every documented form', () => {
    const text = `
id: A
title: all
namespace: random
images: [{ image: "shop/*", pull: ok, memory: 96Mi, cpu: 100m, command: [api], env: [A], envEquals: { M: prod }, files: [/x], fileContains: { /x: "listen:" }, listens: [80], paths: [/h], dependsOn: ["db.data:5432"], exit: { code: 1, log: l, after: 2s }, startup: 1s, logs: [l], load: { cpu: 2 }, access: ["get configmaps"] }]
before: "x"
fault:
  - patch: { target: deployment/worker, type: strategic, body: { spec: {} } }
  - patch: { target: deployment/worker, type: json, namespace: other, body: [{ op: remove, path: /a }] }
  - apply: "y"
  - delete: service/db
  - { delete: service/db, namespace: other }
  - delete: { target: service/db, namespace: other }
  - scale: { target: deployment/web, replicas: 0 }
  - wait: 5s
  - images: [{ image: a }]
signal: { alertmanager: [{ status: resolved, labels: { alertname: A }, annotations: { summary: s } }] }
resolve: { after: 10s }
policy: { autonomy: approve, approvalTimeout: 5s, namespaces: { other: { autonomy: observe } }, actions: { scale_deployment: { maxReplicas: 4 } } }
approve: reject
disturb: [{ patch: { target: deployment/worker, body: {} }, when: awaiting_approval }]
expect:
  outcome: [fixed, improved]
  target: deployment/worker
  actions: { first: rollback_deployment, atMost: 1, never: [increase_resources] }
  state: [{ get: deployment/worker, path: .spec.x, equals: [1] }, { get: node/n, absent: true }]
  changed: [deployment/worker, "other/configmap/*"]
  within: 1m30s
`;
    expect(errorsOf(text)).toEqual([]);
    for (const resolve of ['never', '"after: 10s"', '{ after: 1m30s }']) expect(errorsOf(`${GOOD}resolve: ${resolve}\n`)).toEqual([]);
  });

  it.each([
    ['an unknown key', `${GOOD}surprise: 1`, ['(top): unknown key "surprise"']],
    ['a misspelt expectation', GOOD.replace('outcome: fixed', 'outcome: fixed, chnged: []'), ['expect: unknown key "chnged"']],
    ['no id', GOOD.replace('id: W01-x\n', ''), ['(top): "id" is missing']],
    ['a wrong resolve', `${GOOD}resolve: soon`, ['resolve: got "soon"; expected never, or after: <duration>']],
    ['an unknown verb', `${GOOD}fault: [{ explode: 1 }]`, ['fault[0]: got {"explode":1}; a step is one of patch, apply, delete, scale, wait, images']],
    ['an unknown key of a step', `${GOOD}fault: [{ patch: { target: a/b, bdy: {} } }]`, ['fault[0].patch: "body" is missing', 'fault[0].patch: unknown key "bdy"']],
    ['a wrong duration', `${GOOD}fault: [{ wait: soon }]`, ['fault[0].wait: must match pattern "^(\\d+(\\.\\d+)?(ms|s|m|h))+$", got "soon"']],
    ['a disturbance without a phase', `${GOOD}disturb: [{ wait: 5s }]`, ['disturb[0]: "when" is missing']],
    ['an assertion that asserts nothing', GOOD.replace('outcome: fixed', 'outcome: fixed, state: [{ get: a/b, path: .x }]'), ['expect.state[0]: one of equals, notEquals, in, atLeast, exists, absent is missing']],
    ['an assertion without a path', GOOD.replace('outcome: fixed', 'outcome: fixed, state: [{ get: a/b, equals: 1 }]'), ['expect.state[0]: "path" is missing']],
    ['an alert without a name', `${GOOD}signal: { alertmanager: [{ labels: { a: b } }] }`, ['signal.alertmanager[0]: labels: "alertname" is missing']],
  ])('%s is named with its path', (_name, text, errors) => {
    expect(errorsOf(text)).toEqual(errors);
  });

  it('names an outcome that does not exist', () => {
    expect(errorsOf(GOOD.replace('outcome: fixed', 'outcome: mended')).join()).toContain('expect.outcome: got "mended"');
  });

  it('names the line of text that is no YAML', () => {
    expect(errorsOf('id: [')[0]).toContain('line 1');
  });
});
