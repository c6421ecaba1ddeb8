import { Ajv } from 'ajv';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Socket } from 'node:net';
import { randomUUID } from 'node:crypto';
import { KubernautError } from '../../domain/errors.js';
import { decodeJson } from '../decode-json.js';
import { problemOf, toDoorError } from '../problem.js';

/** Sends any error as a problem. Also for hooks that answer before a route is reached. */
export function sendProblem(error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const endpoint = request.url.split('?')[0]!;
  const answer = problemOf(error, { endpoint, requestId: request.id, timestamp: new Date().toISOString() });
  // The cause stays here: it may quote what a stranger sent.
  if (answer.status >= 500) request.log.error({ err: error, code: answer.body.error.code }, 'request failed');
  if (answer.retryAfterS !== undefined) reply.header('retry-after', String(answer.retryAfterS));
  if (answer.status === 401) reply.header('www-authenticate', 'Bearer');
  return reply.code(answer.status).type('application/problem+json').send(answer.body);
}

/** Bodies in, answers out: strict JSON, strict schemas (only the query is coerced), problems for everything that fails. */
export function addAnswers(app: FastifyInstance): void {
  const ajv = { allErrors: true, strict: false, useDefaults: true } as const;
  const strict = new Ajv(ajv);
  const coercing = new Ajv({ ...ajv, coerceTypes: 'array' });
  app.setValidatorCompiler(({ schema, httpPart }) => (httpPart === 'body' ? strict : coercing).compile(schema as object));
  // Answers are described by their schemas, not filtered by them: a stored document of an older shape is still shown.
  app.setSerializerCompiler(() => (data) => JSON.stringify(data));
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, (request, raw, done) => {
    try {
      done(null, raw.length === 0 && !request.routeOptions.config.isWebhook ? null : decodeJson(raw as Buffer));
    } catch (error) {
      done(toDoorError(error));
    }
  });
  app.setErrorHandler((error, request, reply) => sendProblem(error, request, reply));
  app.setNotFoundHandler((request, reply) =>
    sendProblem(new KubernautError('NotFound', `there is no ${request.method} ${request.url.split('?')[0]!.slice(0, 200)}; see /openapi.json`), request, reply),
  );
}

/** Errors before there is a request: slow headers, garbage, a request line that is too long. */
export function onClientError(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === 'ECONNRESET' || socket.destroyed || !socket.writable) return;
  const status = error.code === 'ERR_HTTP_REQUEST_TIMEOUT' ? '408 Request Timeout' : error.code === 'HPE_HEADER_OVERFLOW' ? '431 Request Header Fields Too Large' : '400 Bad Request';
  const id = randomUUID();
  const body = JSON.stringify(problemOf(new KubernautError('BadRequest', 'the request could not be read'), { endpoint: '-', requestId: id, timestamp: new Date().toISOString() }).body);
  socket.end(
    [`HTTP/1.1 ${status}`, 'Content-Type: application/problem+json', `Content-Length: ${Buffer.byteLength(body)}`, `X-Request-ID: ${id}`, 'Connection: close', '', body].join('\r\n'),
  );
}
