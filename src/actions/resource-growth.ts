import { quantityOf } from '../domain/quantity.js';
import type { FoundContainer, Resources } from './container.js';
import { refuse } from './workload.js';

const MAX_FACTOR = 2;
const NAMES = ['cpu', 'memory'] as const;
type ResourceName = (typeof NAMES)[number];

export interface Growth {
  /** The whole new stanza of the container. */
  resources: Resources;
  /** What really grows; empty when it has all of it already. */
  raised: { name: ResourceName; from: string; to: string }[];
  /** `memory 512Mi` */
  text: string;
}

/** The stanza after raising one container. Pure arithmetic: whether there is room is judged elsewhere. */
export function grow(found: FoundContainer, wanted: { cpu?: string; memory?: string }, at: string): Growth {
  const resources: Resources = structuredClone(found.spec.resources ?? {});
  const raised: Growth['raised'] = [];
  for (const name of NAMES) {
    if (wanted[name] === undefined) continue;
    const to = canonicalQuantity(wanted[name]);
    const current = currentOf(found, name);
    if (!current) return refuse('PreconditionChanged', `${at}: container ${found.spec.name} has no ${name} limit to raise; choose another action`);
    if (quantityOf(to) === quantityOf(current.value)) continue;
    checkStep(name, current.value, to, at);
    const sides = current.side === 'limits' && requestFollows(found, name) ? (['limits', 'requests'] as const) : [current.side];
    for (const side of sides) resources[side] = { ...resources[side], [name]: to };
    checkRequest(found, resources, name, at);
    raised.push({ name, from: current.value, to });
  }
  return { resources, raised, text: NAMES.flatMap((name) => (wanted[name] ? [`${name} ${wanted[name]}`] : [])).join(', ') };
}

const LADDERS = [
  { steps: ['Ki', 'Mi', 'Gi', 'Ti'], factor: 1024 },
  { steps: ['m', '', 'k', 'M', 'G', 'T'], factor: 1000 },
];

/** `1024Mi` → `1Gi`, `1000m` → `1`: as the API server will write it back, so that our own value is recognised later. */
export function canonicalQuantity(text: string): string {
  const [, digits = '', unit = ''] = /^([0-9]+)([A-Za-z]*)$/.exec(text) ?? [];
  const ladder = LADDERS.find((l) => l.steps.includes(unit));
  if (!ladder) return text;
  let amount = Number(digits);
  let step = ladder.steps.indexOf(unit);
  while (amount % ladder.factor === 0 && step < ladder.steps.length - 1) {
    amount /= ladder.factor;
    step += 1;
  }
  return `${amount}${ladder.steps[step]}`;
}

/** The limit when there is one, else the request. */
function currentOf({ effective }: FoundContainer, name: ResourceName): { side: 'limits' | 'requests'; value: string } | undefined {
  const limit = effective.limits?.[name];
  if (limit !== undefined) return { side: 'limits', value: limit };
  const request = effective.requests?.[name];
  return request === undefined ? undefined : { side: 'requests', value: request };
}

function checkStep(name: ResourceName, from: string, to: string, at: string): void {
  if (quantityOf(to) < quantityOf(from)) refuse('InvalidParams', `${at}: ${name} ${to} is less than the ${from} it has; this action only increases`);
  if (quantityOf(to) > quantityOf(from) * MAX_FACTOR) refuse('InvalidParams', `${at}: ${name} ${to} is more than twice the ${from} it has; choose at most twice`);
}

/** Of the template as it will be. Where the template has a request alone, the namespace's default limit may still be below it. */
function checkRequest({ spec }: FoundContainer, { requests, limits }: Resources, name: ResourceName, at: string): void {
  const [request, limit] = [requests?.[name], limits?.[name]];
  if (request === undefined || limit === undefined || quantityOf(limit) >= quantityOf(request)) return;
  refuse('InvalidParams', `${at}: container ${spec.name} asks for ${name} ${request}, a limit of ${limit} is less; choose at least its request`);
}

/** A template without a request gets one of the limit's size when the pod is made: it follows by itself. */
function requestFollows({ spec, effective }: FoundContainer, name: ResourceName): boolean {
  const request = spec.resources?.requests?.[name];
  return request !== undefined && quantityOf(request) === quantityOf(effective.limits?.[name]);
}
