import { Type } from '@sinclair/typebox';
import { GrafanaWebhook, type GrafanaExtras } from '../contracts/grafana.js';
import type { Signal } from '../domain/signal.js';
import { isRejection, signalOfAlert } from './alert-signal.js';
import { cleanMap } from './clean.js';
import { admitCredentials, verifyCredentials } from './credentials.js';
import { defineSource, type ParsedSignals } from './define.js';
import { groupOf } from './group.js';

/** Alerts about Grafana's own trouble with a rule: its query gave nothing, or failed. They carry the labels of the rule. */
const ABOUT_THE_RULE = new Set(['DatasourceNoData', 'DatasourceError']);

export const grafana = defineSource({
  id: 'grafana',
  summary: 'Grafana unified alerting, webhook contact point.',
  body: GrafanaWebhook,
  contentTypes: ['application/json'],
  sameStartAfterMs: 60_000,
  methods: ['POST', 'PUT'],
  credentials: ['bearer', 'hmac'],
  settings: Type.Object({
    noData: Type.Unsafe<'ignore' | 'take'>({
      type: 'string', enum: ['ignore', 'take'], default: 'ignore', examples: ['take'],
      description: 'alerts DatasourceNoData and DatasourceError, which say that Grafana could not evaluate a rule',
    }),
  }),
  admit: admitCredentials,
  verify: verifyCredentials,

  toSignals(body, context) {
    const parsed: Required<Pick<ParsedSignals, 'ignored'>> & ParsedSignals = { signals: [], rejected: [], ignored: [], truncated: body.truncatedAlerts ?? 0, group: groupOf(body) };
    for (const alert of body.alerts) {
      const signal = signalOfAlert(alert, 'grafana', context);
      if (isRejection(signal)) parsed.rejected.push(signal);
      else if (context.settings.noData !== 'take' && ABOUT_THE_RULE.has(signal.alert)) {
        parsed.ignored.push({ signal, reason: `${signal.alert} is about the rule in Grafana, not about the cluster (sources.grafana.noData)` });
      } else parsed.signals.push(withExtras(signal, alert as GrafanaExtras));
    }
    return parsed;
  },
});

/** Values and links as annotations: they help people and the model, and no rule reads them. Nothing the alert says itself is replaced. */
function withExtras(signal: Signal, { values, dashboardURL, panelURL, silenceURL }: GrafanaExtras): Signal {
  const extras = {
    grafana_values: values === null || typeof values !== 'object' ? undefined : JSON.stringify(values),
    grafana_dashboard: dashboardURL, grafana_panel: panelURL, grafana_silence: silenceURL,
  };
  const told = Object.entries(extras).filter(([key, value]) => typeof value === 'string' && value !== '' && value !== '{}' && !Object.hasOwn(signal.annotations, key)) as [string, string][];
  return told.length === 0 ? signal : { ...signal, annotations: cleanMap(Object.fromEntries([...Object.entries(signal.annotations), ...told])) };
}
