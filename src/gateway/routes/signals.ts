import type { FastifyInstance, FastifyRequest } from 'fastify';
import { Problem, SignalResults } from '../../contracts/api.js';
import { KubernautError } from '../../domain/errors.js';
import type { GatewayDeps } from '../deps.js';
import type { Intake } from '../intake.js';
import type { OpenSource, OpenSources } from '../open-sources.js';
import { createReceiver } from '../receive.js';
import type { Truncations } from '../truncations.js';

const MAX_BODY_BYTES = 8 * 1024 * 1024;

/**
 * `POST /alerts` and `POST /api/v1/signals/:source[/:name]`. Bodies arrive as bytes: signatures are over bytes, and nothing is
 * parsed for strangers.
 */
export function signalRoutes(app: FastifyInstance, deps: GatewayDeps, { intake, sources, truncations }: { intake: Intake; sources: OpenSources; truncations: Truncations }): void {
  const receiver = createReceiver(deps, intake, truncations);
  const sourceOf = (request: FastifyRequest): OpenSource => {
    const { source = 'alertmanager', name } = request.params as { source?: string; name?: string };
    return sources.get(source, name);
  };

  void app.register(async (scope) => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser('*', { parseAs: 'buffer', bodyLimit: MAX_BODY_BYTES }, (request, raw, done) => {
      const most = sourceOf(request).definition.maxBytes ?? MAX_BODY_BYTES;
      done(raw.length > most ? tooBig(most) : null, raw);
    });
    // Before the body is read, where the headers are enough.
    scope.addHook('preParsing', async (request) => {
      const source = sourceOf(request);
      requireMethod(request, source);
      const most = source.definition.maxBytes ?? MAX_BODY_BYTES;
      if (Number(request.headers['content-length'] ?? 0) > most) throw tooBig(most);
      receiver.admit(request, source);
    });
    for (const [url, method] of ROUTES) {
      scope.route({
        url, method: [...method], ...OPTIONS,
        handler: async (request, reply) => {
          const { status, body } = await receiver.receive(request, sourceOf(request));
          return reply.code(status).send(body);
        },
      });
    }
  });
}

const ROUTES = [
  ['/alerts', ['POST']],
  ['/api/v1/signals/:source', ['POST', 'PUT']],
  ['/api/v1/signals/:source/:name', ['POST', 'PUT']],
] as const;

const OPTIONS = {
  bodyLimit: MAX_BODY_BYTES,
  config: { isWebhook: true },
  schema: {
    tags: ['signals'],
    summary: 'Take alerts: start or join the remediation of each target',
    response: { 200: SignalResults, 202: SignalResults, '4xx': Problem, '5xx': Problem },
  },
};

const tooBig = (most: number): KubernautError => new KubernautError('PayloadTooLarge', `the body is too big; this source takes at most ${most} bytes`);

function requireMethod({ method }: FastifyRequest, { key, definition: { methods = ['POST'] } }: OpenSource): void {
  if ((methods as readonly string[]).includes(method)) return;
  throw new KubernautError('NotFound', `source ${key} takes no ${method}; send ${methods.join(' or ')}`);
}
