import { actions } from '../../actions/index.js';
import { accessReviews } from '../../adapters/kubernetes/access-review.js';
import { openConnection } from '../../adapters/kubernetes/connection.js';
import { KINDS } from '../../adapters/kubernetes/kinds.js';
import { loadKubeConfig, type ClusterAddress } from '../../adapters/kubernetes/load-config.js';
import { restOver, type Rest } from '../../adapters/kubernetes/rest.js';
import type { Cluster } from '../../domain/ports.js';
import { clusterAddressOf, executorAddressOf } from '../../workers/cluster-address.js';
import { checkAction } from './action-permissions.js';
import { failedCheck, type Check, type Ward } from './check.js';

type IsAllowed = Cluster['isAllowed'];

/** Reachable, readable, and for each action whether RBAC lets us do it. Nothing is written: the server is asked what it would allow. */
export async function checkKubernetes({ config }: Pick<Ward, 'config'>): Promise<Check[]> {
  const address = clusterAddressOf(config);
  if (address.kubeconfig === undefined && !address.inCluster) {
    return [{ check: 'cluster', state: 'off', detail: 'no cluster is named: `kubernaut up` starts a sandbox', next: 'KUBE_CONTEXT=… to use yours' }];
  }
  const opened: ReturnType<typeof openConnection>[] = [];
  const restAs = (who: ClusterAddress): Rest => {
    opened.push(openConnection(loadKubeConfig(who), { userAgent: 'kubernaut-doctor' }));
    return restOver(opened.at(-1)!);
  };
  try {
    const rest = restAs(address);
    const server = await checkServer(rest, address.name, address.kubeconfig ?? 'the service account of this pod');
    const reader = accessReviews(rest, () => performance.now());
    const writer = executorAddressOf(config);
    const executor = writer ? accessReviews(restAs(writer), () => performance.now()) : reader;
    const asking = { reader, executor, namespaces: await namespacesOf(rest) };
    return [server, await checkReading(reader), ...(await Promise.all(actions.members.map((a) => checkAction(a, asking, config))))];
  } catch (error) {
    return [failedCheck('cluster', error, `kubectl${address.kubeconfig ? ` --kubeconfig ${address.kubeconfig}` : ''}${address.context ? ` --context ${address.context}` : ''} version`)];
  } finally {
    for (const connection of opened) connection.close();
  }
}

async function checkServer(rest: Rest, name: string, kubeconfig: string): Promise<Check> {
  const { gitVersion } = (await rest.send({ verb: 'get', path: '/version' }, { about: `cluster ${name}` })) as { gitVersion?: string };
  return { check: 'cluster', state: 'ok', detail: `${name}, Kubernetes ${gitVersion ?? 'of unknown version'}, ${kubeconfig}` };
}

const MOST_NAMESPACES = 50;

/** Where roles may be bound. Who may not list them is asked about the cluster as a whole only. */
async function namespacesOf(rest: Rest): Promise<string[]> {
  const list = (await rest.send({ verb: 'list', path: '/api/v1/namespaces', query: { limit: MOST_NAMESPACES } }, { about: 'namespaces' }).catch(() => ({}))) as { items?: { metadata: { name: string } }[] };
  return (list.items ?? []).map((n) => n.metadata.name);
}

const groupOf = (apiVersion: string): string => (apiVersion.includes('/') ? apiVersion.split('/')[0]! : '');

/** The watch cache lists and watches these, in the whole cluster; what it may not see it cannot reason about. */
async function checkReading(isAllowed: IsAllowed): Promise<Check> {
  const watched = KINDS.filter((k) => k.isCached);
  const denied: string[] = [];
  for (const kind of watched) {
    const answers = await Promise.all(['list', 'watch'].map((verb) => isAllowed({ verb, group: groupOf(kind.apiVersion), resource: kind.plural })));
    if (answers.includes(false)) denied.push(kind.plural);
  }
  if (denied.length === 0) return { check: 'reading', state: 'ok', detail: `may list and watch all ${watched.length} kinds` };
  const isBlind = denied.length === watched.length;
  return { check: 'reading', state: isBlind ? 'fail' : 'warn', detail: `may not list and watch ${denied.join(', ')}`, next: 'grant get, list, watch on them; diagnoses that need them are not made' };
}
