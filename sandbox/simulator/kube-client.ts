import https from 'node:https';
import http from 'node:http';
import { KubeConfig } from '@kubernetes/client-node';

export class KubeRequestError extends Error {
  constructor(
    readonly status: number,
    readonly reason: string,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.name = 'KubeRequestError';
  }
}

export type PatchType = 'merge' | 'strategic' | 'apply' | 'json';
type Verb = 'GET' | 'POST' | 'PUT' | 'DELETE' | PatchType;

export interface KubeClient {
  config: KubeConfig;
  /** Plain JSON in and out; throws KubeRequestError with the API's status and reason (0 when out of reach). */
  request<T = unknown>(verb: Verb, path: string, body?: unknown): Promise<T>;
  close(): void;
}

const CONTENT_TYPES: Record<PatchType, string> = {
  merge: 'application/merge-patch+json',
  json: 'application/json-patch+json',
  strategic: 'application/strategic-merge-patch+json',
  apply: 'application/apply-patch+yaml',
};
const isPatch = (verb: Verb): verb is PatchType => verb in CONTENT_TYPES;

interface Answer {
  status: number;
  text: string;
}

function send(server: URL, options: https.RequestOptions, body: string | undefined): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const transport = server.protocol === 'https:' ? https : http;
    const request = transport.request(options, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () => resolve({ status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString('utf8') }));
      response.on('error', reject);
    });
    request.on('error', reject);
    request.end(body);
  });
}

function failure(verb: string, path: string, { status, text }: Answer): KubeRequestError {
  try {
    const parsed = JSON.parse(text) as { reason?: string; message?: string };
    return new KubeRequestError(status, parsed.reason ?? 'Unknown', `${verb} ${path}: ${parsed.message ?? text}`);
  } catch (cause) {
    return new KubeRequestError(status, 'Unknown', `${verb} ${path}: HTTP ${String(status)} ${text.slice(0, 200)}`, { cause });
  }
}

/** A lean client for the sandbox's own traffic: kept-alive connections, no models, JSON as the server wrote it. */
export function kubeClientOf(kubeconfig: string): KubeClient {
  const config = new KubeConfig();
  config.loadFromFile(kubeconfig);
  const server = new URL(config.getCurrentCluster()?.server ?? 'https://127.0.0.1:6443');
  let options: Promise<https.RequestOptions> | undefined;
  let agent: https.Agent | undefined;

  const prepare = async (): Promise<https.RequestOptions> => {
    const own: https.RequestOptions = {};
    await config.applyToHTTPSOptions(own);
    const { ca, cert, key, rejectUnauthorized } = own;
    agent = new https.Agent({ keepAlive: true, maxSockets: 24, ca, cert, key, rejectUnauthorized });
    return { headers: own.headers, agent, hostname: server.hostname, port: server.port };
  };

  return {
    config,
    async request<T>(verb: Verb, path: string, body?: unknown): Promise<T> {
      const base = await (options ??= prepare());
      const text = body === undefined ? undefined : JSON.stringify(body);
      const headers: http.OutgoingHttpHeaders = { ...(base.headers as http.OutgoingHttpHeaders | undefined), accept: 'application/json' };
      if (text !== undefined) {
        headers['content-type'] = isPatch(verb) ? CONTENT_TYPES[verb] : 'application/json';
        headers['content-length'] = Buffer.byteLength(text);
      }
      const method = isPatch(verb) ? 'PATCH' : verb;
      const answer = await send(server, { ...base, method, path: server.pathname.replace(/\/$/, '') + path, headers }, text).catch((cause: Error) => {
        throw new KubeRequestError(0, 'Unreachable', `${method} ${path}: ${cause.message}`, { cause });
      });
      if (answer.status >= 300) throw failure(method, path, answer);
      return (answer.text ? JSON.parse(answer.text) : undefined) as T;
    },
    close: () => agent?.destroy(),
  };
}

/** Runs a write whose object may be gone or changed meanwhile; anything else is thrown. Returns undefined then. */
export async function tolerating<T>(statuses: number[], write: Promise<T>): Promise<T | undefined> {
  try {
    return await write;
  } catch (error) {
    if (error instanceof KubeRequestError && statuses.includes(error.status)) return undefined;
    throw error;
  }
}
