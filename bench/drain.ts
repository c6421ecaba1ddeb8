import { mkdtempSync, rmSync } from 'node:fs';
import { cpus, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { startControlPlane, type ControlPlane } from '../sandbox/launch/control-plane.js';
import { ensureServer } from '../sandbox/launch/servers.js';
import { clusterCacheOf, type ClusterCache } from '../sandbox/simulator/cluster-cache.js';
import { kubeClientOf, type KubeClient } from '../sandbox/simulator/kube-client.js';
import { startSimulator } from '../sandbox/simulator/simulator.js';
import { auditSince } from './audit.js';
import { addPool, crowd, isReady, until, type Crowd } from './crowded-node.js';
import { bareLoop, kubectlDrain, ourDrain, type Contender } from './drainers.js';
import { percentile } from './samples.js';

const USAGE = `usage: npm run bench -- drain [--pods 200] [--apps 8] [--spare 2] [--rounds 3]
  --pods    on the node that is drained
  --apps    Deployments they belong to, each under a budget of its own
  --spare   pods of one Deployment that its budget lets be away at once
  --rounds  how often each contender drains such a node; the median is told`;

const POOL = 'crowd';
const NODES = ['big-1', 'big-2', 'big-3'] as const;
const [FROM, ...OTHERS] = NODES;

/** Every contender meets the same: a fresh namespace, all pods on the same node, the others empty. */
export async function bench(args: string[]): Promise<void> {
  const { values } = parseArgs({
    args,
    options: { pods: { type: 'string', default: '200' }, apps: { type: 'string', default: '8' }, spare: { type: 'string', default: '2' }, rounds: { type: 'string', default: '3' }, help: { type: 'boolean', default: false } },
  });
  if (values.help) return void console.log(USAGE);
  const [pods, apps, spare, rounds] = [values.pods, values.apps, values.spare, values.rounds].map(Number) as [number, number, number, number];
  const kubectl = await ensureServer('kubectl');
  const arena = await openArena();
  try {
    const contenders = [ourDrain(5), ourDrain(32), kubectlDrain(kubectl.path), bareLoop(32)];
    const runs: Run[] = [];
    for (let round = 0; round < rounds; round++) {
      for (const contender of contenders) {
        say(`round ${round + 1}: ${contender.name}`);
        const team = { namespace: `crowd-${runs.length}`, apps: Array.from({ length: apps }, (_, n) => `app-${n}`), replicas: Math.floor(pods / apps), spare };
        runs.push(await play(arena, contender, team));
      }
    }
    print({ pods: apps * Math.floor(pods / apps), apps, spare, rounds }, contenders, runs);
  } finally {
    await arena.close();
  }
}

const say = (text: string): void => console.error(`… ${text}`);

interface Arena {
  plane: ControlPlane;
  kube: KubeClient;
  /** The referee: sees every change of a pod, whoever drains. */
  seen: ClusterCache;
  close(): Promise<void>;
}

async function openArena(): Promise<Arena> {
  const dataDir = mkdtempSync(join(tmpdir(), 'kubernaut-bench-'));
  const plane = await startControlPlane({ dataDir, binary: (await ensureServer('control-plane')).path });
  const simulator = await startSimulator({ kubeconfig: plane.simulatorKubeconfig, certFile: join(plane.pkiDir, 'server.crt'), keyFile: join(plane.pkiDir, 'server.key') });
  const kube = kubeClientOf(plane.kubeconfig);
  const seen = clusterCacheOf(kube);
  await seen.watch(['Pod']);
  await addPool(kube, POOL, NODES);
  return {
    plane, kube, seen,
    async close() {
      await seen.stop();
      await simulator.stop();
      kube.close();
      await plane.stop();
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
}

interface Run {
  name: string;
  /** From the word go until the last of the node's pods was gone. */
  seconds: number;
  /** Until as many were Ready elsewhere, too. */
  replacedSeconds: number;
  requests: Record<string, number>;
  /** Ready pods that some Deployment lacked at the worst moment. */
  mostAway: number;
}

async function play({ plane, kube, seen }: Arena, contender: Contender, team: Crowd): Promise<Run> {
  await kube.request('POST', '/api/v1/namespaces', { apiVersion: 'v1', kind: 'Namespace', metadata: { name: team.namespace } });
  await until('its service account is there', () => kube.request('GET', `/api/v1/namespaces/${team.namespace}/serviceaccounts/default`).then(() => true, () => false));
  await crowd(kube, POOL, { node: FROM, others: OTHERS }, team);
  const drainer = await contender.prepare({ kubeconfig: plane.kubeconfig, node: FROM, namespace: team.namespace });
  const referee = refereeOf(seen, team);
  await sleep(1000);
  const since = Date.now();
  try {
    const gone = referee.start();
    await Promise.all([drainer.drain(), gone]);
    const seconds = await gone;
    const replacedSeconds = await referee.replaced();
    await sleep(1000); // the audit log is written in batches
    const entries = await auditSince(plane.auditLog, since, (e) => e.userAgent?.startsWith(contender.userAgent) === true && e.verb !== 'watch');
    const kinds = entries.map((e) => `${e.verb} ${e.objectRef?.resource ?? 'other'}${e.objectRef?.subresource ? `/${e.objectRef.subresource}` : ''}${(e.responseStatus?.code ?? 0) === 429 ? ' (429)' : ''}`);
    return { name: contender.name, seconds, replacedSeconds, requests: countOf(kinds), mostAway: referee.mostAway() };
  } finally {
    await drainer.close();
    await kube.request('DELETE', `/api/v1/namespaces/${team.namespace}`);
    await until('its pods are gone', () => Promise.resolve(seen.list('Pod', team.namespace).length === 0));
  }
}

const countOf = (names: readonly string[]): Record<string, number> => Object.fromEntries([...new Set(names)].sort().map((name) => [name, names.filter((n) => n === name).length]));

function refereeOf(seen: ClusterCache, { namespace, apps, replicas }: Crowd) {
  const left = new Set(seen.list('Pod', namespace).filter((p) => p.spec.nodeName === FROM).map((p) => p.metadata.uid));
  let from = 0;
  let goneAt: number | undefined;
  let replacedAt: number | undefined;
  let most = 0;
  const look = (): void => {
    const ready = seen.list('Pod', namespace).filter(isReady);
    for (const app of apps) most = Math.max(most, replicas - ready.filter((p) => p.metadata.labels?.app === app).length);
    if (left.size === 0) goneAt ??= performance.now();
    if (left.size === 0 && ready.length === apps.length * replicas) replacedAt ??= performance.now();
  };
  seen.on('Pod', (change, pod) => {
    if (pod.metadata.namespace !== namespace || from === 0 || replacedAt !== undefined) return;
    if (change === 'delete') left.delete(pod.metadata.uid);
    look();
  });
  const when = async (at: () => number | undefined): Promise<number> => {
    await until('the drain is over', () => Promise.resolve(at() !== undefined), 20);
    return (at()! - from) / 1000;
  };
  return {
    start: () => {
      from = performance.now();
      return when(() => goneAt);
    },
    replaced: () => when(() => replacedAt),
    mostAway: () => most,
  };
}

function print(shape: { pods: number; apps: number; spare: number; rounds: number }, contenders: readonly Contender[], runs: readonly Run[]): void {
  const rows = contenders.map(({ name }) => summaryOf(name, runs.filter((r) => r.name === name)));
  const [ours] = rows;
  console.log([
    `drain bench, ${new Date().toISOString().slice(0, 10)}, ${cpus().length} cores, Node ${process.version}, load average ${loadavg()[2]!.toFixed(1)}`,
    `one node with ${shape.pods} pods of ${shape.apps} Deployments, ${shape.spare} of each may be away; median of ${shape.rounds}`,
    '',
    `${''.padEnd(34)}node empty  replaced   ours, as ratio   requests per pod   most away at once`,
    ...rows.map((r) => `${r.name.padEnd(34)}${`${r.seconds.toFixed(1)} s`.padStart(10)}${`${r.replaced.toFixed(1)} s`.padStart(10)}${`${(ours!.seconds / r.seconds).toFixed(2)}×`.padStart(17)}${(r.requests / shape.pods).toFixed(3).padStart(19)}${String(r.mostAway).padStart(20)}`),
    '',
    'requests of the last round:',
    ...rows.map((r) => `  ${r.name}: ${Object.entries(r.kinds).map(([kind, n]) => `${kind} ${n}`).join(', ')}`),
  ].join('\n'));
}

function summaryOf(name: string, runs: readonly Run[]) {
  const total = (r: Run): number => Object.values(r.requests).reduce((sum, n) => sum + n, 0);
  return {
    name,
    seconds: percentile(runs.map((r) => r.seconds), 0.5),
    replaced: percentile(runs.map((r) => r.replacedSeconds), 0.5),
    requests: percentile(runs.map(total), 0.5),
    mostAway: Math.max(...runs.map((r) => r.mostAway)),
    kinds: runs.at(-1)!.requests,
  };
}
