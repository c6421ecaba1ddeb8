import { clusterCacheOf } from '../simulator/cluster-cache.js';
import { kubeClientOf } from '../simulator/kube-client.js';
import type { Kind } from '../simulator/kube-types.js';
import { loadScenarios, type LoadedScenario } from './load.js';
import { productAt, type Installation } from './product.js';
import { feedOf } from './remediation-feed.js';
import { messageOf, runScenario, type Result, type Theatre } from './run-scenario.js';
import { territoryOf } from './territory.js';
import { openWorkbench } from './workbench.js';

export interface RunOptions {
  /** Files or folders. */
  paths: readonly string[];
  only?: string;
  /** `configured` (default): as the installation runs. */
  model?: 'none' | 'scripted' | 'configured';
  run: Installation;
  /** How many scenarios play at once; files that reach beyond their namespace play alone at the end. Default 4. */
  concurrency?: number;
  onResult?: (result: Result) => void;
  /** Aborting ends every scenario and still cleans up. */
  signal?: AbortSignal;
}

/** What the ticker's rules and health read. */
const WATCHED: Kind[] = [
  'Pod', 'Node', 'Namespace', 'Deployment', 'ReplicaSet', 'StatefulSet', 'DaemonSet', 'Job',
  'HorizontalPodAutoscaler', 'PodDisruptionBudget', 'ResourceQuota', 'PersistentVolumeClaim', 'StorageClass',
];

/**
 * Runs scenarios against a running installation and its sandbox; results in the order of the files.
 * Throws ConfigInvalid or NotFound before anything was touched; a scenario that cannot be played is a result.
 */
export async function runScenarios(options: RunOptions): Promise<Result[]> {
  const scenarios = loadScenarios(options.paths, options.only);
  const client = kubeClientOf(options.run.kubeconfig);
  const view = clusterCacheOf(client);
  const product = productAt(options.run);
  const cleanings: Promise<void>[] = [];
  const feed = feedOf(product, new Date().toISOString());
  try {
    const bench = await openWorkbench(client);
    await view.watch(WATCHED);
    if (options.model !== undefined && options.model !== 'configured') await product.useModel(options.model);
    const theatre: Theatre = { bench, view, product, feed, signal: options.signal ?? new AbortController().signal, sweep: (c) => void cleanings.push(c) };
    const results = await playAll(scenarios, theatre, options);
    await sweepAll(cleanings);
    return results;
  } finally {
    feed.stop();
    await view.stop();
    client.close();
  }
}

async function sweepAll(cleanings: readonly Promise<void>[]): Promise<void> {
  const failed = (await Promise.allSettled(cleanings)).find((c) => c.status === 'rejected');
  if (failed) throw failed.reason;
}

async function playAll(scenarios: readonly LoadedScenario[], theatre: Theatre, { concurrency = 4, onResult, signal }: RunOptions): Promise<Result[]> {
  const results = new Map<LoadedScenario, Result>();
  const isAlone = (s: LoadedScenario): boolean => territoryOf(s, theatre.bench.types()).isAlone;
  const alone = scenarios.filter(isAlone);
  const inNamespace = new Map<string, Promise<void>>();
  const playOne = async (loaded: LoadedScenario): Promise<void> => {
    if (signal?.aborted) return;
    const result = await runScenario(loaded, theatre);
    results.set(loaded, result);
    onResult?.(result);
  };
  // Two files in one namespace wait for each other, whoever else plays.
  const playInTurn = (loaded: LoadedScenario): Promise<void> => {
    const turn = (inNamespace.get(loaded.namespace) ?? Promise.resolve()).then(() => playOne(loaded));
    inNamespace.set(loaded.namespace, turn);
    return turn;
  };
  const queue = scenarios.filter((s) => !alone.includes(s));
  const worker = async (): Promise<void> => {
    for (let next = queue.shift(); next; next = queue.shift()) await playInTurn(next);
  };
  await Promise.all(Array.from({ length: Math.max(1, concurrency) }, worker));
  for (const loaded of alone) await playOne(loaded);
  return scenarios.map((s) => results.get(s)).filter((r) => r !== undefined);
}

export { messageOf };
export type { Installation, Result };
