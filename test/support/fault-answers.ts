/** Refusals in the words of a real API server. */
export type AnswerFault = 'conflict' | 'throttled' | 'budget' | 'error' | 'unavailable';

export interface FaultAnswer {
  status: number;
  headers: Record<string, string>;
  body: Buffer;
}

interface Status {
  code: number;
  reason: string;
  message: string;
  details?: object;
  /** Of the header, seconds. */
  retryAfterS?: number;
}

const STATUSES: Record<AnswerFault, (name: string) => Status> = {
  conflict: (name) => ({
    code: 409, reason: 'Conflict', details: { name, kind: 'objects' },
    message: `Operation cannot be fulfilled on objects "${name}": the object has been modified; please apply your changes to the latest version and try again`,
  }),
  throttled: () => ({ code: 429, reason: 'TooManyRequests', message: 'the server has received too many requests and has asked us to try again later', details: { retryAfterSeconds: 1 }, retryAfterS: 1 }),
  budget: (name) => ({
    code: 429, reason: 'TooManyRequests', message: "Cannot evict pod as it would violate the pod's disruption budget.",
    details: { name, causes: [{ reason: 'DisruptionBudget', message: 'The disruption budget api needs 2 healthy pods and has 2 currently' }] },
  }),
  error: () => ({ code: 500, reason: 'InternalError', message: 'Internal error occurred: etcdserver: leader changed', details: { causes: [{ message: 'etcdserver: leader changed' }] } }),
  unavailable: () => ({ code: 503, reason: 'ServiceUnavailable', message: 'the server is currently unable to handle the request' }),
};

export function answerOf(fault: AnswerFault, path: string): FaultAnswer {
  const { retryAfterS, ...status } = STATUSES[fault](path.split('/').at(-1) ?? '');
  const body = Buffer.from(JSON.stringify({ kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', ...status }));
  return { status: status.code, headers: { 'content-type': 'application/json', ...(retryAfterS ? { 'retry-after': String(retryAfterS) } : {}) }, body };
}

export const isAnswerFault = (fault: string | undefined): fault is AnswerFault => fault !== undefined && Object.hasOwn(STATUSES, fault);
