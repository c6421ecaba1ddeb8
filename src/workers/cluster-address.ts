import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import type { ClusterAddress } from '../adapters/kubernetes/load-config.js';
import type { Config } from '../config/schema.js';

/** Who reads is named without who writes. */
interface Readers {
  kubernetes: Omit<Config['kubernetes'], 'executor'>;
}

export const clusterNameOf = ({ kubernetes }: Readers): string => kubernetes.cluster ?? kubernetes.context ?? 'default';

/** As whom writes go, where the configuration says so; undefined: as who reads. */
export function executorAddressOf(config: Pick<Config, 'kubernetes'>, place: Place = {}): ClusterAddress | undefined {
  const { kubeconfig, context, tokenFile } = config.kubernetes.executor;
  if (kubeconfig === undefined && context === undefined && tokenFile === undefined) return undefined;
  const reader = { kubeconfig: config.kubernetes.kubeconfig, context: kubeconfig === undefined ? config.kubernetes.context : undefined };
  const own = { kubeconfig: kubeconfig ?? reader.kubeconfig, context: context ?? reader.context };
  const address = clusterAddressOf({ kubernetes: { ...config.kubernetes, ...own } }, place);
  return { ...address, name: clusterNameOf(config), ...(tokenFile === undefined ? {} : { tokenFile }) };
}

const USUAL_FILE = '.kube/config';

interface Place {
  home?: string;
  isInPod?: boolean;
}

/** Where every pod finds its own service account. */
const SERVICE_ACCOUNT = '/var/run/secrets/kubernetes.io/serviceaccount/token';

/**
 * Which cluster the configuration names: a kubeconfig; a context of the usual kubeconfig, as kubectl has it; in a pod without
 * either its own. Without any of them the address is empty and connecting says what to give.
 */
export function clusterAddressOf(config: Readers, { home = homedir(), isInPod = existsSync(SERVICE_ACCOUNT) }: Place = {}): ClusterAddress {
  const { kubeconfig, context } = config.kubernetes;
  const name = clusterNameOf(config);
  if (kubeconfig === undefined && context === undefined) return { name, ...(isInPod ? { inCluster: true } : {}) };
  const file = kubeconfig ?? `~/${USUAL_FILE}`;
  return { name, kubeconfig: file.startsWith('~/') ? join(home, file.slice(2)) : file, ...(context === undefined ? {} : { context }) };
}
