import type { Evidence } from '../domain/evidence.js';
import { selects, type KubeObject, type World } from '../domain/kube.js';
import type { Finding } from '../domain/plan.js';
import { defineAnalyzer } from './define.js';
import { forPerson, inKubectl, patchOf } from './reading/person.js';
import { nameOf, targetOf } from './reading/proposals.js';
import { backendsOf, isLedTo, type Backend } from './reading/ingress-routes.js';
import { secondsBetween, workloadsInScope } from './reading/scene.js';

/** A controller takes an Ingress up within seconds. */
const UNCLAIMED_AFTER_S = 60;

/** Requests end before they reach a pod: the Ingress names a Service or a port that does not exist, or no controller feels meant. */
export const ingressBroken = defineAnalyzer({
  id: 'ingress_broken',
  summary: 'An Ingress leads to a Service or port that does not exist, or no controller serves it.',
  looksAt: ['ingresses', 'services', 'deployments', 'events'],
  diagnose: (evidence, world) => ingressesInScope(evidence, world).flatMap((i) => findingOf(i, evidence, world)),
});

function ingressesInScope(evidence: Evidence, world: World): KubeObject[] {
  const target = evidence.object;
  if (target?.kind === 'Ingress') return [target];
  const namespace = target?.kind === 'Namespace' ? target.metadata.name : target?.metadata.namespace;
  if (!target || namespace === undefined) return [];
  const all = world.list('Ingress', namespace);
  if (target.kind === 'Namespace') return all;
  const names = new Set(target.kind === 'Service' ? [target.metadata.name] : workloadsInScope(evidence, world).flatMap((w) => [w.metadata.name, ...servicesOf(w, world)]));
  return all.filter((i) => isLedTo(i, names));
}

const servicesOf = (workload: KubeObject, world: World): string[] =>
  world
    .list('Service', workload.metadata.namespace)
    .filter((s) => Object.keys(s.spec?.selector ?? {}).length > 0 && selects({ matchLabels: s.spec.selector }, workload.spec?.template?.metadata?.labels))
    .map((s) => s.metadata.name);

function findingOf(ingress: KubeObject, evidence: Evidence, world: World): Finding[] {
  // an application that is down itself has the better story; that its road is broken still says more than "healthy"
  const confidence = ['Ingress', 'Service', 'Namespace'].includes(evidence.object?.kind ?? '') ? 0.92 : 0.8;
  for (const backend of backendsOf(ingress)) {
    const service = world.get('Service', ingress.metadata.namespace, backend.service);
    if (!service) return [{ ...withoutService(ingress, backend, world), confidence }];
    if (!hasPort(service, backend)) return [{ ...wrongPort(ingress, backend, service), confidence }];
  }
  return unclaimed(ingress, evidence, confidence);
}

interface Port {
  name?: string;
  port: number;
}

const portsOf = ({ spec }: KubeObject): Port[] => spec?.ports ?? [];
const hasPort = (service: KubeObject, { port }: Backend): boolean => service.spec?.type === 'ExternalName' || portsOf(service).some((p) => p.port === port || p.name === port);

function withoutService(ingress: KubeObject, backend: Backend, world: World): Finding {
  const others = world.list('Service', ingress.metadata.namespace).map((s) => s.metadata.name);
  const meant = others.find((n) => n.startsWith(backend.service) || backend.service.startsWith(n)) ?? (others.length === 1 ? others[0] : undefined);
  return forPerson({
    analyzer: 'ingress_broken',
    cause: 'ingress.no_service',
    summary: `${nameOf(ingress)} leads ${backend.route} to service ${backend.service}, which does not exist`,
    target: targetOf(ingress),
    evidence: [`backend ${backend.service}:${backend.port}`, `services of ${ingress.metadata.namespace}: ${others.slice(0, 8).join(', ') || 'none'}`],
    confidence: 0.92,
    edit: meant ? patchOf(ingress, [{ op: 'replace', path: `${backend.path}/name`, value: meant }], 'json') : `kubectl edit ingress ${ingress.metadata.name} -n ${ingress.metadata.namespace}   # or restore the service ${backend.service}`,
  });
}

function wrongPort(ingress: KubeObject, backend: Backend, service: KubeObject): Finding {
  const ports = portsOf(service);
  const only = ports.length === 1 ? ports[0] : undefined;
  return forPerson({
    analyzer: 'ingress_broken',
    cause: 'ingress.wrong_port',
    summary: `${nameOf(ingress)} leads ${backend.route} to port ${backend.port} of ${nameOf(service)}, which has ${ports.map((p) => (p.name ? `${p.port} (${p.name})` : p.port)).join(', ')}`,
    target: targetOf(ingress),
    evidence: [`backend ${backend.service}:${backend.port}`, `ports of ${service.metadata.name}: ${ports.map((p) => p.port).join(', ')}`],
    confidence: 0.92,
    edit: only ? patchOf(ingress, [{ op: 'replace', path: `${backend.path}/port`, value: { number: only.port } }], 'json') : `kubectl edit ingress ${ingress.metadata.name} -n ${ingress.metadata.namespace}`,
  });
}

/** No class and no address: whether a default class exists may not be read, so this is said softly. */
function unclaimed(ingress: KubeObject, { takenAt }: Evidence, confidence: number): Finding[] {
  const hasClass = ingress.spec?.ingressClassName !== undefined || ingress.metadata.annotations?.['kubernetes.io/ingress.class'] !== undefined;
  const hasAddress = (ingress.status?.loadBalancer?.ingress ?? []).length > 0;
  if (hasAddress || hasClass || secondsBetween(ingress.metadata.creationTimestamp, takenAt) < UNCLAIMED_AFTER_S) return [];
  return [
    forPerson({
      analyzer: 'ingress_broken',
      cause: 'ingress.no_class',
      summary: `${nameOf(ingress)} names no class, and no controller has taken it up`,
      target: targetOf(ingress),
      evidence: ['spec.ingressClassName is not set', 'status.loadBalancer has no address'],
      confidence: confidence - 0.1,
      edit: `kubectl get ingressclass   # then: kubectl patch ${inKubectl(ingress)} --type=merge -p '{"spec":{"ingressClassName":"CLASS"}}'`,
    }),
  ];
}
