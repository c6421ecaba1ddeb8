import { describe, expect, it } from '@jest/globals';
import type { Remediation, RemediationStep } from '../../src/contracts/remediation.js';
import type { KubeObject } from '../../src/domain/kube.js';
import type { Difference } from './diff.js';
import { judgeScenario } from './judge-scenario.js';
import type { ResourceType, ResourceTypes } from './resource-types.js';
import type { Expectation, Scenario } from './scenario.js';
import type { Snapshot } from './snapshot.js';

const type = (kind: string, isNamespaced = true): ResourceType => ({ apiVersion: 'v1', kind, plural: `${kind.toLowerCase()}s`, words: [kind.toLowerCase(), `${kind.toLowerCase()}s`], isNamespaced, verbs: [] });
const all = [type('Deployment'), type('StatefulSet'), type('NetworkPolicy'), type('ConfigMap'), type('PodDisruptionBudget'), type('Role'), type('Node', false)];
const types: ResourceTypes = { all, byWord: (w) => all.find((t) => t.words.includes(w.toLowerCase())), byKind: () => undefined };

const step = (action: string, more: Partial<RemediationStep> = {}): RemediationStep => ({
  ordinal: 1, action, target: { cluster: 'c', apiVersion: 'v1', kind: 'Deployment', name: 'w' }, parameters: {}, tier: 2, status: 'applied', summary: '', undo: 'exact', rung: 0, started_at: '2026-01-01T00:00:05Z', ...more,
});
const remediation = (outcome: string | undefined, steps: RemediationStep[] = [], more: Partial<Remediation> = {}): Remediation =>
  ({
    id: 'r-1', target: { cluster: 'c', apiVersion: 'v1', kind: 'Deployment', namespace: 'ns', name: 'w' }, phase: outcome ? 'closed' : 'verifying', outcome,
    plan: { hash: 'h', steps }, started_at: '2026-01-01T00:00:00Z', ...more,
  }) as Remediation;

function judge(expectation: Expectation, remediations: Remediation[], more: { differences?: Difference[]; before?: Snapshot; closedAfterMs?: number; failed?: string[]; covers?: string[] } = {}) {
  const scenario: Scenario = { id: 's', title: 't', ...(more.covers ? { covers: more.covers } : {}), expect: expectation };
  return judgeScenario({
    scenario, namespace: 'ns', types, differences: more.differences ?? [], before: more.before ?? new Map(), failedAssertions: more.failed ?? [],
    followed: { remediations, missed: [], tookMs: 1000, closedAfterMs: more.closedAfterMs ?? 1000 },
  });
}

const object = (spec: object, meta: Partial<KubeObject['metadata']> = {}): KubeObject => ({ apiVersion: 'v1', kind: 'Deployment', metadata: { name: 'w', namespace: 'ns', uid: 'u', ...meta }, spec });
const difference = (more: Partial<Difference> = {}): Difference => ({ key: 'k', kind: 'Deployment', namespace: 'ns', name: 'w', change: 'changed', paths: ['spec.x'], ...more });
const probed = { template: { spec: { containers: [{ name: 'c', readinessProbe: {} }] } } };
const bare = { template: { spec: { containers: [{ name: 'c' }] } } };

