import { METHODS } from 'node:http';
import type { Surface } from '../protocol.js';
import { randomOf, type Random } from '../random.js';
import { bytesOf, type FuzzRequest } from '../request.js';
import { API_TOKENS } from '../settings.js';
import { bodyFor, credentialsFor, torn, type Care } from './bodies.js';
import { strangeCredentials, strangeHeaders, strangeType, type Header } from './headers.js';
import { anyJson, brokenJson, jsonText } from './json.js';
import { COMMON_NAMES, valueOf } from './schema.js';
import { endpointsOf, goodTarget, inLine, strangeTarget, type Endpoint } from './targets.js';
import { abused } from './wire-abuse.js';

/** Node takes 16 KiB and hangs up on more. */
const MAX_HEAD_BYTES = 15_000;
const HOST: Header = ['Host', '127.0.0.1'];
/** 1.4 MB each time; once in a while is enough. */
const isHeavy = (route: string): boolean => route.endsWith('swagger-ui-bundle.js');

type Kind = 'good' | 'varied' | 'broken' | 'torn' | 'stranger' | 'lost' | 'abused';
const KINDS: readonly (readonly [number, Kind])[] = [[30, 'good'], [16, 'varied'], [16, 'broken'], [8, 'torn'], [12, 'stranger'], [11, 'lost'], [7, 'abused']];
const CARE: Readonly<Partial<Record<Kind, Care>>> = { good: 'recorded', stranger: 'recorded', varied: 'varied', broken: 'broken', torn: 'torn' };

export interface Generator {
  /** The same for the same seed and index; signatures over the time of day apart. */
  request(index: number): FuzzRequest;
}

export interface GeneratorOptions {
  seed: number;
  /** Webhooks alone, where every other route would wait for workers that are not there. */
  onlySignals?: boolean;
}

/** A call that is complete but for its headers, which `sent` writes. */
interface Call {
  endpoint: Endpoint;
  method: string;
  target: string;
  /** The route it certainly reaches. */
  route?: string;
  headers: Header[];
  credentials: Header[];
  body?: Buffer;
}

export function generatorOf(surface: Surface, { seed, onlySignals = false }: GeneratorOptions): Generator {
  const endpoints = endpointsOf(surface).filter((e) => !onlySignals || e.isWebhook);
  const usual = endpoints.filter((e) => !isHeavy(e.route));
  const webhooks = usual.filter((e) => e.isWebhook && e.method === 'POST');
  // Most of the code is behind the webhooks, and most of the time is spent there.
  const endpointFor = (random: Random): Endpoint => random.weighted<() => Endpoint>([[40, () => random.pick(webhooks)], [60, () => random.pick(usual)], [onlySignals ? 0 : 1, () => random.pick(endpoints)]])();
  return {
    request(index) {
      const random = randomOf(seed, index);
      const kind = random.weighted(KINDS);
      const endpoint = endpointFor(random);
      const call = kind === 'lost' ? lost(endpoint, surface, random) : endpoint.isWebhook ? delivery(endpoint, surface, CARE[kind] ?? 'recorded', random) : apiCall(endpoint, surface, kind, random);
      if (kind === 'stranger') asStranger(call, random);
      const request = { ...sent(call, random), about: `${kind} ${call.method} ${call.route ?? call.target.slice(0, 80)}`, isGood: kind === 'good' };
      return kind === 'abused' ? abused(request, random) : request;
    },
  };
}

/** What is around a request that is good in itself. */
function asStranger(call: Call, random: Random): void {
  const own = call.headers.filter(([name]) => name !== 'Content-Type');
  call.credentials = strangeCredentials(random);
  call.headers = [...strangeHeaders(random), ...(random.chance(0.5) ? call.headers : [...own, ['Content-Type', strangeType(random)] as Header])];
}

