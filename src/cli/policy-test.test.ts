import { describe, expect, it } from '@jest/globals';
import { DEFAULT_POLICY } from '../domain/policy.js';
import { testStep, viewFrom } from './policy-test.js';

const NOW = '2026-11-20T22:30:00.000Z';

describe('kubernaut policy test', () => {
  it('says every level that speaks about a step, the last one holding, with rules and windows', () => {
    const policy = {
      ...DEFAULT_POLICY, environments: { prod: { namespaces: ['shop'], autonomy: 'auto' as const } },
      rules: [{ name: 'by-day', when: 'now.getHours() > 20', effect: 'ask' as const }],
      windows: [{ name: 'weekend', kind: 'freeze' as const, schedule: '0 22 * * FRI', duration: '56h', environments: ['prod'] }],
    };
    expect(testStep(policy, viewFrom({ target: { kind: 'Pod', namespace: 'shop', name: 'api-1', labels: {} } }, NOW))).toMatchObject({
      step: 'restart_pod on pod shop/api-1 (prod)', levels: [{ from: 'autonomy', autonomy: 'approve' }, { from: 'environments.prod', autonomy: 'auto' }],
      rules: [{ name: 'by-day', effect: 'ask' }], window: { rule: 'weekend', effect: 'wait', until: '2026-11-23T06:00:00.000Z' },
    });
  });
});
