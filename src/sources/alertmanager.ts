import { AlertmanagerWebhook } from '../contracts/alertmanager.js';
import { isRejection, signalOfAlert } from './alert-signal.js';
import { verifyBearer } from './bearer.js';
import { defineSource, type ParsedSignals } from './define.js';

export const alertmanager = defineSource({
  id: 'alertmanager',
  summary: 'Prometheus AlertManager, webhook version 4.',
  body: AlertmanagerWebhook,
  contentTypes: ['application/json'],
  aliases: ['prometheus'],
  verifiesHeadersOnly: true,

  verify(_raw, headers, { tokens }) {
    verifyBearer(headers, tokens);
  },

  toSignals(body, context) {
    const parsed: ParsedSignals = { signals: [], rejected: [], truncated: body.truncatedAlerts ?? 0 };
    for (const alert of body.alerts) {
      const signal = signalOfAlert(alert, 'alertmanager', context);
      if (isRejection(signal)) parsed.rejected.push(signal);
      else parsed.signals.push(signal);
    }
    return parsed;
  },
});
