import { execFile } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { KubeConfig } from '@kubernetes/client-node';
import type { ExecuteContext } from '../src/actions/define.js';
import { drainNode } from '../src/actions/drain-node.js';
import { connectCluster, type ConnectedCluster } from '../src/adapters/kubernetes/connect-cluster.js';
import { ApiError, openConnection } from '../src/adapters/kubernetes/connection.js';
import type { Evidence } from '../src/domain/evidence.js';
import { podsIn } from './crowded-node.js';
import { kubeClientOf } from '../sandbox/simulator/kube-client.js';
import { inFlight } from './samples.js';

/** One way to empty a node. */
export interface Contender {
  name: string;
  /** Its requests in the audit log begin with this. */
  userAgent: string;
  prepare(where: Where): Promise<{ drain(): Promise<unknown>; close(): Promise<void> }>;
}

interface Where {
  kubeconfig: string;
  node: string;
  /** Where the node's pods are. */
  namespace: string;
}

const DEADLINE_MS = 600_000;

/** The action itself, planned before the clock runs, as after an approval. Without Temporal, whose part is one activity. */
export const ourDrain = (parallel: number): Contender => ({
  name: `drain_node, ${parallel} at once${parallel === 5 ? ' (default)' : ''}`,
  userAgent: 'kubernaut/',
  async prepare({ kubeconfig, node, namespace }) {
    const cluster = await connectCluster({ name: 'bench', kubeconfig, userAgentVersion: 'bench' });
    const plan = planOf(cluster, node, parallel);
    const context: ExecuteContext = {
      cluster, actionId: `bench/${namespace}/${parallel}`, signal: AbortSignal.timeout(DEADLINE_MS), heartbeat: () => undefined, lastHeartbeat: undefined, isDryRun: false,
    };
    return { drain: () => drainNode.execute!(plan.changes, context, plan.parameters as never), close: () => cluster.close() };
  },
});

function planOf(cluster: ConnectedCluster, node: string, parallel: number) {
  const object = cluster.world().get('Node', undefined, node)!;
  const now = new Date().toISOString();
  const evidence: Evidence = { takenAt: now, target: { cluster: 'bench', apiVersion: 'v1', kind: 'Node', name: node }, objects: [], events: [], logs: [], problems: [], history: [], similar: [], missing: [] };
  return drainNode.plan(object, { node, deadline: '10m' }, { world: cluster.world(), evidence, limits: { parallel }, now, action: { id: 'bench', hash: 'bench' } });
}

export const kubectlDrain = (path: string): Contender => ({
  name: 'kubectl drain',
  userAgent: 'kubectl',
  prepare: ({ kubeconfig, node }) =>
    Promise.resolve({
      drain: () => promisify(execFile)(path, ['--kubeconfig', kubeconfig, 'drain', node, '--ignore-daemonsets', `--timeout=${DEADLINE_MS / 1000}s`], { maxBuffer: 1 << 24 }),
      close: () => Promise.resolve(),
    }),
});

const BARE = 'bench-bare';
/** After a no the pod goes to the end of the queue, and the lane rests this long. */
const AGAIN_MS = 200;

/** No plan, no checks, no memory: as many POSTs in flight as the width, until every one was taken. */
export const bareLoop = (width: number): Contender => ({
  name: `bare eviction loop, ${width} in flight`,
  userAgent: BARE,
  async prepare({ kubeconfig, node, namespace }) {
    const config = new KubeConfig();
    config.loadFromFile(kubeconfig);
    const connection = openConnection(config, { userAgent: BARE });
    const kube = kubeClientOf(kubeconfig);
    const pods = (await podsIn(kube, namespace)).filter((p) => p.spec.nodeName === node);
    kube.close();
    const evict = async (name: string): Promise<boolean> => {
      const body = { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { namespace, name } };
      try {
        await connection.request({ verb: 'create', path: `/api/v1/namespaces/${namespace}/pods/${name}/eviction`, body });
        return true;
      } catch (error) {
        if (error instanceof ApiError && error.statusCode === 429) return false;
        throw error;
      }
    };
    return {
      async drain() {
        await connection.request({ verb: 'patch', path: `/api/v1/nodes/${node}`, body: { spec: { unschedulable: true } }, contentType: 'application/merge-patch+json' });
        const queue = pods.map((p) => p.metadata.name);
        await inFlight(width, Array.from({ length: width }, (_, lane) => lane), async () => {
          for (let name = queue.shift(); name !== undefined; name = queue.shift()) {
            if (await evict(name)) continue;
            queue.push(name);
            await sleep(AGAIN_MS);
          }
        });
      },
      close: () => Promise.resolve(connection.close()),
    };
  },
});
