import type { KubeObject } from '../domain/kube.js';
import type { ActionFacts, Planned, Progress } from './define.js';
import { isSince, OURS } from './claim-snapshot.js';
import { textLimit } from './limits.js';
import { refuse } from './workload.js';

export const CNPG_API = 'postgresql.cnpg.io/v1';

type Method = 'barmanObjectStore' | 'volumeSnapshot' | 'plugin';

const nameOf = (cluster: KubeObject): string => `database ${cluster.metadata.namespace}/${cluster.metadata.name}`;

/** A base backup by the database's own operator: consistent, and where its owner configured it to go. */
export function planDatabaseBackup(cluster: KubeObject, facts: ActionFacts): Pick<Planned, 'changes' | 'summary'> {
  const at = nameOf(cluster);
  if (!facts.evidence.apis?.includes(`${CNPG_API}/Backup`)) refuse('Unsupported', `${at}: the cluster does not serve ${CNPG_API} Backup; install CloudNativePG, or snapshot its claims`);
  const method = methodOf(cluster, facts);
  const name = `kb-${facts.action.hash}`;
  const object: KubeObject = {
    apiVersion: CNPG_API,
    kind: 'Backup',
    metadata: { name, namespace: cluster.metadata.namespace, labels: { ...OURS } },
    spec: { cluster: { name: cluster.metadata.name }, method, ...(method === 'plugin' ? { pluginConfiguration: { name: pluginOf(cluster)! } } : {}) },
  };
  return { changes: [{ op: 'create', object }], summary: `back ${at} up as ${name} by ${method}, where its own configuration says` };
}

interface Plugin {
  name: string;
  enabled?: boolean;
}

/** The plugin that archives: the Barman Cloud one, or what the cluster marks as its archiver. */
const pluginOf = (cluster: KubeObject): string | undefined =>
  ((cluster.spec?.plugins ?? []) as (Plugin & { isWALArchiver?: boolean })[]).find((p) => p.enabled !== false && (p.isWALArchiver === true || p.name.startsWith('barman-cloud.')))?.name;

function configuredIn(cluster: KubeObject): Method[] {
  const { barmanObjectStore, volumeSnapshot } = cluster.spec?.backup ?? {};
  const all: [Method, unknown][] = [['plugin', pluginOf(cluster)], ['barmanObjectStore', barmanObjectStore], ['volumeSnapshot', volumeSnapshot]];
  return all.flatMap(([method, isThere]) => (isThere ? [method] : []));
}

/** What the cluster is configured for; the policy may choose among several, and nothing else. */
function methodOf(cluster: KubeObject, { limits }: ActionFacts): Method {
  const configured = configuredIn(cluster);
  const wanted = textLimit(limits, 'method');
  const method = wanted === undefined ? configured[0] : configured.find((m) => m === wanted);
  if (method) return method;
  const why = wanted === undefined ? 'its spec configures no backup' : `the policy asks for method ${wanted}, its spec configures ${configured.join(', ') || 'none'}`;
  return refuse('Unsupported', `${nameOf(cluster)}: ${why}; its owner must set spec.backup or spec.plugins first`);
}

export function backupProgress(backup: KubeObject | undefined, startedAt: string): Progress {
  if (!backup) return { state: 'waiting', detail: 'the backup is not seen' };
  const { phase, error, stoppedAt } = backup.status ?? {};
  if (phase === 'failed') return { state: 'failed', detail: `the operator says: ${String(error ?? 'no reason given').slice(0, 300)}` };
  if (phase !== 'completed') return { state: 'waiting', detail: `the backup is ${String(phase ?? 'not started')}` };
  if (!isSince(stoppedAt, startedAt)) return { state: 'failed', detail: `the backup is of ${String(stoppedAt)}, before this action` };
  return { state: 'reached', detail: `backup ${backup.metadata.name} was completed at ${String(stoppedAt)}` };
}
