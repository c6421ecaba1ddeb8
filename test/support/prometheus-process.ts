import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, realpathSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { stringify } from 'yaml';
import { packageRoot } from '../../sandbox/launch/package-root.js';
import { freePort } from '../../sandbox/launch/ports.js';
import { startServer } from '../../sandbox/launch/server-process.js';
import { waitUntilReady } from '../../sandbox/launch/wait-until-ready.js';
import { ensureServer } from '../../scripts/servers.mjs';

export interface Scrape {
  job: string;
  /** Of the metrics, path included. */
  url: string;
  honorLabels: boolean;
  /** What service discovery would give: namespace, pod, service, container of the exporter. */
  labels: Record<string, string>;
  /** Which series this job is about, as a regular expression over their names. */
  keep: string;
}

export interface PrometheusOptions {
  folder: string;
  rules: string;
  scrapes: Scrape[];
  /** Base URL. */
  alertmanager: string;
  externalLabels?: Record<string, string>;
}

export interface PrometheusAlert {
  labels: Record<string, string>;
  annotations: Record<string, string>;
  state: 'pending' | 'firing';
  activeAt: string;
}

export interface Prometheus {
  url: string;
  /** What it holds for true right now. */
  alerts(): Promise<PrometheusAlert[]>;
  stop(): Promise<void>;
}

const configurationOf = ({ rules, scrapes, alertmanager, externalLabels = {} }: PrometheusOptions): string =>
  stringify({
    global: { scrape_interval: '1s', scrape_timeout: '1s', evaluation_interval: '1s', external_labels: externalLabels },
    rule_files: [resolve(rules)],
    alerting: { alertmanagers: [{ static_configs: [{ targets: [new URL(alertmanager).host] }] }] },
    scrape_configs: scrapes.map(({ job, url, honorLabels, labels, keep }) => ({
      job_name: job,
      honor_labels: honorLabels,
      metrics_path: new URL(url).pathname,
      static_configs: [{ targets: [new URL(url).host], labels }],
      metric_relabel_configs: [{ source_labels: ['__name__'], regex: keep, action: 'keep' }],
    })),
  });

/** A real Prometheus on loopback that looks every second and tells AlertManager every two. */
export async function startPrometheus(options: PrometheusOptions): Promise<Prometheus> {
  const { path: binary } = await ensureServer('prometheus');
  mkdirSync(options.folder, { recursive: true });
  const file = join(options.folder, 'prometheus.yml');
  writeFileSync(file, configurationOf(options));
  const port = await freePort();
  const url = `http://127.0.0.1:${String(port)}`;
  const flags = [`--config.file=${file}`, `--storage.tsdb.path=${join(options.folder, 'data')}`, '--storage.tsdb.retention.time=1h', `--web.listen-address=127.0.0.1:${String(port)}`, '--rules.alert.resend-delay=2s', '--log.level=warn'];
  const args = [join(packageRoot(), 'scripts', 'with-parent.mjs'), binary, ...flags];
  const server = await startServer({ name: 'prometheus', file: process.execPath, args, logFile: join(options.folder, 'prometheus.log') });
  try {
    await waitUntilReady(server, { probe: () => fetch(`${url}/-/ready`).then((r) => r.ok, () => false), timeoutMs: 30_000 });
  } catch (error) {
    await server.stop();
    throw error;
  }
  return {
    url,
    async alerts() {
      const { data } = (await (await fetch(`${url}/api/v1/alerts`)).json()) as { data: { alerts: PrometheusAlert[] } };
      return data.alerts;
    },
    stop: () => server.stop(),
  };
}

/** What promtool says of a rule file; undefined when it is not beside Prometheus. Throws what it complains about. */
export async function checkRules(rules: string): Promise<string | undefined> {
  const { path: binary } = await ensureServer('prometheus');
  const promtool = join(dirname(realpathSync(binary)), 'promtool');
  if (!existsSync(promtool)) return undefined;
  return (await promisify(execFile)(promtool, ['check', 'rules', rules])).stdout;
}
