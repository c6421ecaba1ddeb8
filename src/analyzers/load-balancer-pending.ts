import type { Evidence } from '../domain/evidence.js';
import type { KubeObject, World } from '../domain/kube.js';
import type { Finding } from '../domain/plan.js';
import { defineAnalyzer } from './define.js';
import { cut, eventsOf } from './reading/container-trouble.js';
import { forPerson, inKubectl, patchOf } from './reading/person.js';
import { nameOf, targetOf } from './reading/proposals.js';
import { secondsBetween } from './reading/scene.js';

/** Clouds take up to some minutes to hand out an address. */
const PATIENCE_S = 300;

/** A Service that waits for an address from outside: its cloud refuses, or there is none that would give one. */
export const loadBalancerPending = defineAnalyzer({
  id: 'load_balancer_pending',
  summary: 'A Service of type LoadBalancer gets no address.',
  looksAt: ['services', 'events'],
  diagnose: (evidence, world) => servicesMeant(evidence, world).filter(isWaiting).flatMap((s) => findingOf(s, evidence)),
});

/** The target, or what an alert names that was led on to the workload behind it. */
function servicesMeant({ object, problems }: Evidence, world: World): KubeObject[] {
  if (object?.kind === 'Service') return [object];
  const names = new Set(problems.filter((p) => p.status === 'firing').map((p) => p.labels['service']));
  return world.list('Service', object?.metadata.namespace ?? '').filter((s) => names.has(s.metadata.name));
}

function findingOf(service: KubeObject, { events, takenAt }: Evidence): Finding[] {
  const failed = eventsOf(service, events).filter((e) => e.type === 'Warning' && /LoadBalancer/.test(`${e.reason} ${e.message}`)).at(-1);
  const ageS = secondsBetween(service.metadata.creationTimestamp, takenAt);
  if (!failed && ageS < PATIENCE_S) return [];
  const told = failed ? refused(service, `${failed.reason}: ${failed.message}`) : alone(service);
  return [forPerson({ analyzer: 'load_balancer_pending', target: targetOf(service), ...told, summary: `${nameOf(service)} has no address after ${Math.round(ageS)} s: ${told.summary}` })];
}

const isWaiting = ({ spec, status }: KubeObject): boolean => spec?.type === 'LoadBalancer' && (status?.loadBalancer?.ingress ?? []).length === 0;

const refused = (service: KubeObject, why: string) => ({
  cause: 'load_balancer.refused',
  summary: 'its provider refuses',
  evidence: ['status.loadBalancer has no address', cut(why)],
  confidence: 0.9,
  edit: `kubectl describe ${inKubectl(service)}   # then quota, subnets or rights at the provider`,
});

const alone = (service: KubeObject) => ({
  cause: 'load_balancer.nobody_serves_it',
  summary: 'nothing in this cluster seems to hand out load balancers',
  evidence: ['status.loadBalancer has no address', 'no event of a load balancer controller'],
  confidence: 0.82,
  edit: `${patchOf(service, { spec: { type: 'NodePort' } })}   # or install a load balancer controller`,
});
