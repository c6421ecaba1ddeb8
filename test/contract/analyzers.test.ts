import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { actions } from '../../src/actions/index.js';
import { analyzers, diagnoseAll } from '../../src/analyzers/index.js';
import type { Evidence } from '../../src/domain/evidence.js';
import { worldOf } from '../../src/domain/kube.js';
import { container, deployment, evidenceOf, node, object, pod, problem, service, statefulSet } from '../support/kube-objects.js';

/** One small, very broken world, seen from each of its objects. */
function brokenWorld(): Evidence[] {
  const { deployment: d, sets } = deployment('api', [{ available: 1 }, { podSpec: { containers: [container({ command: ['nope'], resources: { limits: { memory: '64Mi' } } })], nodeSelector: { a: 'b' } } }]);
  const db = statefulSet('db', {}, { status: { updateRevision: 'db-2' } });
  const objects = [
    d, ...sets, db, service('api'), service('db', { selector: { app: 'nothing' } }), node('a', { ready: false }), node('b'), node('c'),
    pod(sets[1]!, { waiting: { reason: 'CrashLoopBackOff' }, restarts: 3, last: { reason: 'StartError', exitCode: 128 } }),
    pod(sets[1]!, { waiting: { reason: 'ImagePullBackOff', message: 'not found' } }),
    pod(sets[1]!, { restarts: 2, waiting: { reason: 'CrashLoopBackOff' }, last: { reason: 'OOMKilled', exitCode: 137 } }),
    pod(sets[1]!, { scheduled: { reason: 'Unschedulable', message: 'Insufficient cpu' } }),
    pod(db, { nodeName: 'a', labels: { 'controller-revision-hash': 'db-1' } }),
    object('autoscaling/v2', 'HorizontalPodAutoscaler', 'api', { spec: { maxReplicas: 2, scaleTargetRef: { kind: 'Deployment', name: 'api' } }, status: { conditions: [{ type: 'ScalingLimited', status: 'True', reason: 'TooManyReplicas' }, { type: 'ScalingActive', status: 'True' }] } }),
    object('v1', 'PersistentVolumeClaim', 'data', { spec: {}, status: { phase: 'Lost' } }),
    object('batch/v1', 'Job', 'j', { status: { conditions: [{ type: 'Failed', status: 'True' }] } }),
    object('v1', 'Namespace', 'shop', {}, { namespace: undefined }),
    object('v1', 'ConfigMap', 'bare', {}),
  ];
  return objects.map((o) => evidenceOf(o, [objects], { problems: [problem('KubePodNotReady')] }));
}

describe('every analyzer', () => {
  it('is registered, and its id is its file name', () => {
    const folder = new URL('../../src/analyzers/', import.meta.url);
    const defining = readdirSync(folder).filter((f) => f.endsWith('.ts') && !f.endsWith('.test.ts') && /= defineAnalyzer\(\{/.test(readFileSync(new URL(f, folder), 'utf8')));
    expect(defining.map((f) => f.replace(/\.ts$/, '').replaceAll('-', '_')).sort()).toEqual([...analyzers.ids].sort());
  });

  it.each(analyzers.members.map((m) => [m.id, m] as const))('%s says what it does and what it reads', (_id, member) => {
    expect(member.summary).toMatch(/^[A-Z].+\.$/);
    expect(member.looksAt.length).toBeGreaterThan(0);
  });

  it.each(analyzers.members.map((m) => [m.id, m] as const))('%s is pure: the same evidence gives the same findings and stays as it was', (_id, member) => {
    for (const evidence of brokenWorld()) {
      const before = JSON.stringify(evidence);
      const first = member.diagnose(evidence, worldOf(evidence.objects));
      expect(member.diagnose(evidence, worldOf(evidence.objects))).toEqual(first);
      expect(JSON.stringify(evidence)).toBe(before);
    }
  });

  it('takes half-empty objects, as young ones are', () => {
    for (const evidence of brokenWorld()) {
      const bare = evidence.objects.map(({ apiVersion, kind, metadata }) => ({ apiVersion, kind, metadata }));
      const object = bare.find((o) => o.metadata.uid === evidence.object!.metadata.uid)!;
      expect(() => diagnoseAll({ ...evidence, object, objects: bare })).not.toThrow();
    }
  });
});

describe('every finding', () => {
  const findings = brokenWorld().flatMap(diagnoseAll);

  it('there are many', () => expect(new Set(findings.map((f) => f.cause)).size).toBeGreaterThan(8));

  it('has a stable cause, evidence, and either proposals or a conclusion', () => {
    for (const f of findings) {
      expect(f.cause).toMatch(/^[a-z_]+(\.[a-z_]+)*$/);
      expect(f.summary).not.toBe('');
      expect(f.evidence.length).toBeGreaterThan(0);
      expect(f.confidence).toBeGreaterThan(0);
      expect(f.confidence).toBeLessThan(1);
      expect(f.proposals.length > 0).toBe(f.conclusion === undefined);
    }
  });

  it('proposes only what the catalogue has, with parameters that its schema takes, for the object that they name', async () => {
    const { Value } = await import('@sinclair/typebox/value');
    for (const p of findings.flatMap((f) => f.proposals)) {
      const action = actions.get(p.action);
      expect([p.action, [...Value.Errors(action.params, p.parameters)].map((e) => e.message)]).toEqual([p.action, []]);
      expect(action.targetOf(p.parameters as never)).toMatchObject({ kind: p.target.kind, name: p.target.name });
      expect(p.target.uid).toBeDefined();
    }
  });
});
