import { describe, expect, it } from '@jest/globals';
import { clusterAddressOf, executorAddressOf } from './cluster-address.js';

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

describe('the address of who writes', () => {
  it.each([
    ['nobody else, where nothing is said', { context: 'prod' }, {}, outside, undefined],
    ['another kubeconfig, its current context', { kubeconfig: '/etc/kc', context: 'a', cluster: 'c' }, { kubeconfig: '/etc/executor' }, outside, { name: 'c', kubeconfig: '/etc/executor' }],
    ['another context of the same kubeconfig', { kubeconfig: '/etc/kc', context: 'a' }, { context: 'writer' }, outside, { name: 'a', kubeconfig: '/etc/kc', context: 'writer' }],
    ['another token for the same cluster', { kubeconfig: '/etc/kc' }, { tokenFile: '/t' }, outside, { name: 'default', kubeconfig: '/etc/kc', tokenFile: '/t' }],
    ['another token in a pod', {}, { tokenFile: '/t' }, { ...outside, isInPod: true }, { name: 'default', inCluster: true, tokenFile: '/t' }],
  ])('%s', (_what, kubernetes, executor, place, expected) => {
    expect(executorAddressOf({ kubernetes: { ...kubernetes, executor } }, place)).toEqual(expected);
  });
});
