import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import type { ClusterAddress } from '../adapters/kubernetes/load-config.js';
import type { Config } from '../config/schema.js';

export const clusterNameOf = ({ kubernetes }: Pick<Config, 'kubernetes'>): string => kubernetes.cluster ?? kubernetes.context ?? 'default';

const USUAL_FILE = '.kube/config';
/** Where every pod finds its own service account. */
const SERVICE_ACCOUNT = '/var/run/secrets/kubernetes.io/serviceaccount/token';

/**
 * Which cluster the configuration names: a kubeconfig; a context of the usual kubeconfig, as kubectl has it; in a pod without
 * either its own. Without any of them the address is empty and connecting says what to give.
 */
export function clusterAddressOf(config: Pick<Config, 'kubernetes'>, { home = homedir(), isInPod = existsSync(SERVICE_ACCOUNT) } = {}): ClusterAddress {
  const { kubeconfig, context } = config.kubernetes;
  const name = clusterNameOf(config);
  if (kubeconfig === undefined && context === undefined) return { name, ...(isInPod ? { inCluster: true } : {}) };
  const file = kubeconfig ?? `~/${USUAL_FILE}`;
  return { name, kubeconfig: file.startsWith('~/') ? join(home, file.slice(2)) : file, ...(context === undefined ? {} : { context }) };
}
