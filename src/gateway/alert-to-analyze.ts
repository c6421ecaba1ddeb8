import type { AnalyzeAlertBody } from '../contracts/analysis.js';
import { KubernautError } from '../domain/errors.js';
import { canonicalJson } from '../domain/sha256.js';
import type { Signal } from '../domain/signal.js';
import { isRejection, signalOfAlert } from '../sources/alert-signal.js';

const MOST_CONTEXT = 2000;

interface About {
  cluster: string;
  clusters: readonly string[];
  now: string;
}

/** What somebody asks about, read as a signal is. Throws InvalidParams, or NotAllowed for a cluster that is not served. */
export function alertToAnalyze({ alert, context = {} }: AnalyzeAlertBody, { cluster, clusters, now }: About): Signal {
  const labels = {
    ...named('alertname', alert.name), ...named('severity', alert.severity), ...named('namespace', alert.namespace), ...resourceLabel(alert.resource), ...alert.labels,
  };
  const annotations = { ...alert.annotations, ...said('cluster_info', context.cluster_info), ...said('historical_data', context.historical_data) };
  const signal = signalOfAlert({ status: 'firing', labels, annotations, startsAt: alert.startsAt ?? now }, 'analysis', { cluster, clusters: [cluster, ...clusters], receivedAt: now, settings: {} } as never);
  if (isRejection(signal)) throw new KubernautError(signal.isForeign ? 'NotAllowed' : 'InvalidParams', `the alert cannot be analyzed: ${signal.reason}`);
  if (signal.hints.length === 0) throw new KubernautError('InvalidParams', 'the alert names no object; give alert.namespace with alert.resource (deployment/api), or labels such as namespace and pod');
  if (!isNamedBy(signal, alert)) throw new KubernautError('InvalidParams', `alert.resource ${JSON.stringify(alert.resource).slice(0, 100)} names no kind that is known here; write kind/name, such as deployment/api, pod/api-1 or node/n1, or give the alert's own labels`);
  return signal;
}

/** A slip must not be answered with what is said of the whole namespace. Labels may say better what it is about. */
const isNamedBy = ({ hints }: Signal, { resource, labels = {} }: AnalyzeAlertBody['alert']): boolean =>
  resource === undefined || Object.entries(resourceLabel(resource)).every(([kind, name]) => Object.hasOwn(labels, kind) || hints.some((h) => h.name === name));

const named = (key: string, value: string | undefined): Record<string, string> => (value === undefined ? {} : { [key]: value });

/** `deployment/api`, or a bare name, which mostly is one. */
function resourceLabel(resource: string | undefined): Record<string, string> {
  if (resource === undefined) return {};
  const cut = resource.indexOf('/');
  if (cut < 0) return { deployment: resource };
  const kind = resource.slice(0, cut).toLowerCase();
  // the label "job" is the scrape job
  return { [kind === 'job' ? 'job_name' : kind]: resource.slice(cut + 1) };
}

/** For a model, inside the typed data block like every annotation. */
const said = (key: string, value: unknown): Record<string, string> =>
  value === undefined ? {} : { [key]: (typeof value === 'string' ? value : canonicalJson(value)).slice(0, MOST_CONTEXT) };
