import type { Evidence } from '../domain/evidence.js';
import { isPodReady, selects, type KubeObject, type World } from '../domain/kube.js';
import type { Finding } from '../domain/plan.js';
import { defineAnalyzer } from './define.js';
import { livePodsOf, workloadsInScope } from './reading/scene.js';
import { findingOfService } from './reading/service-findings.js';
import { meantBy, serviceState } from './reading/service-state.js';

/** The Service in front of the target does not lead to it: an edited selector or a wrong target port. */
export const serviceBroken = defineAnalyzer({
  id: 'service_broken',
  summary: 'A Service has no endpoints or a wrong target port while its pods are Ready.',
  looksAt: ['services', 'pods', 'deployments'],
  diagnose: (evidence, world) => servicesInScope(evidence, world).flatMap((s) => findingOf(s, evidence, world)),
});

function servicesInScope(evidence: Evidence, world: World): KubeObject[] {
  const target = evidence.object;
  if (target?.kind === 'Service') return [target];
  const workloads = workloadsInScope(evidence, world).filter((w) => ['Deployment', 'StatefulSet', 'DaemonSet'].includes(w.kind));
  return workloads.flatMap((w) =>
    world.list('Service', w.metadata.namespace).filter((s) => {
      const selector = s.spec?.selector;
      if (!selector || Object.keys(selector).length === 0) return false;
      return selects({ matchLabels: selector }, w.spec?.template?.metadata?.labels) || (isEmpty(s, world) && meantBy(s, workloadsOf(world, w), world) === w);
    }),
  );
}

const workloadsOf = (world: World, w: KubeObject): KubeObject[] =>
  ['Deployment', 'StatefulSet', 'DaemonSet'].flatMap((kind) => world.list(kind, w.metadata.namespace));

const isEmpty = (s: KubeObject, world: World): boolean =>
  !world.list('Pod', s.metadata.namespace).some((p) => selects({ matchLabels: s.spec.selector }, p.metadata.labels) && isPodReady(p));

function findingOf(service: KubeObject, evidence: Evidence, world: World): Finding[] {
  const state = serviceState(world, { service: service.metadata.name, namespace: service.metadata.namespace ?? '' });
  if (state.kind !== 'selector_mismatch' && state.kind !== 'target_port') return [];
  // other Services may well be empty on purpose; a workload whose pods are not even Ready has another story first
  const isTold = evidence.object?.kind === 'Service' || workloadsInScope(evidence, world).every((w) => livePodsOf(world, w).some(isPodReady));
  const told = findingOfService(state, world);
  if (!told || !isTold) return [];
  const isCertain = state.kind === 'selector_mismatch' ? state.meant !== undefined : state.isCertain;
  return [{ ...told, analyzer: 'service_broken', confidence: isCertain ? 0.93 : 0.8 }];
}
