import { isPodReady, podsOf, selects, type KubeObject, type World } from '../domain/kube.js';
import { KubernautError, type ErrorCode } from '../domain/errors.js';

// eslint-disable-next-line @typescript-eslint/no-explicit-any -- a PodSpec is open-ended JSON here
export type PodSpec = any;

export const podSpecOf = (o: KubeObject): PodSpec => (o.kind === 'Pod' ? o.spec : o.spec?.template?.spec);

/** Says which object refuses and what to do instead. */
export function refuse(code: ErrorCode, message: string): never {
  throw new KubernautError(code, message);
}

/** What sets the replicas of this workload: its HorizontalPodAutoscaler, or KEDA's ScaledObject where that CRD was read. */
export function autoscalerOf(world: World, workload: KubeObject): KubeObject | undefined {
  const isMine = (o: KubeObject): boolean =>
    (o.spec?.scaleTargetRef?.kind ?? 'Deployment') === workload.kind && o.spec?.scaleTargetRef?.name === workload.metadata.name;
  const scalers = ['HorizontalPodAutoscaler', 'ScaledObject'].flatMap((kind) => world.list(kind, workload.metadata.namespace));
  return scalers.find(isMine);
}

/** PodDisruptionBudgets that select this workload's pods. */
export const budgetsOf = (world: World, workload: KubeObject): KubeObject[] =>
  world
    .list('PodDisruptionBudget', workload.metadata.namespace)
    .filter((b) => selects(b.spec?.selector, workload.kind === 'Pod' ? workload.metadata.labels : workload.spec?.template?.metadata?.labels));

export const readyPodsOf = (world: World, workload: KubeObject): KubeObject[] => podsOf(world, workload).filter(isPodReady);

export const TERMINAL_PHASES: readonly string[] = ['Succeeded', 'Failed'];

/** `25%` of `of`, or the number itself. */
export function countOf(value: number | string | undefined, of: number, round: (n: number) => number): number | undefined {
  if (value === undefined) return undefined;
  return typeof value === 'number' ? value : round((Number.parseFloat(value) / 100) * of);
}
