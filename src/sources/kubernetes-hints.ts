import type { TargetHint } from '../domain/signal.js';
import { BY_LABEL, hintFor, NAMESPACE, nameIn, valueOf, type Labels, type Row } from './object-labels.js';
import { nodeOf, whoseIs, type Whose } from './scraped-labels.js';

export { hintFor, KNOWN_KINDS } from './object-labels.js';

/** Rules over `kube_pod_owner` and its relatives name a workload by a pair of labels. */
const BY_PAIR = [['workload_type', 'workload'], ['owner_kind', 'owner_name'], ['created_by_kind', 'created_by_name'], ['scaletargetref_kind', 'scaletargetref_name']] as const;

/**
 * What the labels name, most specific first; who was scraped only when there is nothing else.
 *
 * Prometheus gives every series the namespace, pod, service and container of what it scrapes. Where a series has such a label
 * itself, `honor_labels` decides which of the two is called `exported_…`: then what is left unprefixed is who told.
 */
export function hintsOf(labels: Labels): TargetHint[] {
  const isRenamed = Object.hasOwn(labels, 'exported_namespace');
  const namespace = nameIn(labels, isRenamed ? 'exported_namespace' : 'namespace');
  const { own, doubtful, told } = readAll(labels, namespace);
  if (own.length > 0) return own;
  const whole = namespace === undefined ? [] : [{ kind: NAMESPACE.kind, apiVersion: NAMESPACE.apiVersion, name: namespace }];
  if (isRenamed) return [...doubtful, ...exportedJob(labels, namespace), ...whole];
  return told.length > 0 ? told : whole;
}

type Found = Record<Whose, TargetHint[]>;

function readAll(labels: Labels, namespace: string | undefined): Found {
  const found: Found = { own: [], doubtful: [], told: [] };
  for (const row of BY_LABEL) {
    const name = nameIn(labels, `exported_${row.label}`, row.label);
    if (name === undefined) continue;
    const whose = whoseIs(labels, row, name);
    const hint = hintOf(row, whose === 'told' ? nameIn(labels, 'namespace') : namespace, name);
    if (hint) found[whose].push(hint);
    if (hint && whose === 'told') found.own.push(...nodeOf(labels, hint));
  }
  if (found.own.every(({ kind }) => kind === 'Node' || kind === 'Service')) found.own.unshift(...pairs(labels, namespace));
  return found;
}

const hintOf = ({ kind, apiVersion, isClusterScoped }: Row, namespace: string | undefined, name: string): TargetHint | undefined =>
  isClusterScoped ? { kind, apiVersion, name } : namespace === undefined ? undefined : { kind, apiVersion, namespace, name };

function pairs(labels: Labels, namespace: string | undefined): TargetHint[] {
  return BY_PAIR.flatMap(([kind, name]) => hintFor({ kind: valueOf(labels, kind), namespace, name: valueOf(labels, name) }) ?? []);
}

/** A series' own `job`: of a batch job that pushed it, or of an old exporter. Only worth a look where its namespace is known, too. */
function exportedJob(labels: Labels, namespace: string | undefined): TargetHint[] {
  const name = nameIn(labels, 'exported_job');
  return ['Job', 'CronJob'].flatMap((kind) => hintFor({ kind, namespace, name }) ?? []);
}
