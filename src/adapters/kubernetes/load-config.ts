import { KubeConfig } from '@kubernetes/client-node';
import { KubernautError } from '../../domain/errors.js';

export interface ClusterAddress {
  /** What signals and targets call it. */
  name: string;
  /** Path of a kubeconfig. There is no default: a cluster nobody named is never touched. */
  kubeconfig?: string;
  /** Default: the file's current context. */
  context?: string;
  /** The pod's own service account. */
  inCluster?: boolean;
  /** A file with the token of another identity on the same cluster, read again when it is rotated. */
  tokenFile?: string;
}

/** Throws ConfigInvalid naming the cluster and what to write instead. */
export function loadKubeConfig(address: ClusterAddress): KubeConfig {
  const config = loaded(address);
  return address.tokenFile === undefined ? config : withToken(config, address.tokenFile);
}

function loaded({ name, kubeconfig, context, inCluster }: ClusterAddress): KubeConfig {
  const config = new KubeConfig();
  const invalid = (why: string, cause?: unknown) => new KubernautError('ConfigInvalid', `cluster ${name}: ${why}`, cause);
  if (Boolean(inCluster) === (kubeconfig !== undefined)) throw invalid('no cluster is named; set KUBE_CONTEXT (a context of ~/.kube/config) or --kubeconfig, or run in a pod with a service account');
  try {
    if (kubeconfig !== undefined) config.loadFromFile(kubeconfig);
    else config.loadFromCluster();
  } catch (error) {
    throw invalid(kubeconfig === undefined ? 'there is no service account here; give a kubeconfig' : `the kubeconfig ${kubeconfig} cannot be read; check the path`, error);
  }
  if (context !== undefined) {
    if (!config.getContextObject(context)) throw invalid(`the kubeconfig has no context ${context}; it has ${config.getContexts().map((c) => c.name).join(', ')}`);
    config.setCurrentContext(context);
  }
  if (!config.getCurrentCluster()?.server) throw invalid(`the context ${config.getCurrentContext() || '(none)'} names no server; set current-context or give one`);
  return config;
}

/** The same cluster as somebody else. */
function withToken(config: KubeConfig, tokenFile: string): KubeConfig {
  const cluster = config.getCurrentCluster()!;
  const user = { name: 'token-file', authProvider: { name: 'tokenFile', config: { tokenFile } } };
  const other = new KubeConfig();
  other.loadFromOptions({ clusters: [cluster], users: [user], contexts: [{ name: 'token-file', cluster: cluster.name, user: user.name }], currentContext: 'token-file' });
  return other;
}
