import { expect, it } from '@jest/globals';
import { KubernautError } from '../../domain/errors.js';
import { ApiError, type ApiFailure, type TransportFailure } from './connection.js';
import { toKubernautError, type Attempt } from './errors.js';

const answered = (httpStatus: number, message = '', more: Partial<ApiFailure> = {}): ApiFailure => ({ kind: 'answered', httpStatus, message, causes: [], about: 'api', ...more });
const transport = (code: string, isSent: boolean): TransportFailure => ({ kind: 'transport', code, isSent, message: code });

const patch: Attempt = { verb: 'patch', about: 'deployment shop/api' };
const get: Attempt = { verb: 'get', about: 'deployment shop/api' };
const evict: Attempt = { verb: 'create', about: 'pod shop/api-1', isEviction: true };

it.each<[string, ApiFailure | TransportFailure, Attempt, string]>([
  ['throttled', answered(429, 'too many requests'), patch, 'K8sThrottled'],
  ['budget', answered(429, 'Cannot evict pod as it would violate the budget', { causes: [{ reason: 'DisruptionBudget' }] }), evict, 'PdbBlocked'],
  ['several budgets', answered(500, 'This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.'), evict, 'Unsupported'],
  ['storage trouble at an eviction', answered(500, 'etcdserver: leader changed'), evict, 'K8sUnavailable'],
  ['quota', answered(403, 'pods "x" is forbidden: exceeded quota: q, requested: cpu=1'), patch, 'QuotaExceeded'],
  ['RBAC', answered(403, 'deployments.apps "api" is forbidden: User "system:serviceaccount:k:x" cannot patch resource "deployments"'), patch, 'Forbidden'],
  ['LimitRange', answered(403, 'pods "x" is forbidden: maximum memory usage per Container is 1Gi, but limit is 2Gi'), patch, 'AdmissionDenied'],
  ['webhook', answered(403, 'admission webhook "policy.example" denied the request: no'), patch, 'AdmissionDenied'],
  ['webhook with 400', answered(400, 'admission webhook "policy.example" denied the request: no'), patch, 'AdmissionDenied'],
  ['policy', answered(422, "ValidatingAdmissionPolicy 'x' with binding 'y' denied request: no"), patch, 'AdmissionDenied'],
  ['unknown 403', answered(403, ''), patch, 'Forbidden'],
  ['credentials', answered(401, 'Unauthorized'), patch, 'Forbidden'],
  ['bad body', answered(400, 'json: cannot unmarshal'), patch, 'InvalidParams'],
  ['gone', answered(404, 'not found'), patch, 'TargetNotFound'],
  ['resource not served', answered(404, 'the server could not find the requested resource', { about: undefined }), patch, 'Unsupported'],
  ['conflict', answered(409, 'the object has been modified'), patch, 'ConflictTransient'],
  ['invalid', answered(422, 'Invalid value'), patch, 'AdmissionDenied'],
  ['server error', answered(503, ''), get, 'K8sUnavailable'],
  ['server timeout of a write', answered(504, ''), patch, 'OutcomeUnknown'],
  ['server timeout of a read', answered(504, ''), get, 'K8sUnavailable'],
  ['refused', transport('ECONNREFUSED', false), patch, 'K8sUnavailable'],
  ['name not found', transport('ENOTFOUND', false), patch, 'K8sUnavailable'],
  ['reset after send', transport('ECONNRESET', true), patch, 'OutcomeUnknown'],
  ['timeout after send', transport('ETIMEDOUT', true), patch, 'OutcomeUnknown'],
  ['timeout of a read', transport('ETIMEDOUT', true), get, 'K8sUnavailable'],
  ['teapot', answered(418, ''), patch, 'Internal'],
])('%s', (_name, failure, attempt, code) => {
  const error = toKubernautError(new ApiError(failure), attempt);
  expect(error).toBeInstanceOf(KubernautError);
  expect((error as KubernautError).code).toBe(code);
  expect((error as KubernautError).message).toContain(attempt.about);
});

it('hands on how long to wait and hides secrets the server quotes', () => {
  const error = toKubernautError(new ApiError(answered(429, 'slow down', { retryAfterMs: 7000 })), patch) as KubernautError;
  expect(error.details.retryAfterMs).toBe(7000);
  const quoted = toKubernautError(new ApiError(answered(422, 'Invalid value: {"name":"DB_PASSWORD","value":"hunter2"}')), patch) as KubernautError;
  expect(quoted.message).not.toContain('hunter2');
});

it('leaves other errors alone', () => {
  const bug = new TypeError('x');
  expect(toKubernautError(bug, patch)).toBe(bug);
});
