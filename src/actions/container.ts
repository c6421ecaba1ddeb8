import { podsOf, type KubeObject, type World } from '../domain/kube.js';
import { podSpecOf, refuse } from './workload.js';

export interface Resources {
  limits?: Record<string, string>;
  requests?: Record<string, string>;
  [key: string]: unknown;
}

export interface FoundContainer {
  spec: { name: string; resources?: Resources };
  /** From the root of the object: `spec.template.spec.containers.0`. */
  path: string[];
  /** What holds for its running pods: the template's, filled by the namespace's LimitRange where the template is silent. */
  effective: Resources;
}

/** A container of the template by name, init containers included. Refuses an unknown name, listing the known ones. */
export function findContainer(world: World, workload: KubeObject, name: string): FoundContainer {
  const spec = podSpecOf(workload);
  for (const list of ['containers', 'initContainers']) {
    const index = (spec?.[list] ?? []).findIndex((c: { name: string }) => c.name === name);
    if (index < 0) continue;
    const container: FoundContainer['spec'] = spec[list][index];
    return { spec: container, path: ['spec', 'template', 'spec', list, String(index)], effective: effectiveOf(world, workload, list, container) };
  }
  const known = (spec?.containers ?? []).map((c: { name: string }) => c.name).join(', ');
  return refuse('InvalidParams', `${workload.kind.toLowerCase()} ${workload.metadata.namespace}/${workload.metadata.name} has no container ${name}; it has ${known}`);
}

function effectiveOf(world: World, workload: KubeObject, list: string, { name, resources = {} }: FoundContainer['spec']): Resources {
  const running: { name: string; resources?: Resources }[] = podsOf(world, workload).flatMap((p) => p.spec?.[list] ?? []);
  const defaults = running.find((c) => c.name === name)?.resources ?? {};
  return {
    ...resources,
    limits: { ...defaults.limits, ...resources.limits },
    requests: { ...defaults.requests, ...resources.requests },
  };
}
