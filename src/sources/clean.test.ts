import { describe, expect, it } from '@jest/globals';
import { cleanMap } from './clean.js';

describe('labels and annotations of an alert', () => {
  it('lose what a terminal would obey and what turns text around, and keep lines and tabs', () => {
    expect({ ...cleanMap({ alertname: '\u001b[31mEvil\u202egnp\u0007', note: 'one\n\ttwo \u009b0m', '\u001bc': 'x' }) }).toEqual({
      alertname: '\ufffd[31mEvil\ufffdgnp\ufffd', note: 'one\n\ttwo \ufffd0m', '\ufffdc': 'x',
    });
  });
});
