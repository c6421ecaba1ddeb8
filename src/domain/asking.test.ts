import { expect, it } from '@jest/globals';
import { nextStepOf } from './asking.js';

it.each([
  ['nothing is planned', {}, { reminders: 0 }, ['expire', 60]],
  ['a reminder is first', { remindAfterMs: [15, 45] }, { reminders: 0 }, ['remind', 15]],
  ['the escalation is next', { remindAfterMs: [15, 45], escalateAfterMs: 30 }, { reminders: 1 }, ['escalate', 30]],
  ['it was escalated', { remindAfterMs: [15, 45], escalateAfterMs: 30 }, { reminders: 1, isEscalated: true }, ['remind', 45]],
  ['all is sent', { remindAfterMs: [15], escalateAfterMs: 30 }, { reminders: 1, isEscalated: true }, ['expire', 60]],
  ['the rest is due at the end or later', { remindAfterMs: [60], escalateAfterMs: 90 }, { reminders: 0 }, ['expire', 60]],
])('what is due while a plan waits, when %s', (_what, plan, sofar, [kind, atMs]) => {
  expect(nextStepOf({ remindAfterMs: [], ...plan }, { askedAtMs: 0, expiresAtMs: 60, isEscalated: false, ...sofar })).toEqual({ kind, atMs });
});
