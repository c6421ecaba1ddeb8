import { Type } from '@sinclair/typebox';
import { configReferencesOf } from '../../../analyzers/reading/config-references.js';
import { podSpecOf } from '../../../analyzers/reading/rollout.js';
import { isPodReady, podsOf, refOf, selects, type KubeObject, type World } from '../../../domain/kube.js';
import { describeTarget } from '../../../domain/target.js';
import { servicesNamedIn, textsOf } from '../../evidence/named-services.js';
import { ownersOf } from '../../evidence/relatives.js';
import { defineTool } from '../define.js';

const MOST = 30;
const CALLERS = ['Deployment', 'StatefulSet', 'DaemonSet', 'CronJob'];

export const dependencyMap = defineTool({
  id: 'dependency_map',
  summary: 'What the object depends on (Services and configuration its templates name, claims, nodes, owners) and what depends on it (Services in front of it, workloads that name those). With how each fares.',
  args: Type.Object({}, { additionalProperties: false }),
  run(_args, { world, object }) {
    const pods = podsOf(world, object);
    const dependsOn = [...calledBy(world, object), ...configurationOf(world, object), ...claimsOf(world, object, pods), ...nodesOf(world, pods), ...ownersOf(world, object).map((o) => ({ via: 'owner', ...stateOf(world, o) }))];
    const fronts = servicesOver(world, object);
    const dependents = [...fronts.map((s) => ({ via: 'selector', ...stateOf(world, s) })), ...callersOf(world, object, fronts)];
    const broken = dependsOn.filter((d) => 'state' in d && /missing|not ready|0 of/.test(d.state));
    return {
      found: `depends on ${dependsOn.length}${broken.length > 0 ? ` (in trouble: ${broken.slice(0, 3).map((d) => d.object).join(', ')})` : ''}, ${dependents.length} depend on it`,
      result: { depends_on: dependsOn.slice(0, MOST), depended_on_by: dependents.slice(0, MOST) },
      ...(Math.max(dependsOn.length, dependents.length) > MOST ? { truncated: `of ${dependsOn.length} and ${dependents.length} the first ${MOST}` } : {}),
    };
  },
});

interface Link {
  via: string;
  object: string;
  state: string;
}

const calledBy = (world: World, o: KubeObject): Link[] => servicesNamedIn(world, textsOf(o)).services.map((s) => ({ via: 'named in env, args or command', ...stateOf(world, s) }));

/** Whether a ConfigMap or Secret is there, never what is in it. */
function configurationOf(world: World, o: KubeObject): Link[] {
  const unique = new Map(configReferencesOf(o).map((r) => [`${r.kind}/${r.name}`, r]));
  return [...unique.values()].map(({ kind, name, isOptional, via }) => {
    const found = world.get(kind, o.metadata.namespace, name);
    return { via, object: describeTarget({ kind, namespace: o.metadata.namespace, name }), state: found ? 'there' : isOptional ? 'not there, optional' : 'missing' };
  });
}

function claimsOf(world: World, o: KubeObject, pods: readonly KubeObject[]): Link[] {
  const names = [o, ...pods].flatMap((p) => ((podSpecOf(p).volumes ?? []) as { persistentVolumeClaim?: { claimName: string } }[]).map((v) => v.persistentVolumeClaim?.claimName));
  return [...new Set(names)].flatMap((name) => {
    if (name === undefined) return [];
    const claim = world.get('PersistentVolumeClaim', o.metadata.namespace, name);
    return [{ via: 'volume', object: `claim ${name}`, state: claim ? String(claim.status?.phase ?? 'unknown') : 'missing' }];
  });
}

const nodesOf = (world: World, pods: readonly KubeObject[]): Link[] =>
  [...new Set(pods.map((p) => p.spec?.nodeName as string | undefined))].flatMap((name) => {
    const node = name === undefined ? undefined : world.get('Node', undefined, name);
    return node ? [{ via: 'runs on', ...stateOf(world, node) }] : [];
  });

const servicesOver = (world: World, o: KubeObject): KubeObject[] => {
  const labels = o.kind === 'Pod' ? o.metadata.labels : o.spec?.template?.metadata?.labels;
  return labels ? world.list('Service', o.metadata.namespace).filter((s) => Object.keys(s.spec?.selector ?? {}).length > 0 && selects({ matchLabels: s.spec.selector }, labels)) : [];
};

/** Workloads of the same namespace, and of others where they were read, whose templates name a Service in front of it. */
function callersOf(world: World, o: KubeObject, fronts: readonly KubeObject[]): Link[] {
  const wanted = new Set(o.kind === 'Service' ? [o] : fronts);
  if (wanted.size === 0) return [];
  const callers = CALLERS.flatMap((kind) => world.list(kind)).filter((w) => w !== o && servicesNamedIn(world, textsOf(w)).services.some((s) => wanted.has(s)));
  return callers.map((w) => ({ via: 'names its Service', ...stateOf(world, w) }));
}

function stateOf(world: World, o: KubeObject): { object: string; state: string } {
  return { object: describeTarget(refOf(o)), state: fareOf(world, o) };
}

function fareOf(world: World, o: KubeObject): string {
  if (o.kind === 'Service') {
    const chosen = Object.keys(o.spec?.selector ?? {}).length > 0 ? world.list('Pod', o.metadata.namespace).filter((p) => selects({ matchLabels: o.spec.selector }, p.metadata.labels)) : [];
    return `${chosen.filter(isPodReady).length} of ${chosen.length} pods ready`;
  }
  if (o.kind === 'Node') return (o.status?.conditions ?? []).some((c: { type: string; status: string }) => c.type === 'Ready' && c.status === 'True') ? 'ready' : 'not ready';
  const pods = podsOf(world, o);
  return pods.length > 0 ? `${pods.filter(isPodReady).length} of ${pods.length} pods ready` : 'no pods';
}
