import { describe, expect, it } from '@jest/globals';
import { KILL_SWITCH, pauseOf } from './kill-switch.js';

const switchWith = (data?: Record<string, string>, metadata = {}) => ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: KILL_SWITCH.name, namespace: KILL_SWITCH.namespace, ...metadata }, ...(data ? { data } : {}) });

describe('the kill switch in the cluster', () => {
  it('is on by being there', () => {
    expect(pauseOf(switchWith())).toEqual({ by: 'ConfigMap kubernaut-system/kubernaut-pause', reason: 'no reason given' });
    expect(pauseOf(undefined)).toBeUndefined();
    expect(pauseOf(switchWith({}, { deletionTimestamp: '2026-03-01T12:00:00Z' }))).toBeUndefined();
  });

  it('says who, why, until when and for what', () => {
    expect(pauseOf(switchWith({ by: 'ann', reason: 'freeze', until: '2026-03-01T12:00:00Z', namespace: 'shop', action: 'drain_node' }))).toEqual({
      by: 'ann', reason: 'freeze', until: '2026-03-01T12:00:00.000Z', namespace: 'shop', action: 'drain_node',
    });
  });

  it('stays on when its end cannot be read', () => {
    expect(pauseOf(switchWith({ until: 'tomorrow' }))).not.toHaveProperty('until');
  });
});
