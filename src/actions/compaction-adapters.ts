import type { KubeObject } from '../domain/kube.js';
import { podSpecOf } from './workload.js';

/** One way to compact one product. The command is the owner's: their Job stands under `<id>.json` of the hook ConfigMap. */
export interface CompactionAdapter {
  id: string;
  /** For people: `defragment etcd`. */
  does: string;
  recognises(owner: KubeObject): boolean;
  /** `each`: one Job per member, one after the other. `once`: one Job, the product spreads it by itself. */
  runs: 'each' | 'once';
  /** Of several members one leads, and comes last: compacting it first could cost an election. */
  hasLeader: boolean;
  /** It writes a copy before it drops the old one: as much space as the data again. */
  copies: boolean;
  /** What the owner's command must say, and what it must not (forms that lock everybody out). */
  mustSay?: RegExp;
  mustNotSay?: RegExp;
}

interface Container {
  image?: string;
}

/** By the well-known name label, or by the image's own name, registry and tag aside. */
const isProduct =
  (names: readonly string[], kinds: readonly string[] = []) =>
  (owner: KubeObject): boolean => {
    const label = owner.metadata.labels?.['app.kubernetes.io/name'] ?? '';
    const images = ((podSpecOf(owner)?.containers ?? []) as Container[]).map(({ image = '' }) => image.split('/').at(-1)!.split(/[:@]/)[0]!);
    return kinds.includes(owner.kind) || [label, ...images].some((n) => names.includes(n));
  };

const isPostgres = isProduct(['postgres', 'postgresql', 'postgresql-repmgr', 'spilo', 'timescaledb', 'pgvector'], ['Cluster']);

export const COMPACTION_ADAPTERS: readonly CompactionAdapter[] = [
  {
    id: 'postgres-reindex-concurrently', does: 'rebuild the indexes of PostgreSQL beside the old ones', recognises: isPostgres,
    runs: 'once', hasLeader: true, copies: true, mustSay: /\bconcurrently\b/i, mustNotSay: /\bfull\b/i,
  },
  {
    id: 'postgres-vacuum-analyze', does: 'vacuum and analyze PostgreSQL', recognises: isPostgres,
    runs: 'once', hasLeader: true, copies: false, mustSay: /vacuum/i, mustNotSay: /\bfull\b|(?:^|\s)-[a-z]*f|\breindex|\bcluster\b/i,
  },
  { id: 'etcd-defragment', does: 'defragment etcd', recognises: isProduct(['etcd']), runs: 'each', hasLeader: true, copies: true, mustSay: /\bdefrag\b/, mustNotSay: /--cluster\b/ },
  {
    id: 'prometheus-clean-tombstones', does: 'clean the tombstones of Prometheus', recognises: isProduct(['prometheus']),
    runs: 'each', hasLeader: false, copies: true, mustSay: /clean_tombstones/,
  },
  { id: 'elasticsearch-force-merge', does: 'merge the segments of Elasticsearch', recognises: isProduct(['elasticsearch']), runs: 'once', hasLeader: false, copies: true, mustSay: /_forcemerge/ },
  { id: 'opensearch-force-merge', does: 'merge the segments of OpenSearch', recognises: isProduct(['opensearch']), runs: 'once', hasLeader: false, copies: true, mustSay: /_forcemerge/ },
];

export const adaptersFor = (owner: KubeObject): CompactionAdapter[] => COMPACTION_ADAPTERS.filter((a) => a.recognises(owner));

const LEADING = ['primary', 'master', 'leader'];
const ROLE_LABELS = ['cnpg.io/instanceRole', 'role', 'spilo-role', 'kubernaut.io/role'];

/** As operators label it (CloudNativePG, Patroni), or its owner (`kubernaut.io/role: leader`). */
export const isLeader = (pod: KubeObject): boolean => ROLE_LABELS.some((label) => LEADING.includes(pod.metadata.labels?.[label] ?? ''));