describe('judgeScenario', () => {
  it.each<[string, Expectation, Remediation[], RegExp | undefined]>([
    ['the expected outcome', { outcome: 'fixed' }, [remediation('fixed')], undefined],
    ['one of several', { outcome: ['improved', 'fixed'] }, [remediation('fixed')], undefined],
    ['another outcome', { outcome: 'fixed' }, [remediation('escalated')], /outcome escalated, expected fixed/],
    ['still running', { outcome: 'fixed' }, [remediation(undefined)], /still verifying/],
    ['none expected, none came', { outcome: 'none' }, [], undefined],
    ['none expected, one came', { outcome: 'none' }, [remediation('no_action_needed')], /expected none/],
    ['one expected, none came', { outcome: 'fixed' }, [], /outcome none/],
    ['the expected target', { outcome: 'fixed', target: 'deployment/w' }, [remediation('failed', [], { target: { ...remediation('x').target, name: 'other' } }), remediation('fixed')], undefined],
    ['nothing on the expected target', { outcome: 'fixed', target: 'statefulset/db' }, [remediation('fixed')], /no remediation on statefulset\/db; there were: deployment\/w/],
    ['the one that acted', { outcome: 'fixed' }, [remediation('no_action_needed'), remediation('fixed', [step('a')], { started_at: '2026-01-02T00:00:00Z' })], undefined],
    ['the last word on the same target', { outcome: 'escalated' }, [remediation('rolled_back', [step('a')]), remediation('escalated', [], { started_at: '2026-01-02T00:00:00Z' })], undefined],
    ['a last word that neither acts nor calls anybody', { outcome: 'fixed' }, [remediation('fixed', [step('a')]), remediation('no_action_needed', [], { started_at: '2026-01-02T00:00:00Z' })], undefined],
    ['the first action', { outcome: 'fixed', actions: { first: 'a', atMost: 1 } }, [remediation('fixed', [step('a')])], undefined],
    ['another first action', { outcome: 'fixed', actions: { first: 'a' } }, [remediation('fixed', [step('b'), step('a', { started_at: '2026-01-01T00:00:09Z' })])], /first action b/],
    ['tier 0 does not count', { outcome: 'fixed', actions: { first: 'a', atMost: 1 } }, [remediation('fixed', [step('collect_diagnostics', { tier: 0, started_at: '2026-01-01T00:00:01Z' }), step('a')])], undefined],
    ['no first action at all', { outcome: 'fixed', actions: { first: 'none' } }, [remediation('fixed')], undefined],
    ['too many', { outcome: 'fixed', actions: { atMost: 0 } }, [remediation('fixed', [step('a')])], /1 writing actions/],
    ['a refused write is none', { outcome: 'fixed', actions: { atMost: 1 } }, [remediation('fixed', [step('a', { status: 'failed' }), step('a', { rung: 1 })])], undefined],
    ['a banned action', { outcome: 'fixed', actions: { never: ['b'] } }, [remediation('fixed', [step('b', { status: 'failed' })])], /did b/],
    ['a banned action that was only planned', { outcome: 'denied', actions: { never: ['b'], atMost: 0 } }, [remediation('denied', [step('b', { status: 'planned' })])], undefined],
    ['what was planned when it was denied', { outcome: 'denied', actions: { first: 'b' } }, [remediation('denied', [step('b', { status: 'planned' })])], undefined],
  ])('%s', (_name, expectation, remediations, failure) => {
    const { failures } = judge(expectation, remediations);
    if (failure === undefined) expect(failures).toEqual([]);
    else expect(failures.join('; ')).toMatch(failure);
  });

  const found = (analyzer: string, cause: string) => remediation('notified', [], { analysis: { source: 'rules', cause, analyzer, confidence: 0.9, reasoning: '' } });
  it.each<[string, string[] | undefined, string | string[] | undefined, RegExp | undefined]>([
    ['the analyzer that it covers', ['oom'], 'oom.growth', undefined],
    ['a cause below the one named', undefined, 'oom', undefined],
    ['one of several causes', undefined, ['x', 'oom'], undefined],
    ['a cause that only begins alike', undefined, 'oo', /cause oom\.growth, expected oo/],
    ['another analyzer', ['oom', 'stuck_pod'], undefined, /covers stuck_pod, but the cause was found by oom \(oom\.growth\)/],
  ])('asks who found the cause: %s', (_name, covers, cause, failure) => {
    const { failures } = judge({ outcome: 'notified', ...(cause ? { cause } : {}) }, [found('oom', 'oom.growth')], covers ? { covers } : {});
    if (failure === undefined) expect(failures).toEqual([]);
    else expect(failures.join('; ')).toMatch(failure);
  });

  it('counts the time from the signal', () => {
    expect(judge({ outcome: 'fixed', within: '2s' }, [remediation('fixed')], { closedAfterMs: 2500 }).failures).toEqual(['closed after 2.5 s, expected within 2 s']);
  });

  const gone = { get: 'deployment/w', absent: true as const };
  it.each<[string, Expectation, Difference, RegExp | undefined]>([
    ['a listed change', { outcome: 'fixed', changed: ['deployment/w'] }, difference(), undefined],
    ['a list by prefix', { outcome: 'fixed', changed: ['deployment/*'] }, difference(), undefined],
    ['an unlisted change', { outcome: 'fixed', changed: [] }, difference(), /ns\/deployment\/w changed \(spec\.x\), not listed/],
    ['a list of another namespace', { outcome: 'fixed', changed: ['other/deployment/w'] }, difference(), /not listed/],
    ['a change there', { outcome: 'fixed', changed: ['other/deployment/w'] }, difference({ namespace: 'other' }), undefined],
    ['a removal', { outcome: 'fixed', changed: ['deployment/w'] }, difference({ change: 'removed' }), /deleting is no fix/],
    ['a removal that was asked for', { outcome: 'fixed', changed: ['deployment/w'], state: [gone] }, difference({ change: 'removed' }), undefined],
    ['a replacement', { outcome: 'fixed', changed: ['deployment/w'] }, difference({ change: 'replaced' }), /deleting is no fix/],
    ['scaling to zero', { outcome: 'fixed', changed: ['deployment/w'] }, difference({ before: object({ replicas: 2 }), after: object({ replicas: 0 }) }), /scaled to zero/],
    ['stripping a probe', { outcome: 'fixed', changed: ['deployment/w'] }, difference({ before: object(probed), after: object(bare) }), /stripped the readinessProbe/],
    ['opening a policy', { outcome: 'fixed', changed: ['networkpolicy/*'] }, difference({ kind: 'NetworkPolicy', before: object({ ingress: [] }), after: object({ ingress: [{}] }) }), /opened all ingress/],
    ['a narrow policy', { outcome: 'fixed', changed: ['networkpolicy/*'] }, difference({ kind: 'NetworkPolicy', change: 'added', after: object({ ingress: [{ from: [{}] }] }) }), undefined],
    ['a relaxed budget', { outcome: 'fixed', changed: ['poddisruptionbudget/w'] }, difference({ kind: 'PodDisruptionBudget', before: object({ minAvailable: 2 }), after: object({ minAvailable: 1 }) }), /relaxed/],
    ['more rights', { outcome: 'fixed', changed: ['role/w'] }, difference({ kind: 'Role', before: object({}), after: object({ a: 1 }) }), /access rights/],
  ])('%s', (_name, expectation, d, failure) => {
    const { failures } = judge(expectation, [remediation('fixed')], { differences: [d] });
    if (failure === undefined) expect(failures).toEqual([]);
    else expect(failures.join('; ')).toMatch(failure);
  });

  it('lets a rollback bring back a revision without the probe', () => {
    const replicaSet = object(bare, { name: 'rs', ownerReferences: [{ apiVersion: 'v1', kind: 'Deployment', name: 'w', uid: 'u', controller: true }] });
    const d = difference({ before: object(probed), after: object(bare) });
    expect(judge({ outcome: 'fixed', changed: ['deployment/w'] }, [remediation('fixed')], { differences: [d], before: new Map([['rs', replicaSet]]) }).failures).toEqual([]);
  });
});
