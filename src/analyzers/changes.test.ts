import { describe, expect, it } from '@jest/globals';
import type { Evidence, RecordedChange } from '../domain/evidence.js';
import { ago, container, deployment, evidenceOf, log, NS, pod, service, type Revision } from '../../test/support/kube-objects.js';
import { diagnoseAll } from './index.js';

const change = (kind: string, name: string, more: Partial<RecordedChange> = {}): RecordedChange => ({
  at: ago(200), object: { kind, namespace: NS, name }, what: 'key MODE written', path: 'data.MODE', by: 'kubectl-edit', source: 'configuration', relation: 'config', rank: 1, ...more,
});
const crash = { waiting: { reason: 'CrashLoopBackOff' }, restarts: 3, last: { reason: 'Error', exitCode: 1, finishedAt: ago(30) } };
const old: Revision[] = [{ ageS: 500_000 }];

function app(changes: RecordedChange[], more: { lines?: string[]; revisions?: Revision[]; completed?: boolean; ready?: boolean } = {}): Evidence {
  const { deployment: d, sets } = deployment('api', more.revisions ?? old, { completed: more.completed ?? true, ...(more.ready ? { status: { readyReplicas: 2, availableReplicas: 2 } } : {}) });
  const p = pod(sets.at(-1)!, more.ready ? { ready: true } : crash);
  return evidenceOf(d, [sets, p], { changes, logs: more.lines ? [log(p, more.lines)] : [] });
}
const findings = (evidence: Evidence) => diagnoseAll(evidence).filter((f) => f.analyzer === 'config_changed');

describe('what fails since its configuration was edited', () => {
  it('goes to a person with key, time and writer', () => {
    const [first] = findings(app([change('ConfigMap', 'cfg')], { lines: ['fatal: MODE is "x", want "prod"'] }));
    expect(first).toMatchObject({ cause: 'config_changed', conclusion: 'needs_person', confidence: 0.8, edit: expect.stringMatching(/^kubectl edit configmap cfg -n shop {3}# key MODE at /) });
    expect(first?.summary).toContain('key MODE, was edited by kubectl-edit');
    expect(first?.evidence[0]).toBe('ConfigMap shop/cfg: key MODE written 3 min before the first sign of trouble, by kubectl-edit');
  });

  it('less sure when only the time speaks', () => expect(findings(app([change('ConfigMap', 'cfg')]))[0]?.confidence).toBe(0.66));

  it.each([
    ['an edit of long ago', app([change('ConfigMap', 'cfg', { at: ago(90_000) })])],
    ['an edit after the trouble began', app([change('ConfigMap', 'cfg', { at: ago(0) })])],
    ['a ConfigMap that was just created', app([change('ConfigMap', 'cfg', { source: 'creation', what: 'created' })])],
    ['a rollout that came later', app([change('ConfigMap', 'cfg')], { revisions: [{ ageS: 9000, available: 1 }, { podSpec: { containers: [container({ image: 'shop/api:2' })] }, ageS: 60 }], completed: false })],
    ['a workload that is well', app([change('ConfigMap', 'cfg')], { ready: true })],
    ['another object', app([change('Service', 'api', { relation: 'path' })])],
  ])('%s is not it', (_what, evidence) => expect(findings(evidence)).toEqual([]));
});

describe('every finding', () => {
  it('cites the change that speaks for it', () => {
    const evidence = app([change('Deployment', 'api', { relation: 'target', source: 'snapshot', what: 'spec.replicas changed', path: 'spec.replicas', from: '3', to: '1' })]);
    expect(diagnoseAll(evidence)[0]?.evidence).toContain('Deployment shop/api: spec.replicas changed (spec.replicas: 3 → 1) 3 min before the first sign of trouble, by kubectl-edit');
  });

  const edited = (path: string, from: string | undefined, to: string | undefined): Evidence => {
    const { deployment: d, sets } = deployment('db', [{ available: 2 }], { completed: true, status: { readyReplicas: 2, availableReplicas: 2 } });
    const s = service('db', { selector: { app: 'nothing', 'app.kubernetes.io/name': 'x' } });
    return evidenceOf(s, [d, sets, pod(sets[0]!, { ready: true })], { changes: [change('Service', 'db', { relation: 'target', source: 'snapshot', what: `${path} changed`, path, from, to })] });
  };

  it('keeps an exact edit of its own', () => {
    expect(diagnoseAll(edited('spec.selector.app', '"db"', '"nothing"'))[0]?.edit).toMatch(/^kubectl patch service db -n shop --type=json/);
  });

  it.each([
    ['a value', 'spec.type', '"ClusterIP"', '"NodePort"', `kubectl patch service db -n shop --type=merge -p '{"spec":{"type":"ClusterIP"}}'`],
    ['a label with dots', 'spec.selector.app.kubernetes.io/name', '"db"', '"x"', `kubectl patch service db -n shop --type=merge -p '{"spec":{"selector":{"app.kubernetes.io/name":"db"}}}'`],
    ['something that was not there', 'spec.sessionAffinity', undefined, '"ClientIP"', `kubectl patch service db -n shop --type=merge -p '{"spec":{"sessionAffinity":null}}'`],
    ['an item of a list', 'spec.ports[web].targetPort', '8080', '9090', 'kubectl edit service db -n shop   # spec.ports[web].targetPort: 9090 → 8080'],
  ])('whose edit would only look gives %s back', async (_what, path, from, to, edit) => {
    const { withChanges } = await import('./reading/citations.js');
    const { worldOf } = await import('../domain/kube.js');
    const evidence = edited(path, from, to);
    const looking = { ...diagnoseAll(evidence)[0]!, edit: 'kubectl describe service db -n shop' };
    expect(withChanges([looking], evidence, worldOf(evidence.objects))[0]?.edit).toBe(edit);
  });

  it('of a workload only its template is taken back, through its own revisions', async () => {
    const { editBack } = await import('./reading/recent-change.js');
    const of = (path: string) => editBack(change('Deployment', 'api', { source: 'snapshot', path, from: '"a"', to: '"b"' }));
    expect(of('spec.template.spec.containers[app].image')).toBe('kubectl rollout undo deployment/api -n shop   # spec.template.spec.containers[app].image: "b" → "a"');
    expect(of('spec.replicas')).toBeUndefined();
  });

  it('a value that was cut or masked is never written back', async () => {
    const { editBack } = await import('./reading/recent-change.js');
    for (const from of ['"<redacted:abc>"', `"${'x'.repeat(20)}…`]) expect(editBack(change('Service', 'db', { source: 'snapshot', path: 'spec.a', from, to: '1' }))).toBeUndefined();
  });
});
