import type { BedrockRuntimeClientConfig } from '@aws-sdk/client-bedrock-runtime';

/** The parts of a request of the AWS SDK that are sent. */
interface AwsRequest {
  protocol: string;
  hostname: string;
  port?: number;
  path: string;
  query?: Record<string, string | string[] | null>;
  method: string;
  headers: Record<string, string>;
  body?: string | Uint8Array<ArrayBuffer>;
}

type Handler = Exclude<BedrockRuntimeClientConfig['requestHandler'], undefined>;

/**
 * Sends what the AWS SDK signed with a fetch of ours: with its own handler nothing bounds the size of an answer, or the time
 * between its first byte and its last.
 */
export function fetchHandler(send: typeof fetch): Handler {
  const handle = async (request: AwsRequest, { abortSignal }: { abortSignal?: AbortSignal } = {}) => {
    // fetch sets these itself, to the values that were signed
    const headers = Object.fromEntries(Object.entries(request.headers).filter(([name]) => !['host', 'content-length'].includes(name.toLowerCase())));
    const response = await send(urlOf(request), { method: request.method, headers, body: request.body ?? null, ...(abortSignal ? { signal: abortSignal } : {}) });
    return { response: { statusCode: response.status, headers: Object.fromEntries(response.headers), body: new Uint8Array(await response.arrayBuffer()) } };
  };
  return { handle, metadata: { handlerProtocol: 'http/1.1' }, destroy: () => undefined, updateHttpClientConfig: () => undefined, httpHandlerConfigs: () => ({}) } as unknown as Handler;
}

function urlOf({ protocol, hostname, port, path, query = {} }: AwsRequest): string {
  const search = new URLSearchParams(Object.entries(query).flatMap(([key, value]) => [value ?? ''].flat().map((v): [string, string] => [key, v]))).toString();
  return `${protocol}//${hostname}${port ? `:${port}` : ''}${path}${search ? `?${search}` : ''}`;
}
