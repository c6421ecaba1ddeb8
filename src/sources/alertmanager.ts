import type { TObject } from '@sinclair/typebox';
import { AlertmanagerWebhook } from '../contracts/alertmanager.js';
import { isRejection, signalOfAlert } from './alert-signal.js';
import { AlertmanagerSettings } from './alertmanager-settings.js';
import { verifyBearer } from './bearer.js';
import { defineSource, type ParsedSignals } from './define.js';
import { groupOf } from './group.js';

export const alertmanager = defineSource({
  id: 'alertmanager',
  summary: 'Prometheus AlertManager, webhook version 4.',
  body: AlertmanagerWebhook,
  contentTypes: ['application/json'],
  sameStartAfterMs: 60_000,
  aliases: ['prometheus'],
  verifiesHeadersOnly: true,
  // For asking its API; what it sends is read without them.
  settings: AlertmanagerSettings as TObject,

  verify(_raw, headers, { tokens }) {
    verifyBearer(headers, tokens);
  },

  toSignals(body, context) {
    const parsed: ParsedSignals = { signals: [], rejected: [], truncated: body.truncatedAlerts ?? 0, group: groupOf(body) };
    for (const alert of body.alerts) {
      const signal = signalOfAlert(alert, 'alertmanager', context);
      if (isRejection(signal)) parsed.rejected.push(signal);
      else parsed.signals.push(signal);
    }
    return parsed;
  },
});
