import { readFileSync } from 'node:fs';
import { EXIT, Exit, type ExitCode } from './exit.js';
import { findRunFile, readRunFile } from './run-file.js';

export interface ClientOptions {
  dataDir: string;
  gateway?: string;
  token?: string;
  /** How long one answer may take. Default 30 s. */
  timeoutMs?: number;
}

/** Our own API as a person's client. Errors become one line with the next move and the right exit code. */
export interface Client {
  readonly gateway: string;
  get<T>(path: string): Promise<T>;
  send<T>(method: 'POST' | 'PUT' | 'DELETE', path: string, body?: unknown): Promise<T>;
}

interface Problem {
  detail?: string;
  error?: { code?: string; message?: string };
}

const TIMEOUT_MS = 30_000;

export function clientOf(options: ClientOptions): Client {
  const { gateway, token } = addressOf(options);
  const timeoutMs = options.timeoutMs ?? TIMEOUT_MS;
  const call = async <T>(method: string, path: string, body?: unknown): Promise<T> => {
    const { response, text } = await exchange(gateway, path, timeoutMs, {
      method,
      headers: {
        ...(token ? { authorization: `Bearer ${token}` } : {}),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const parsed = jsonOf(text);
    if (response.ok && (text === '' || parsed !== undefined)) return parsed as T;
    if (response.ok) throw new Exit(EXIT.unreachable, `${gateway}${path} did not answer JSON; is this the address of a Kubernaut gateway?`);
    throw refusalOf(response.status, parsed as Problem | undefined, `${method} ${path}`);
  };
  return { gateway, get: (path) => call('GET', path), send: (method, path, body) => call(method, path, body) };
}

/** The token of our own installation goes to our own gateway alone. */
function addressOf({ dataDir, gateway, token }: ClientOptions): { gateway: string; token?: string } {
  if (gateway === undefined) {
    const run = readRunFile(dataDir);
    return { gateway: run.gateway, token: token ?? run.token };
  }
  const named = gateway.replace(/\/+$/, '');
  if (!/^https?:\/\/[^/]/.test(named)) throw new Exit(EXIT.usage, `--gateway ${gateway}: write it as http://host:port or https://host`);
  const run = findRunFile(dataDir);
  return { gateway: named, token: token ?? (run?.gateway === named ? run.token : undefined) };
}

async function exchange(gateway: string, path: string, timeoutMs: number, init: RequestInit): Promise<{ response: Response; text: string }> {
  try {
    const response = await fetch(`${gateway}${path}`, { ...init, signal: AbortSignal.timeout(timeoutMs) });
    return { response, text: await response.text() };
  } catch (error) {
    if ((error as Error).name === 'TimeoutError') throw new Exit(EXIT.timedOut, `${gateway} did not answer within ${timeoutMs / 1000} s; look at it with: kubernaut doctor`);
    throw new Exit(EXIT.unreachable, `${gateway} is out of reach${causeOf(error)}; is it running? Start it with: npm start`);
  }
}

/** fetch hides the reason (ECONNREFUSED, ENOTFOUND) in its cause. */
const causeOf = (error: unknown): string => {
  const code = (error as { cause?: { code?: unknown } }).cause?.code;
  return typeof code === 'string' ? ` (${code})` : '';
};

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined; // a proxy's page: the caller judges by the status
  }
}

function refusalOf(status: number, problem: Problem | undefined, request: string): Exit {
  const said = problem?.error?.message ?? problem?.detail ?? `${request} was answered with HTTP ${status}`;
  return new Exit(exitOf(status), said, problem?.error?.code);
}

function exitOf(status: number): ExitCode {
  if (status === 429 || status === 502 || status === 503) return EXIT.unreachable;
  if (status === 504) return EXIT.timedOut;
  return status === 400 || status === 422 ? EXIT.usage : EXIT.failed;
}

/** `-` reads standard input. */
export const readJsonFile = (file: string): unknown => {
  try {
    return JSON.parse(readFileSync(file === '-' ? 0 : file, 'utf8')) as unknown;
  } catch (error) {
    throw new Exit(EXIT.usage, `${file === '-' ? 'standard input' : file}: ${error instanceof Error ? error.message : 'cannot be read'}`);
  }
};

/** `?a=b&c=d` of the members that are set, or nothing. */
export function queryText(query: Record<string, string | number | undefined>): string {
  const params = new URLSearchParams();
  for (const [key, value] of Object.entries(query)) if (value !== undefined) params.set(key, String(value));
  const text = params.toString();
  return text ? `?${text}` : '';
}
