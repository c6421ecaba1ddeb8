import { actions, type Action } from '../../actions/index.js';
import { accessReviews } from '../../adapters/kubernetes/access-review.js';
import { openConnection } from '../../adapters/kubernetes/connection.js';
import { KINDS } from '../../adapters/kubernetes/kinds.js';
import { loadKubeConfig } from '../../adapters/kubernetes/load-config.js';
import { restOver, type Rest } from '../../adapters/kubernetes/rest.js';
import type { Cluster } from '../../domain/ports.js';
import { clusterAddressOf } from '../../workers/cluster-address.js';
import { failedCheck, type Check, type Ward } from './check.js';

type IsAllowed = Cluster['isAllowed'];

/** Reachable, readable, and for each action whether RBAC lets us do it. Nothing is written: the server is asked what it would allow. */
export async function checkKubernetes({ config }: Pick<Ward, 'config'>): Promise<Check[]> {
  const address = clusterAddressOf(config);
  if (address.kubeconfig === undefined && !address.inCluster) {
    return [{ check: 'cluster', state: 'off', detail: 'no cluster is named: `kubernaut up` starts a sandbox', next: 'KUBE_CONTEXT=… to use yours' }];
  }
  let connection: ReturnType<typeof openConnection> | undefined;
  try {
    connection = openConnection(loadKubeConfig(address), { userAgent: 'kubernaut-doctor' });
    const rest = restOver(connection);
    const server = await checkServer(rest, address.name, address.kubeconfig ?? 'the service account of this pod');
    const isAllowed = accessReviews(rest, () => performance.now());
    return [server, await checkReading(isAllowed), ...(await Promise.all(actions.members.map((a) => checkAction(a, isAllowed, config))))];
  } catch (error) {
    return [failedCheck('cluster', error, `kubectl${address.kubeconfig ? ` --kubeconfig ${address.kubeconfig}` : ''}${address.context ? ` --context ${address.context}` : ''} version`)];
  } finally {
    connection?.close();
  }
}

async function checkServer(rest: Rest, name: string, kubeconfig: string): Promise<Check> {
  const { gitVersion } = (await rest.send({ verb: 'get', path: '/version' }, { about: `cluster ${name}` })) as { gitVersion?: string };
  return { check: 'cluster', state: 'ok', detail: `${name}, Kubernetes ${gitVersion ?? 'of unknown version'}, ${kubeconfig}` };
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

async function checkAction(action: Action, isAllowed: IsAllowed, config: Ward['config']): Promise<Check> {
  const check = `action ${action.id}`;
  if (config.policy.actions[action.id]?.enabled === false) return { check, state: 'off', detail: 'disabled by the policy' };
  const questions = action.permissions.flatMap((p) =>
    p.verbs.map((verb) => ({
      isOptional: p.isOptional === true,
      text: `${verb} ${p.resource}${p.subresource ? `/${p.subresource}` : ''}`,
      ask: { verb, group: p.group, resource: p.resource, subresource: p.subresource },
    })),
  );
  const answers = await Promise.all(questions.map(async (q) => ({ ...q, isAllowed: await isAllowed(q.ask) })));
  const denied = answers.filter((a) => !a.isAllowed);
  if (denied.length === 0) return { check, state: 'ok', detail: questions.length === 0 ? 'needs no permission' : `may ${questions.map((q) => q.text).join(', ')}` };
  const needed = denied.filter((d) => !d.isOptional);
  const detail = needed.length > 0 ? `may not ${needed.map((d) => d.text).join(', ')}` : `works; a fallback may not ${denied.map((d) => d.text).join(', ')}`;
  return { check, state: 'warn', detail, next: `grant it, or switch it off: policy.actions.${action.id}.enabled: false` };
}
