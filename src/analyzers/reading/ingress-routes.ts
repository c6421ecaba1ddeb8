import type { KubeObject } from '../../domain/kube.js';

/** One Service that an Ingress leads to. */
export interface Backend {
  service: string;
  port: number | string;
  /** `shop.example.com/api`, or `everything else` for the default backend. */
  route: string;
  /** JSON pointer of the backend's `service` in the Ingress. */
  path: string;
}

interface ServiceBackend {
  service?: { name: string; port?: { number?: number; name?: string } };
}
interface Rule {
  host?: string;
  http?: { paths?: { path?: string; backend?: ServiceBackend }[] };
}

/** Backends that are Services; a resource backend is its controller's own. */
export function backendsOf({ spec }: KubeObject): Backend[] {
  const rules: Rule[] = spec?.rules ?? [];
  const ruled = rules.flatMap((rule, i) =>
    (rule.http?.paths ?? []).flatMap((p, j) => toBackend(p.backend, `${rule.host ?? '*'}${p.path ?? '/'}`, `/spec/rules/${i}/http/paths/${j}/backend/service`)),
  );
  return [...ruled, ...toBackend(spec?.defaultBackend, 'everything else', '/spec/defaultBackend/service')];
}

function toBackend(backend: ServiceBackend | undefined, route: string, path: string): Backend[] {
  const service = backend?.service;
  return service ? [{ service: service.name, port: service.port?.number ?? service.port?.name ?? 80, route, path }] : [];
}

export const isLedTo = (ingress: KubeObject, services: ReadonlySet<string>): boolean => backendsOf(ingress).some((b) => services.has(b.service)) || services.has(ingress.metadata.name);
