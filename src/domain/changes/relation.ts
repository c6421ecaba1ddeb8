import type { ChangeRelation, RecordedChange } from '../evidence.js';
import { hostsOfTemplate } from '../hosts.js';
import { podsOf, selects, type KubeObject, type World } from '../kube.js';

type Named = RecordedChange['object'];

export interface Surroundings {
  /** How near an object is to the target; undefined: not related. */
  relationOf(o: Named): ChangeRelation | undefined;
}

const keyOf = (o: Named): string => `${o.kind}/${o.namespace ?? ''}/${o.name}`;
const named = (o: KubeObject): Named => ({ kind: o.kind, namespace: o.metadata.namespace, name: o.metadata.name });

const WORKLOADS = ['Deployment', 'StatefulSet', 'DaemonSet'];
const BOUNDS = ['ResourceQuota', 'LimitRange', 'StorageClass'];

/** The neighbourhood of a target: itself > its owner > configuration it reads > what is on its path > what it depends on > its nodes > bounds of its namespace. */
export function surroundingsOf(world: World, target: KubeObject, configuration: readonly Named[]): Surroundings {
  const near = new Map<string, ChangeRelation>();
  const add = (relation: ChangeRelation, objects: readonly Named[]) => {
    for (const o of objects) if (!near.has(keyOf(o))) near.set(keyOf(o), relation);
  };
  const top = world.topOwnerOf(target);
  const pods = podsOf(world, top);
  add('target', [named(target)]);
  add('owner', [named(top)]);
  add('config', configuration);
  add('path', onPath(world, top).map(named));
  add('path', mountedClaims(pods));
  const services = hostsOfTemplate(top, world).map((r): Named => ({ kind: 'Service', namespace: r.namespace, name: r.service }));
  add('dependency', services);
  add('dependency', services.flatMap((s) => behind(world, s)));
  add('node', pods.flatMap((p) => (p.spec?.nodeName ? [{ kind: 'Node', name: p.spec.nodeName as string }] : [])));
  const namespace = target.kind === 'Namespace' ? target.metadata.name : target.metadata.namespace;
  const others = new Set(services.map((s) => s.namespace));
  return {
    relationOf: (o) => near.get(keyOf(o)) ?? byKind(o, namespace, others),
  };
}

/** What is not selected now may have been, or is gone: of the same namespace it is near enough to be looked at. */
function byKind(o: Named, namespace: string | undefined, dependencies: ReadonlySet<string | undefined>): ChangeRelation | undefined {
  if (BOUNDS.includes(o.kind)) return o.namespace === undefined || o.namespace === namespace ? 'namespace' : undefined;
  if (o.kind === 'Service' || o.kind === 'NetworkPolicy') {
    if (o.namespace === namespace) return 'namespace';
    return dependencies.has(o.namespace) ? 'dependency' : undefined;
  }
  return undefined;
}

const SELECTED: Record<string, (o: KubeObject, labels: Record<string, string>) => boolean> = {
  Service: ({ spec }, labels) => Object.keys(spec?.selector ?? {}).length > 0 && selects({ matchLabels: spec.selector }, labels),
  NetworkPolicy: ({ spec }, labels) => selects(spec?.podSelector ?? {}, labels),
  PodDisruptionBudget: ({ spec }, labels) => selects(spec?.selector, labels),
};

function onPath(world: World, top: KubeObject): KubeObject[] {
  const { namespace, name, labels: own } = top.metadata;
  const labels: Record<string, string> = top.spec?.template?.metadata?.labels ?? own ?? {};
  const selecting = Object.entries(SELECTED).flatMap(([kind, isSelecting]) => world.list(kind, namespace).filter((o) => isSelecting(o, labels)));
  const scaling = world.list('HorizontalPodAutoscaler', namespace).filter(({ spec }) => spec?.scaleTargetRef?.kind === top.kind && spec.scaleTargetRef.name === name);
  return [...selecting, ...scaling];
}

const mountedClaims = (pods: readonly KubeObject[]): Named[] =>
  pods.flatMap((p) =>
    ((p.spec?.volumes ?? []) as { persistentVolumeClaim?: { claimName: string } }[]).flatMap((v) =>
      v.persistentVolumeClaim ? [{ kind: 'PersistentVolumeClaim', namespace: p.metadata.namespace, name: v.persistentVolumeClaim.claimName }] : [],
    ),
  );

/** Workloads that a Service selects, and policies over them. */
function behind(world: World, { namespace, name }: Named): Named[] {
  const selector = world.get('Service', namespace, name)?.spec?.selector as Record<string, string> | undefined;
  if (!selector || Object.keys(selector).length === 0) return [];
  const workloads = WORKLOADS.flatMap((kind) => world.list(kind, namespace)).filter((w) => selects({ matchLabels: selector }, w.spec?.template?.metadata?.labels));
  const policies = world.list('NetworkPolicy', namespace).filter((p) => workloads.some((w) => selects(p.spec?.podSelector ?? {}, w.spec?.template?.metadata?.labels)));
  return [...workloads, ...policies].map(named);
}