/** A signal to a source, with credentials over whatever its body has become. */
function delivery(endpoint: Endpoint, surface: Surface, care: Care, random: Random): Call {
  const wanted = surface.sources.filter((s) => (endpoint.route.includes('{name}') ? s.includes('/') : endpoint.route.includes('{source}') ? !s.includes('/') : s === 'alertmanager'));
  const source = random.pick(wanted);
  const body = bodyFor(source, care, random);
  const isPut = endpoint.method === 'PUT' || (endpoint.route.includes('{') && random.chance(0.05));
  return {
    endpoint, method: isPut ? 'PUT' : 'POST', target: goodTarget(endpoint, surface, random, source), route: endpoint.route,
    headers: [['Content-Type', body.type], ...(body.headers ?? [])],
    credentials: credentialsFor(source, body.bytes, random),
    body: body.bytes,
  };
}

function apiCall(endpoint: Endpoint, surface: Surface, kind: Kind, random: Random): Call {
  const { route, method, isPublic } = endpoint;
  const body = apiBody(endpoint, kind, random);
  const isStrange = kind === 'broken' || kind === 'torn' || kind === 'varied';
  const target = isStrange && (body === undefined || random.chance(0.3)) ? strangeTarget(endpoint, surface, random) : goodTarget(endpoint, surface, random);
  return {
    endpoint, method, target, ...(isStrange ? {} : { route }),
    headers: body === undefined ? [] : [['Content-Type', 'application/json']],
    credentials: isPublic ? [] : [['Authorization', `Bearer ${random.pick(API_TOKENS)}`]],
    body,
  };
}

/** As the schema wants it, or not; now and then also where no body belongs. */
function apiBody({ operation }: Endpoint, kind: Kind, random: Random): Buffer | undefined {
  const schema = operation?.requestBody?.content['application/json']?.schema;
  if (!schema) return kind === 'broken' && random.chance(0.3) ? Buffer.from(jsonText(anyJson(random))) : undefined;
  const value = valueOf(schema, random, COMMON_NAMES);
  const text = jsonText(kind === 'broken' || kind === 'varied' ? brokenJson(value, random) : value);
  return torn(Buffer.from(text), CARE[kind] ?? 'recorded', random);
}

/** Other methods, other paths. CONNECT makes a tunnel of the connection, which is the affair of `abused`. */
function lost(endpoint: Endpoint, surface: Surface, random: Random): Call {
  const method = random.chance(0.5) ? endpoint.method : random.pick(METHODS.filter((m) => m !== 'CONNECT'));
  const body = random.chance(0.4) ? Buffer.from(jsonText(anyJson(random))) : undefined;
  return {
    endpoint, method, target: random.chance(0.7) ? strangeTarget(endpoint, surface, random) : goodTarget(endpoint, surface, random, random.pick(surface.sources)),
    headers: [...(body ? [['Content-Type', strangeType(random)] as Header] : []), ...(random.chance(0.2) ? strangeHeaders(random) : [])],
    credentials: random.chance(0.8) ? [['Authorization', `Bearer ${random.pick(API_TOKENS)}`]] : strangeCredentials(random),
    body,
  };
}

function sent({ method, target, route, headers, credentials, body }: Call, random: Random): FuzzRequest {
  const ids = headers.filter(([name]) => name.toLowerCase() === 'x-request-id');
  const own: Header[] = ids.length === 0 && random.chance(0.5) ? [['X-Request-ID', `fuzz-${random.hex(12)}`]] : [];
  const requestId = own[0]?.[1];
  const length: Header[] = body ? [['Content-Length', String(body.length)]] : ['POST', 'PUT', 'PATCH'].includes(method) ? [['Content-Length', '0']] : [];
  const all = [HOST, ...credentials, ...own, ...headers, ...length];
  const headBytes = bytesOf({ method, target: inLine(target), headers: all }).length;
  return {
    about: '', method, wire: headBytes < MAX_HEAD_BYTES ? 'piped' : 'alone',
    bytes: bytesOf({ method, target: inLine(target), headers: all, body }),
    ...(route === undefined ? {} : { route }),
    ...(requestId === undefined ? {} : { requestId }),
  };
}
