import { describe, expect, it } from '@jest/globals';
import { remediationFor } from '../../../test/support/remediations.js';
import { logsPage } from './logs.js';

const evidence = {
  ref: 'sha256:e',
  takenAt: '2025-01-31T08:00:00.000Z',
  events: [
    { at: '2025-01-31T07:58:00.000Z', type: 'Normal', reason: 'Pulled', message: 'pulled', count: 1, object: { kind: 'Pod', namespace: 'shop', name: 'api-1' } },
    { at: '2025-01-31T07:59:00.000Z', type: 'Warning', reason: 'BackOff', message: 'Back-off \u001b[31mrestarting', count: 3, object: { kind: 'Pod', namespace: 'shop', name: 'api-1' } },
  ],
  logs: [{ pod: 'api-1', container: 'api', isPrevious: true, lines: ['panic: no config'] }],
  missing: [{ what: 'log of pod api-2', why: 'forbidden' }],
};

describe('the logs of a remediation', () => {
  it('are its timeline, then what was read, with nothing a terminal would obey', () => {
    expect(logsPage(remediationFor('r-1'), evidence)).toBe([
      '08:00:00.000  received           KubePodCrashLooping fired',
      '',
      'Warnings, read at 2025-01-31T08:00:00.000Z',
      '  07:59:00   pod/api-1   BackOff ×3   Back-off  [31mrestarting',
      '',
      'and 1 other events; all of them: -o yaml',
      '',
      'Log of pod api-1, container api, before its last restart',
      '  panic: no config',
      '',
      'Could not be read',
      '  log of pod api-2: forbidden',
    ].join('\n'));
  });

  it('are the timeline alone while nothing was read yet', () => {
    expect(logsPage(remediationFor('r-1'), undefined)).toMatch(/no evidence was kept$/);
  });
});
