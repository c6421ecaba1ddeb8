import type { Evidence } from '../domain/evidence.js';
import type { KubeObject, World } from '../domain/kube.js';
import type { Finding } from '../domain/plan.js';
import { defineAnalyzer } from './define.js';
import { configReferencesOf, describeMissing, missingReferenceOf, type MissingReference } from './reading/config-references.js';
import { describeTrouble } from './reading/container-trouble.js';
import { nameOf, targetOf } from './reading/proposals.js';
import { troublesOf, workloadsInScope } from './reading/scene.js';

/** Somebody removed or renamed configuration under a running workload: no earlier revision helps, a person must put it back. */
export const configMissing = defineAnalyzer({
  id: 'config_missing',
  summary: 'A ConfigMap, Secret or key that a workload needs is gone.',
  looksAt: ['pods', 'events', 'configmaps'],
  diagnose: (evidence, world) => workloadsInScope(evidence, world).flatMap((w) => findingOf(evidence, world, w)),
});

function findingOf(evidence: Evidence, world: World, workload: KubeObject): Finding[] {
  const troubles = troublesOf(world, workload, evidence).filter((t) => t.kind === 'config' || t.kind === 'mount');
  const trouble = troubles.find((t) => missingReferenceOf(t.message));
  if (!trouble) return [];
  const missing = named(missingReferenceOf(trouble.message)!, trouble.pod);
  const namespace = workload.metadata.namespace;
  const object = missing.name ? world.get(missing.kind, namespace, missing.name) : undefined;
  return [
    {
      analyzer: 'config_missing',
      cause: missing.key ? 'config_missing.key' : 'config_missing.object',
      summary: `${nameOf(workload)} needs ${describeMissing(missing)} in ${namespace}, which does not exist; a person must restore it`,
      target: object ? targetOf(object) : targetOf(workload),
      evidence: troubles.slice(0, 3).map(describeTrouble),
      confidence: 0.9,
      proposals: [],
      conclusion: 'needs_person',
      edit: editFor(missing, namespace, object),
    },
  ];
}

/** The mount message names only the key: the pod's own references tell whose it is. */
function named(missing: MissingReference, pod: KubeObject): MissingReference {
  if (missing.name) return missing;
  const reference = configReferencesOf(pod).find((r) => r.kind === missing.kind && r.key === missing.key);
  return { ...missing, ...(reference ? { name: reference.name } : {}) };
}

function editFor(missing: MissingReference, namespace: string | undefined, object: KubeObject | undefined): string {
  const kind = missing.kind.toLowerCase();
  const name = missing.name ?? 'NAME';
  if (!missing.key) {
    return missing.kind === 'Secret'
      ? `kubectl create secret generic ${name} -n ${namespace} --from-literal=KEY=VALUE`
      : `kubectl create configmap ${name} -n ${namespace} --from-literal=KEY=VALUE`;
  }
  const like = closest(missing.key, Object.keys(object?.data ?? {}));
  if (!like) return `kubectl edit ${kind} ${name} -n ${namespace}   # add the key ${missing.key}`;
  return `kubectl patch ${kind} ${name} -n ${namespace} --type=json -p '[{"op":"copy","from":"/data/${pointer(like)}","path":"/data/${pointer(missing.key)}"}]'`;
}

const pointer = (key: string): string => key.replaceAll('~', '~0').replaceAll('/', '~1');

/** The key that was most likely renamed: it shares the most words; the only key there is, failing that. */
function closest(key: string, keys: string[]): string | undefined {
  const words = (text: string) => new Set(text.toLowerCase().split(/[^a-z0-9]+/));
  const shared = (other: string) => [...words(other)].filter((w) => words(key).has(w)).length;
  const best = [...keys].sort((a, b) => shared(b) - shared(a))[0];
  return best && (shared(best) > 0 || keys.length === 1) ? best : undefined;
}
