import { describe, expect, it } from '@jest/globals';
import { severityOf } from './signal.js';

describe('the severity of an alert', () => {
  it.each([['critical', 'critical'], ['PAGE', 'critical'], ['p2', 'high'], ['none', 'info'], ['whatever', 'warning'], ['', 'warning'], [undefined, 'warning']])('%s is %s', (word, severity) => {
    expect(severityOf(word)).toBe(severity);
  });

  // A fuzzer found these: one such label had the whole batch refused with 500, for as long as its sender tried.
  it.each(['constructor', '__proto__', 'hasOwnProperty', 'toString'])('is no member of every object: %s', (word) => {
    expect(severityOf(word)).toBe('warning');
  });
});
