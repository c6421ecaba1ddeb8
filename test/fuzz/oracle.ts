import { TypeCompiler } from '@sinclair/typebox/compiler';
import { Ajv, type ValidateFunction } from 'ajv';
import { packageRoot } from '../../sandbox/launch/package-root.js';
import { Problem } from '../../src/contracts/api.js';
import { ERRORS } from '../../src/domain/errors.js';
import type { OpenApi } from './protocol.js';
import type { FuzzRequest } from './request.js';
import { SECRET } from './settings.js';
import { headerOf, type Response } from './wire.js';

/** Of our errors, and two that are HTTP's own. */
const OF_THE_DOOR = new Set<number>([...Object.values(ERRORS).map((e) => e.status), 408, 431]);
/** The page of a plan speaks to people: its answers are pages of ours too, and a link that was used is gone for ever. */
const FOR_PEOPLE = /^\s*[A-Za-z]+ +[^ ]*\/approve\//;
const isOurPage = ({ bytes }: FuzzRequest, response: Response): boolean =>
  FOR_PEOPLE.test(bytes.subarray(0, 200).toString('latin1')) && (headerOf(response, 'content-type') ?? '').startsWith('text/html') && (headerOf(response, 'content-security-policy') ?? '').startsWith("default-src 'none'");

/** What only somebody with our sources could have written. No generator writes any of it. */
const INSIDES: readonly (readonly [string, RegExp])[] = [
  ['a secret', new RegExp(SECRET)],
  ['a stack trace', /\bat (?:async )?[\w.<>$]+ \(|\bat (?:file|node):/],
  ['a path of this machine', new RegExp(`${packageRoot().replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}|node_modules|file:///[a-z]+/|\\.(?:ts|js):\\d+`)],
  ['SQL', /\b(?:insert into|delete from|on conflict|order by|is not distinct from)\b|relation "|SQLSTATE|syntax error at/i],
  ['a foreign error', /\b(?:TypeError|RangeError|SyntaxError|ReferenceError|FST_ERR_\w+|ERR_HTTP_\w+|HPE_\w+|ECONN\w+)\b|is not a function|Cannot read propert|Invalid time value/],
];

export interface Oracle {
  /** What is wrong with this answer, each in a sentence. */
  faultsOf(request: FuzzRequest, response: Response): string[];
}

const problem = TypeCompiler.Compile(Problem);

/** `fine503`: codes of 503 that can be true here; everything else that says 503 hides a bug. */
export function oracleOf(openapi: OpenApi, fine503: readonly string[] = ['Overloaded']): Oracle {
  const ajv = new Ajv({ strict: false, allErrors: true });
  const schemas = new Map<string, ValidateFunction>();
  const schemaOf = (method: string, route: string | undefined, status: number): ValidateFunction | undefined => {
    const schema = openapi.paths[route ?? '']?.[method.toLowerCase()]?.responses[String(status)]?.content?.['application/json']?.schema;
    const key = `${method} ${route ?? ''} ${String(status)}`;
    if (schema && !schemas.has(key)) schemas.set(key, ajv.compile(schema));
    return schemas.get(key);
  };

  function statusFaults(request: FuzzRequest, response: Response): string[] {
    const { status } = response;
    if (status >= 400 && isOurPage(request, response)) return pageFaults(response);
    if (status === 503) return overloadFaults(response, request.method, fine503);
    return status >= 400 ? failureFaults(status) : undocumented(request, status);
  }

  function undocumented({ method, route, about }: FuzzRequest, status: number): string[] {
    const documented = route === undefined ? undefined : openapi.paths[route]?.[method.toLowerCase()]?.responses;
    return documented && !(String(status) in documented) ? [`${String(status)} is not documented for ${about}`] : [];
  }

  function bodyFaults(request: FuzzRequest, response: Response): string[] {
    const { method, route } = request;
    if (method === 'HEAD' || isOurPage(request, response)) return [];
    const type = headerOf(response, 'content-type') ?? '';
    const isProblem = type.startsWith('application/problem+json');
    if (!isProblem && response.status >= 400 && response.status !== 503) return [`${String(response.status)} is no problem but ${type}`];
    const value = parsed(response.body);
    if (value === undefined) return type.includes('json') ? ['the JSON of the body cannot be read'] : [];
    return isProblem ? problemFaults(value, response) : unfit(value, schemaOf(method, route, response.status));
  }

  const unfit = (value: unknown, check: ValidateFunction | undefined): string[] => (!check || check(value) ? [] : [`the body does not fit its schema: ${ajv.errorsText(check.errors).slice(0, 300)}`]);

  return {
    faultsOf: (request, response) => [...statusFaults(request, response), ...headerFaults(request, response), ...(response.status === 429 ? waitFaults(response) : []), ...bodyFaults(request, response), ...insideFaults(response, isOurPage(request, response))],
  };
}

const failureFaults = (status: number): string[] =>
  status >= 500 ? [`it answers ${String(status)}`] : OF_THE_DOOR.has(status) ? [] : [`${String(status)} is no status of ours`];

const pageFaults = (response: Response): string[] => (response.status === 503 ? waitFaults(response) : response.status === 410 ? [] : failureFaults(response.status));

/** Whoever is to come back must know when. */
const waitFaults = (response: Response): string[] => (/^[1-9]\d{0,5}$/.test(headerOf(response, 'retry-after') ?? '') ? [] : [`${String(response.status)} without Retry-After`]);

function overloadFaults(response: Response, method: string, fine: readonly string[]): string[] {
  const { error: { code = '' } = {}, healthy } = (parsed(response.body) ?? {}) as { error?: { code?: string }; healthy?: boolean };
  const isTrue = method === 'HEAD' || healthy === false || fine.includes(code);
  return [...waitFaults(response), ...(isTrue ? [] : [`503 ${code}, and nothing is out of reach`])];
}

function problemFaults(value: unknown, response: Response): string[] {
  const first = problem.Errors(value).First();
  if (first) return [`the problem does not fit its schema: ${first.path} ${first.message}`];
  const { status, error } = value as Problem;
  const wrong: Readonly<Record<string, boolean>> = {
    [`the problem says ${String(status)}, the status line ${String(response.status)}`]: status !== response.status && response.status !== 408 && response.status !== 431,
    [`nobody knows the error ${error.code}`]: !Object.hasOwn(ERRORS, error.code),
    'the problem has another request id than the header': error.request_id !== headerOf(response, 'x-request-id'),
    'the problem says nothing': error.message.trim() === '',
  };
  return Object.keys(wrong).filter((what) => wrong[what]);
}

function headerFaults({ requestId }: FuzzRequest, response: Response): string[] {
  const ids = response.headers.filter(([name]) => name.toLowerCase() === 'x-request-id').map(([, value]) => value);
  if (ids.length !== 1) return [`it has ${String(ids.length)} request ids`];
  if (!/^[A-Za-z0-9._:-]{1,128}$/.test(ids[0]!)) return ['its request id is not harmless'];
  return requestId === undefined || requestId === ids[0] ? [] : ['the request id did not come back'];
}

/** The pages of the documentation are files of others, and say what they like. */
function insideFaults(response: Response, isOurs: boolean): string[] {
  const isPage = !isOurs && /^(?:application\/javascript|text\/(?:javascript|css|html))/.test(headerOf(response, 'content-type') ?? '');
  const text = response.headers.map(([n, v]) => `${n}: ${v}`).join('\n') + (isPage ? '' : response.body.toString('utf8'));
  return INSIDES.flatMap(([what, pattern]) => {
    const match = pattern.exec(text);
    return match ? [`${what} is in the answer: ${JSON.stringify(text.slice(Math.max(0, match.index - 60), match.index + 100))}`] : [];
  });
}

function parsed(body: Buffer): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body)) as unknown;
  } catch {
    return undefined;
  }
}

/** Lines of the log that nobody expects: errors other than these, everything that is no line of ours, writes that will never succeed, secrets. */
export function faultsInLog(lines: readonly string[], fine503: readonly string[] = ['Overloaded']): string[] {
  return lines.filter((line) => line.trim() !== '').flatMap((line) => {
    if (line.includes(SECRET)) return [`a secret is in the log: ${line.slice(0, 300)}`];
    const entry = parsed(Buffer.from(line)) as { level?: string; msg?: string; code?: string } | undefined;
    if (entry?.level === undefined) return [`printed: ${line.slice(0, 500)}`];
    const isNoise = entry.level === 'warn' ? !/will be written when/.test(entry.msg ?? '') : fine503.includes(entry.code ?? '');
    return isNoise ? [] : [`logged: ${line.slice(0, 1200)}`];
  });
}
