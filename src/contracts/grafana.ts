import { Type, type Static } from '@sinclair/typebox';
import { AlertmanagerWebhook } from './alertmanager.js';

/** What Grafana adds to an alert of AlertManager's shape. Links and values are of interest to people; all of it may be missing. */
export const GrafanaExtras = Type.Object({
  values: Type.Optional(Type.Unknown({ description: 'values of the expressions, by reference id' })),
  valueString: Type.Optional(Type.Unknown()),
  silenceURL: Type.Optional(Type.Unknown()),
  dashboardURL: Type.Optional(Type.Unknown()),
  panelURL: Type.Optional(Type.Unknown()),
  imageURL: Type.Optional(Type.Unknown()),
});
export type GrafanaExtras = Static<typeof GrafanaExtras>;

/** Grafana's unified alerting: AlertManager's envelope with version "1", an organisation, and a deprecated title, state and message. */
export const GrafanaWebhook = Type.Object(
  {
    ...AlertmanagerWebhook.properties,
    orgId: Type.Optional(Type.Unknown()),
    title: Type.Optional(Type.Unknown()),
    state: Type.Optional(Type.Unknown()),
    message: Type.Optional(Type.Unknown()),
  },
  { title: 'GrafanaWebhook', description: 'The body that Grafana posts to a webhook contact point (unified alerting).' },
);
export type GrafanaWebhook = Static<typeof GrafanaWebhook>;
