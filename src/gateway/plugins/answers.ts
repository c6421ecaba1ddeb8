import { Ajv } from 'ajv';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Socket } from 'node:net';
import { randomUUID } from 'node:crypto';
import { STATUS_CODES, type IncomingMessage, type ServerResponse } from 'node:http';
import { KubernautError } from '../../domain/errors.js';
import { decodeJson } from '../decode-json.js';
import { problemOf, toDoorError } from '../problem.js';

const MAX_ENDPOINT = 300;

/** Sends any error as a problem. Also for hooks that answer before a route is reached. */
export function sendProblem(error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const endpoint = request.url.split('?')[0]!.slice(0, MAX_ENDPOINT);
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

/** Errors before there is a request, or in its body: slow ones, garbage, headers that are too big, failed handshakes. The connection ends with them. */
export function onClientError(error: NodeJS.ErrnoException, socket: Socket): void {
  if (!/^(HPE_|ERR_HTTP_)/.test(error.code ?? '') || !socket.writable || !isDueForAnswer(socket as HttpSocket)) return void socket.destroy();
  const known = error.code === 'ERR_HTTP_REQUEST_TIMEOUT' || error.code === 'HPE_HEADER_OVERFLOW' ? error : new KubernautError('BadRequest', 'the request could not be read');
  const id = randomUUID();
  const answer = problemOf(known, { endpoint: '-', requestId: id, timestamp: new Date().toISOString() });
  const body = JSON.stringify(answer.body);
  const headers = [
    'Content-Type: application/problem+json', `Content-Length: ${Buffer.byteLength(body)}`, `X-Request-ID: ${id}`, 'Connection: close',
    ...(answer.retryAfterS === undefined ? [] : [`Retry-After: ${answer.retryAfterS}`]),
  ];
  socket.write([`HTTP/1.1 ${answer.status} ${STATUS_CODES[answer.status]}`, ...headers, '', body].join('\r\n'));
  // Not `end` alone: a client that goes on dribbling would keep its half of the connection for ever.
  socket.destroySoon();
}

/** What Node keeps on a connection: the request that is being read, and the answer that is due. */
interface HttpSocket extends Socket {
  parser?: { incoming?: IncomingMessage | null } | null;
  _httpMessage?: ServerResponse | null;
}

/** An answer in the middle of another, or in place of one that is still being made, would be taken for it. */
function isDueForAnswer({ parser, _httpMessage: due }: HttpSocket): boolean {
  const reading = parser?.incoming?.complete === false ? parser.incoming : undefined;
  if (!due) return reading === undefined;
  return due.req === reading && !due.headersSent;
}
