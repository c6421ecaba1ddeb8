import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { KubeConfig, KubernetesObjectApi, PatchStrategy, type KubernetesObject } from '@kubernetes/client-node';
import { parseAllDocuments } from 'yaml';
import { packageRoot } from '../../../sandbox/launch/package-root.js';
import type { Remediation } from '../../contracts/remediation.js';
import { formatDuration } from '../../domain/duration.js';
import type { Client } from '../client.js';
import { printable } from '../output.js';
import type { Progress } from './progress.js';

const NAMESPACE = 'shop';
const GIVE_UP_MS = 180_000;

export interface DemoOptions {
  kubeconfig: string;
  client: Client;
  progress: Progress;
  horizons: readonly string[];
  signal: AbortSignal;
}

/** A sample shop, one bad release, one incident from alert to proven fix, told as it happens. */
export async function runDemo(options: DemoOptions): Promise<void> {
  const { progress } = options;
  const api = apiOf(options.kubeconfig);
  progress.line('\nDemo: a sample shop gets a bad release (skip this with --no-demo)');
  await progress.step('shop is deployed', async () => {
    await applySample(api, 'shop.yaml');
    await untilHealthy(api, options.signal);
  }, () => `kubectl --kubeconfig ${options.kubeconfig} -n ${NAMESPACE} get pods`);
  await progress.step('bad release', () => applySample(api, 'bad-release.yaml'), () => 'deployment shop/api now starts a command that does not exist');
  progress.line('  … waiting for the alert to fire\n');
  const done = await follow(options);
  if (!done) return progress.line('  the demo took too long; look at it with: npx kubernaut list');
  const took = formatDuration(Date.parse(done.closed_at!) - Date.parse(done.started_at));
  progress.line(`\n  outcome: ${done.outcome} after ${took} (${printable(done.reason ?? '')})`);
  if (done.links.temporal) progress.line(`  Temporal Web UI: ${done.links.temporal}`);
}

const apiOf = (kubeconfig: string): KubernetesObjectApi => {
  const config = new KubeConfig();
  config.loadFromFile(kubeconfig);
  return KubernetesObjectApi.makeApiClient(config);
};

async function applySample(api: KubernetesObjectApi, file: string): Promise<void> {
  const text = readFileSync(join(packageRoot(), 'sandbox', 'samples', file), 'utf8');
  for (const document of parseAllDocuments(text)) {
    await api.patch(document.toJS() as KubernetesObject, undefined, undefined, 'kubectl', true, PatchStrategy.ServerSideApply);
  }
}

interface Workload {
  spec?: { replicas?: number };
  status?: { readyReplicas?: number; updatedReplicas?: number };
}

async function untilHealthy(api: KubernetesObjectApi, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    const lists = await Promise.all(['Deployment', 'StatefulSet'].map((kind) => api.list('apps/v1', kind, NAMESPACE)));
    const workloads = lists.flatMap((l) => l.items as Workload[]);
    const isUp = (w: Workload): boolean => (w.status?.readyReplicas ?? 0) >= (w.spec?.replicas ?? 1) && (w.status?.updatedReplicas ?? 0) >= (w.spec?.replicas ?? 1);
    if (workloads.length > 0 && workloads.every(isUp)) return;
    await sleep(300, undefined, { signal });
  }
}

/** Prints each line of the timeline as it appears; resolves with the closed remediation. */
async function follow({ client, progress, horizons, signal }: DemoOptions): Promise<Remediation | undefined> {
  const since = new Date().toISOString();
  const deadline = Date.now() + GIVE_UP_MS;
  let printed = 0;
  for (; Date.now() < deadline && !signal.aborted; await sleep(250, undefined, { signal })) {
    const live = await latest(client, since);
    if (!live) continue;
    if (printed === 0) progress.line(`  remediation ${live.id} of deployment ${NAMESPACE}/${live.target.name} (horizons shortened for the demo: ${horizons.join(', ')})`);
    for (const entry of live.timeline.slice(printed)) progress.line(lineOf(entry));
    printed = live.timeline.length;
    if (live.phase === 'closed') return live;
  }
  return undefined;
}

async function latest(client: Client, since: string): Promise<Remediation | undefined> {
  const { items } = await client.get<{ items: Remediation[] }>(`/api/v1/remediations?namespace=${NAMESPACE}&since=${since}&limit=1`);
  return items[0] && client.get<Remediation>(`/api/v1/remediations/${items[0].id}`);
}

const lineOf = (entry: Remediation['timeline'][number]): string => {
  const took = entry.durationMs === undefined ? '' : `  (${formatDuration(entry.durationMs)})`;
  return `    ${entry.at.slice(11, 23)}  ${entry.phase.padEnd(17)} ${printable(entry.text)}${took}`;
};
