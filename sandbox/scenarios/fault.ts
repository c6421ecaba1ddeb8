import { setTimeout as sleep } from 'node:timers/promises';
import { durationMs } from '../../src/domain/duration.js';
import type { ImageRows } from './images.js';
import { inOrder, parseManifests } from './manifests.js';
import type { KubeObject } from '../../src/domain/kube.js';
import type { ObjectName } from './object-name.js';
import type { FaultStep } from './scenario.js';
import type { Workbench } from './workbench.js';

export interface FaultContext {
  bench: Workbench;
  images: ImageRows;
  namespace: string;
  /** Before every write, so that what belongs to others can be put back afterwards. */
  remember(name: ObjectName, before: KubeObject | undefined): void;
  apply(object: KubeObject): Promise<void>;
  signal: AbortSignal;
}

/** Does one step of `fault` or `disturb`. Throws KubeRequestError as the API server puts it. */
export async function performStep(step: FaultStep, context: FaultContext): Promise<void> {
  if ('wait' in step) await sleep(durationMs(step.wait), undefined, { signal: context.signal });
  else if ('images' in step) await context.images.merge(step.images);
  else if ('apply' in step) {
    for (const object of inOrder(parseManifests(step.apply, 'apply'))) await context.apply(object);
  } else await changeOne(step, context);
}

type ChangeStep = Extract<FaultStep, { patch: unknown } | { delete: unknown } | { scale: unknown }>;

async function changeOne(step: ChangeStep, context: FaultContext): Promise<void> {
  const { bench } = context;
  const { target, namespace } = subjectOf(step);
  const name = bench.name(target, { file: context.namespace, ...(namespace === undefined ? {} : { explicit: namespace }) });
  context.remember(name, await bench.get(name));
  if ('delete' in step) return bench.remove(name);
  if ('scale' in step) return bench.patch(name, 'merge', { spec: { replicas: step.scale.replicas } }, 'scale');
  // Custom kinds know no strategic merge.
  const isBuiltIn = !name.type.apiVersion.split('/')[0]!.includes('.') || name.type.apiVersion.includes('.k8s.io/');
  return bench.patch(name, step.patch.type ?? (isBuiltIn ? 'strategic' : 'merge'), step.patch.body, step.patch.subresource);
}

function subjectOf(step: ChangeStep): { target: string; namespace?: string } {
  if ('patch' in step) return { target: step.patch.target, namespace: step.patch.namespace ?? step.namespace };
  if ('scale' in step) return { target: step.scale.target, namespace: step.scale.namespace ?? step.namespace };
  if (typeof step.delete === 'string') return { target: step.delete, namespace: step.namespace };
  return { target: step.delete.target, namespace: step.delete.namespace ?? step.namespace };
}
