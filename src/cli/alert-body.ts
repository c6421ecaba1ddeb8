import { EXIT, Exit } from './exit.js';

export interface AlertmanagerBody {
  version?: string;
  alerts: unknown[];
  [key: string]: unknown;
}

/**
 * What people have at hand as an AlertManager v4 body: that body itself, one alert, or a list of alerts as AlertManager's
 * own API takes and gives them (no `status`; an end in the past means resolved). Missing times become now.
 */
export function alertBody(given: unknown, file: string, now: string): AlertmanagerBody {
  const alerts = Array.isArray(given) ? given : isObject(given) && Array.isArray(given.alerts) ? given.alerts : isObject(given) && isObject(given.labels) ? [given] : undefined;
  if (alerts === undefined || alerts.length === 0) {
    throw new Exit(EXIT.usage, `${file} holds no alert; give {"labels": {"alertname": "…", "namespace": "…", …}}, a list of those, or an AlertManager webhook body`);
  }
  const filled = alerts.map((alert) => (isObject(alert) ? withDefaults(alert, now) : alert));
  return isObject(given) && Array.isArray(given.alerts) ? { ...given, alerts: filled } : { version: '4', status: 'firing', receiver: 'kubernaut send', alerts: filled };
}

function withDefaults(alert: Record<string, unknown>, now: string): Record<string, unknown> {
  const { status: given, endsAt, startsAt } = alert;
  // AlertManager's API says {"state": "active"} where its webhook says "firing"
  const status = given === 'firing' || given === 'resolved' ? given : hasEnded(endsAt, now) ? 'resolved' : 'firing';
  return { ...alert, status, startsAt: startsAt ?? now };
}

/** The zero time is AlertManager's "not ended". */
const hasEnded = (endsAt: unknown, now: string): boolean => typeof endsAt === 'string' && !endsAt.startsWith('0001-') && Date.parse(endsAt) <= Date.parse(now);

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value);
