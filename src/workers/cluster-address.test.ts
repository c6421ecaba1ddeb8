import { describe, expect, it } from '@jest/globals';
import { clusterAddressOf } from './cluster-address.js';

const outside = { home: '/home/ann', isInPod: false };

describe('the address of the cluster', () => {
  it.each([
    ['a context alone is one of the usual kubeconfig', { context: 'prod' }, outside, { name: 'prod', kubeconfig: '/home/ann/.kube/config', context: 'prod' }],
    ['a kubeconfig alone means its current context', { kubeconfig: '/etc/kc' }, outside, { name: 'default', kubeconfig: '/etc/kc' }],
    ['both are taken as given, ~ is the home folder', { kubeconfig: '~/kc', context: 'a', cluster: 'b' }, outside, { name: 'b', kubeconfig: '/home/ann/kc', context: 'a' }],
    ['a pod uses its own service account', {}, { ...outside, isInPod: true }, { name: 'default', inCluster: true }],
    ['a pod that was given a kubeconfig uses that', { kubeconfig: '/etc/kc' }, { ...outside, isInPod: true }, { name: 'default', kubeconfig: '/etc/kc' }],
    ['nothing is guessed elsewhere', {}, outside, { name: 'default' }],
  ])('%s', (_what, kubernetes, place, expected) => {
    expect(clusterAddressOf({ kubernetes }, place)).toEqual(expected);
  });
});
