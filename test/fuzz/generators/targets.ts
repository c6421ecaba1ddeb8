import type { Operation, Surface } from '../protocol.js';
import type { Random } from '../random.js';
import { COMMON_NAMES, valueOf } from './schema.js';
import { anyText, letters, wellFormed } from './text.js';

export interface Endpoint {
  method: string;
  /** As OpenAPI writes it: `/api/v1/remediations/{id}`. */
  route: string;
  /** Undefined for hidden routes. */
  operation?: Operation;
  isPublic: boolean;
  isWebhook: boolean;
}

/** Everything the gateway answers to, by its own account. */
export function endpointsOf({ routes, openapi }: Surface): Endpoint[] {
  return routes.flatMap(({ methods, url, ...more }) => {
    const route = url.replace(/:(\w+)/g, '{$1}');
    return methods.map((method) => ({ method, route, operation: openapi.paths[route]?.[method.toLowerCase()], ...more }));
  });
}

/** What a parameter of the path usually is. */
function pathValue(name: string, route: string, { known }: Surface, random: Random): string {
  if (route.includes('/actions/')) return random.pick(['scale_deployment', 'restart_pod', 'drain_node', 'nothing_like_it']);
  if (name === 'fingerprint') return random.chance(0.5) ? random.pick(known.fingerprints) : `${random.pick(['feed', 'cafe'])}${String(random.int(400)).padStart(12, '0')}`;
  if (name === 'id') return random.weighted<() => string>([[6, () => random.pick(known.ids)], [2, () => random.pick(known.targets)], [1, () => random.pick(known.ids).slice(0, random.between(1, 8))]])();
  return letters(random, 6);
}

const fill = (route: string, valueFor: (name: string) => string): string => route.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(wellFormed(valueFor(name))));

/** The target of a request that is meant well. `source` = of a webhook: `custom/pager`. */
export function goodTarget({ route, operation }: Endpoint, surface: Surface, random: Random, source = ''): string {
  const [id = '', name = ''] = source.split('/');
  const path = fill(route, (parameter) => (parameter === 'source' ? id : parameter === 'name' ? name : pathValue(parameter, route, surface, random)) || 'x');
  const query = (operation?.parameters ?? []).filter((p) => p.in === 'query' && (p.required === true || random.chance(0.35)));
  return path + queryText(query.map((p) => [p.name, String(valueOf(p.schema, random, COMMON_NAMES, p.name))]));
}

const queryText = (pairs: readonly (readonly [string, string])[]): string =>
  pairs.length === 0 ? '' : `?${pairs.map(([k, v]) => `${encodeURIComponent(wellFormed(k))}=${encodeURIComponent(wellFormed(v))}`).join('&')}`;

/** The same route with anything where its parameters are; it may still be reached, or not. */
export function strangeTarget(endpoint: Endpoint, surface: Surface, random: Random): string {
  const good = goodTarget(endpoint, surface, random, random.pick(surface.sources));
  const [path = '/'] = good.split('?');
  return random.weighted<() => string>([
    [5, () => fill(endpoint.route, () => anyText(random).slice(0, 900) || 'x')],
    [5, () => path + queryText(strangeQuery(endpoint, random))],
    [2, () => path + queryText([...Array(random.pick([2, 50, 1200]))].map(() => ['namespace', 'shop'] as const))],
    [2, () => `${path}?${random.pick(['%', '%zz', '%00', '%ff%fe', 'a=%ud800', '&&&', '=', 'namespace[]=a&namespace[b]=c', '__proto__[x]=1', 'limit=1e3', 'limit=0x10', 'limit=', 'limit=1&limit=2', '#'.repeat(9)])}`],
    [2, () => path.replace(/[^/]+$/, () => random.pick(['%', '%zz', '%2e%2e', '%2e%2e%2f%2e%2e%2fetc', '%00', '%c0%ae', '%ed%a0%80', '%25%30%30', '%e2%80%ae', '..', '.', '']))],
    [1, () => random.pick(['/', '//', '///', '/..', '/%2e%2e/alerts', '/alerts/', '/ALERTS', '/alerts;x=y', '/api', '/api/v1', '/api/v2/remediations', '/.env', '/.git/config', '/favicon.ico', '/docs/../metrics', '/docs/%2e%2e%2fpackage.json', '/docs/nothing.js', '*', '/*', '/:id', '/health%20', '/a?b?c', '/@x', '/\\', `/${'a/'.repeat(400)}`, `/${'a'.repeat(9000)}`])],
    [1, () => `http://${random.pick(['127.0.0.1', 'evil.example.com', '[::1]', ''])}${path}`],
  ])();
}

function strangeQuery({ operation }: Endpoint, random: Random): (readonly [string, string])[] {
  const names = [...(operation?.parameters ?? []).filter((p) => p.in === 'query').map((p) => p.name), 'wait', anyText(random).slice(0, 50)];
  return Array.from({ length: random.between(1, 3) }, () => [random.pick(names), anyText(random).slice(0, 3000)] as const);
}

/** In a request line: no white space and no control character, one byte each. */
export const inLine = (target: string): string => wellFormed(target).replace(/[^\x21-\x7e]/g, (c) => encodeURIComponent(c));
