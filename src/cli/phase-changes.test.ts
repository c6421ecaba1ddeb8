import { describe, expect, it } from '@jest/globals';
import { remediationFor } from '../../test/support/remediations.js';
import { phaseChanges } from './phase-changes.js';

const SINCE = '2025-01-31T09:00:00.000Z';

describe('watching all remediations', () => {
  it('tells what is open, then each change once, and no old story', () => {
    const changes = phaseChanges();
    const open = remediationFor('r-1', { phase: 'executing' });
    const old = remediationFor('r-2', { phase: 'closed', closed_at: '2025-01-31T08:30:00.000Z' });
    const verifying = { ...open, phase: 'verifying' as const };
    expect(changes([open, old], SINCE)).toEqual([open]);
    expect(changes([open, old], SINCE)).toEqual([]);
    expect(changes([verifying, old], SINCE)).toEqual([verifying]);
  });

  it('tells one that came and went between two looks', () => {
    const quick = remediationFor('r-3', { phase: 'closed', closed_at: '2025-01-31T09:00:01.000Z' });
    expect(phaseChanges()([quick], SINCE)).toEqual([quick]);
  });
});
