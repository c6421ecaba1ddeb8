import { describe, expect, it } from '@jest/globals';
import { apiserverFlags, controlPlanePaths, kcmFlags } from './control-plane-flags.js';

const paths = controlPlanePaths('/data');
const ports = { api: 1, etcdClient: 2, etcdPeer: 3 };

describe('the flags of the control plane', () => {
  it('listen on loopback only', () => {
    const addresses = [...apiserverFlags(paths, ports), ...kcmFlags(paths)].filter((flag) => /address=|etcd-servers=/.test(flag));
    expect(addresses.every((flag) => flag.includes('127.0.0.1') || flag.endsWith('=InternalIP'))).toBe(true);
  });

  it('judge requests by RBAC alone', () => {
    expect(apiserverFlags(paths, ports)).toContain('--authorization-mode=RBAC');
  });

  it('keep the audit log bounded', () => {
    expect(apiserverFlags(paths, ports)).toEqual(expect.arrayContaining(['--audit-log-maxsize=64', '--audit-log-maxbackup=2']));
  });

  it('write nothing outside the data folder', () => {
    const files = [...apiserverFlags(paths, ports), ...kcmFlags(paths)].filter((flag) => /=\//.test(flag));
    expect(files.every((flag) => flag.includes('=/data/'))).toBe(true);
  });
});
