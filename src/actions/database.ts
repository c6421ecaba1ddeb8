import { Type } from '@sinclair/typebox';
import type { KubeObject, ObjectRef, World } from '../domain/kube.js';
import { CNPG_CLUSTER, readCnpg } from './cnpg.js';
import type { DatabaseView } from './database-view.js';
import type { ActionFacts } from './define.js';
import { Name, Namespace } from './parameters.js';
import { readPatroni } from './patroni.js';
import { refuse } from './workload.js';

const Kind = Type.Union([Type.Literal('Cluster'), Type.Literal('StatefulSet')]);

/** A CloudNativePG `Cluster` (the default), or the StatefulSet that Patroni leads. */
export const DatabaseLocator = { namespace: Namespace, cluster: Name, kind: Type.Optional(Kind) };

export const databaseRef = ({ namespace, cluster, kind = 'Cluster' }: { namespace: string; cluster: string; kind?: 'Cluster' | 'StatefulSet' }): ObjectRef => ({
  apiVersion: kind === 'Cluster' ? 'postgresql.cnpg.io/v1' : 'apps/v1',
  kind,
  namespace,
  name: cluster,
});

export const locateDatabase = ({ kind, namespace = '', name }: ObjectRef): Record<string, string> => ({ namespace, cluster: name, kind });

/** A note about replication lag that is older than this is none, unless policy `lagMaxAge` says otherwise. */
export const LAG_MAX_AGE = '60s';

/** The database behind an object, or what makes it none that we can act on. */
export function readDatabase(object: KubeObject, world: World, when: { nowMs: number; lagMaxAgeMs: number }): DatabaseView | undefined {
  return object.kind === 'Cluster' ? readCnpg(object, world, when) : readPatroni(object, world);
}

export function databaseOf(object: KubeObject, { world, evidence, now }: ActionFacts, lagMaxAgeMs: number): DatabaseView {
  const at = `${object.kind.toLowerCase()} ${object.metadata.namespace}/${object.metadata.name}`;
  if (object.kind === 'Cluster' && !evidence.apis?.includes(CNPG_CLUSTER)) refuse('Unsupported', `${at}: CloudNativePG (${CNPG_CLUSTER}) is not installed here; use the operator that runs it`);
  return readDatabase(object, world, { nowMs: Date.parse(now), lagMaxAgeMs }) ?? refuse('Unsupported', `${at}: none of its pods carries Patroni's role label and status note; use the operator that runs it`);
}
