import { describe, expect, it } from '@jest/globals';
import { invert } from '../../domain/change.js';
import type { KubeObject } from '../../domain/kube.js';
import { driftedPaths, stateOnServer } from './edit-state.js';

const live = (resources: unknown): KubeObject => ({ apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'x' }, spec: { resources, replicas: 2 } });

it.each([
  ['equal text', { limits: { memory: '1Gi' } }, { limits: { memory: '1Gi' } }, 'after'],
  ['the server’s spelling of memory', { limits: { memory: '1Gi' } }, { limits: { memory: '1024Mi' } }, 'after'],
  ['the server’s spelling of cpu', { requests: { cpu: '500m' } }, { requests: { cpu: '0.5' } }, 'after'],
  ['another amount', { limits: { memory: '2Gi' } }, { limits: { memory: '1Gi' } }, 'drifted'],
  ['the old amount', { limits: { memory: '256Mi' } }, { limits: { memory: '1Gi' } }, 'before'],
])('%s', (_name, now, after, state) => {
  expect(stateOnServer(live(now), [{ path: ['spec', 'resources'], before: { limits: { memory: '256Mi' } }, after }])).toBe(state);
  const [side, amounts] = Object.entries(after)[0]!;
  const [name, amount] = Object.entries(amounts as Record<string, string>)[0]!;
  const leaf = { path: ['spec', 'resources', side, name], before: '256Mi', after: amount };
  expect(stateOnServer(live(now), [leaf])).toBe(state);
});

it('compares anything but quantities as text', () => {
  expect(stateOnServer(live({}), [{ path: ['spec', 'replicas'], before: '2', after: 3 }])).toBe('drifted');
});

it('names what drifted, not what it is', () => {
  expect(driftedPaths(live({ a: 'secret' }), [{ path: ['spec', 'resources', 'a'], before: 'x', after: 'y' }])).toBe('spec.resources.a');
});

describe('an edit whose controller moves it on', () => {
  const edits = [
    { path: ['spec', 'target'], before: 'a', after: 'b' },
    { path: ['spec', 'phase'], before: 'healthy', after: 'switching', isTransient: true },
  ];
  const at = (target: string, phase: string): KubeObject => ({ apiVersion: 'x/v1', kind: 'Cluster', metadata: { name: 'x' }, spec: { target, phase } });

  it.each([
    ['before the write', 'a', 'healthy', 'before'],
    ['when it moved before the write', 'a', 'upgrading', 'drifted'],
    ['right after the write', 'b', 'switching', 'after'],
    ['when it moved on', 'b', 'healthy', 'after'],
    ['when somebody else wrote', 'c', 'healthy', 'drifted'],
  ])('%s', (_when, target, phase, state) => {
    expect(stateOnServer(at(target, phase), edits)).toBe(state);
  });

  it('is named when it drifted', () => {
    expect(driftedPaths(at('a', 'upgrading'), edits)).toBe('spec.phase');
  });

  it('stays one when it is turned round', () => {
    const inverse = invert({ op: 'edit', ref: { apiVersion: 'x/v1', kind: 'Cluster', name: 'x' }, uid: 'u', edits });
    expect(inverse).toMatchObject({ edits: [{ path: ['spec', 'phase'], before: 'switching', after: 'healthy', isTransient: true }, { before: 'b', after: 'a' }] });
  });
});
