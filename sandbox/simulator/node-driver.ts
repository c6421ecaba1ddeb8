import type { ClusterCache } from './cluster-cache.js';
import { KubeRequestError, tolerating, type KubeClient } from './kube-client.js';
import type { KubeNode } from './kube-types.js';
import { defaultNodes, isDown, isKubeletAlive, isSimulated, isStatusDue, nodeStatusOf } from './node-status.js';
import { objectPath } from './resource-paths.js';
import { taskPool } from './task-pool.js';

export interface NodeDriver {
  isAlive(name: string): boolean;
  stop(): void;
}

export interface NodeDriverDeps {
  client: KubeClient;
  cache: ClusterCache;
  kubeletPort: number;
  kubeletVersion: string;
  /** The kubelet of this node came or went. */
  onAliveChange(name: string): void;
  onError(error: unknown): void;
}

/** Well inside the short grace period the sandbox gives the node controller. */
const leaseEveryMs = 3000;
const leases = '/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases';

async function renewLease(client: KubeClient, node: KubeNode): Promise<void> {
  const { name, uid } = node.metadata;
  const spec = { holderIdentity: name, leaseDurationSeconds: 40, renewTime: new Date().toISOString().replace('Z', '000Z') };
  try {
    await client.request('merge', `${leases}/${name}`, { spec });
  } catch (error) {
    if (!(error instanceof KubeRequestError) || error.status !== 404) throw error;
    const ownerReferences = [{ apiVersion: 'v1', kind: 'Node', name, uid }];
    await tolerating([404, 409], client.request('POST', leases, { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata: { name, ownerReferences }, spec }));
  }
}

export async function createDefaultNodes(client: KubeClient): Promise<void> {
  for (const node of defaultNodes()) await tolerating([409], client.request('POST', '/api/v1/nodes', node));
}

/** Keeps simulated nodes alive: status when it changes, leases all the time, neither while `down`. */
export function nodeDriverOf({ client, cache, kubeletPort, kubeletVersion, onAliveChange, onError }: NodeDriverDeps): NodeDriver {
  const pool = taskPool(4, onError);
  const wasAlive = new Map<string, boolean>();
  const posting = new Set<string>();

  const post = (node: KubeNode): void => {
    const { name, uid } = node.metadata;
    const wanted = nodeStatusOf(node, { kubeletPort, kubeletVersion, now: Date.now() });
    if (posting.has(name) || !isStatusDue(node, wanted)) return;
    posting.add(name);
    pool.run(async () => {
      try {
        const written = await tolerating([404, 409], client.request<KubeNode>('strategic', `${objectPath('Node', undefined, name)}/status`, { metadata: { uid }, status: wanted }));
        if (written) cache.learn('Node', written);
      } finally {
        posting.delete(name);
      }
    });
  };

  const look = (node: KubeNode): void => {
    const { name } = node.metadata;
    const isAlive = isKubeletAlive(node);
    if (wasAlive.get(name) !== isAlive) {
      wasAlive.set(name, isAlive);
      onAliveChange(name);
      if (isAlive) pool.run(() => renewLease(client, node));
    }
    if (isAlive) post(node);
  };

  cache.on('Node', (change, node) => {
    if (change === 'delete') wasAlive.delete(node.metadata.name);
    else look(node);
  });
  for (const node of cache.list('Node')) look(node);
  const timer = setInterval(() => {
    for (const node of cache.list('Node')) {
      if (!isSimulated(node) || isDown(node)) continue;
      pool.run(() => renewLease(client, node));
      post(node);
    }
  }, leaseEveryMs).unref();

  return { isAlive: (name) => wasAlive.get(name) ?? isKubeletAlive(cache.get('Node', undefined, name)), stop: () => clearInterval(timer) };
}
