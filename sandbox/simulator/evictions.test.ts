import { describe, expect, it } from '@jest/globals';
import { imageTableOf, parseImages } from '../images.js';
import { evictedStatus, evictionOf } from './evictions.js';
import type { KubeNode, Pod } from './kube-types.js';
import { newContainer, type ContainerMemory } from './memory.js';
import type { World } from './world.js';

const node = (annotations: Record<string, string>): KubeNode => ({ metadata: { name: 'n', uid: 'n', annotations } }) as unknown as KubeNode;
const worldWith = (annotations: Record<string, string> = {}): World =>
  ({ images: imageTableOf(parseImages('images: [{ image: big, disk: 2Gi }]')), get: () => node(annotations), list: () => [], isAllowed: () => true }) as unknown as World;
const podOf = (image: string, limit?: string): Pod =>
  ({ metadata: { name: 'p', namespace: 'ns', uid: 'p' }, spec: { nodeName: 'n', containers: [{ name: 'app', image, ...(limit ? { resources: { limits: { 'ephemeral-storage': limit } } } : {}) }] } }) as unknown as Pod;
const running: Record<string, ContainerMemory> = { app: { ...newContainer('big', 0), run: { id: 'x', startedMs: 1000, env: {}, frozen: {}, isReady: true, hasAnnouncedStart: true } } };
const pressure = { 'sandbox.kubernaut.io/pressure': 'disk' };

describe('evictions', () => {
  it.each<[string, Pod, Record<string, string>, RegExp | undefined]>([
    ['more than its own limit', podOf('big', '1Gi'), {}, /^Container app exceeded its local ephemeral storage limit "1Gi"/],
    ['within its own limit, whatever the node says', podOf('big', '4Gi'), pressure, undefined],
    ['no limit, and the node is short', podOf('big'), pressure, /^The node was low on resource: ephemeral-storage/],
    ['no limit, and room on the node', podOf('big'), {}, undefined],
    ['an image that writes nothing', podOf('small'), pressure, undefined],
  ])('%s', (_what, pod, annotations, message) => {
    const { message: said, atMs } = evictionOf(pod, running, worldWith(annotations));
    expect(Number.isFinite(atMs)).toBe(message !== undefined);
    if (message) expect(said).toMatch(message);
  });

  it('leaves the record that a kubelet leaves', () => {
    const status = evictedStatus(podOf('big'), { phase: 'Running', containerStatuses: [] }, 'low', 5000);
    expect(status).toMatchObject({ phase: 'Failed', reason: 'Evicted', message: 'low' });
    expect(status.conditions).toContainEqual(expect.objectContaining({ type: 'DisruptionTarget', status: 'True', reason: 'TerminationByKubelet' }));
  });
});
