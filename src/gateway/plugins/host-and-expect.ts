import type { IncomingMessage } from 'node:http';
import type { FastifyInstance } from 'fastify';
import { KubernautError } from '../../domain/errors.js';

/** For the server: two answers that Node gives by itself, without a body, are ours here. */
export const ANSWER_OURSELVES = { requireHostHeader: false } as const;

/**
 * A request of HTTP/1.1 without exactly one Host is refused (RFC 9112, 3.2), as a problem like everything else. An
 * expectation that nobody knows is passed over, as RFC 9110 (10.1.1) allows.
 */
export function addHostAndExpect(app: FastifyInstance): void {
  app.server.on('checkExpectation', (request, response) => app.server.emit('request', request, response));
  app.addHook('onRequest', async (request) => {
    if (request.raw.httpVersion === '1.1' && hostsOf(request.raw) !== 1) throw new KubernautError('BadRequest', 'a request of HTTP/1.1 has exactly one Host header');
  });
}

const hostsOf = ({ rawHeaders }: IncomingMessage): number => rawHeaders.filter((text, i) => i % 2 === 0 && text.toLowerCase() === 'host').length;
