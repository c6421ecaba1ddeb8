import swagger from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import type { FastifyInstance } from 'fastify';

/** Collects the schemas of the routes; must be registered before them. */
export function addDocumentation(app: FastifyInstance, version: string): void {
  void app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: { title: 'Kubernaut', version, description: 'Autonomous remediation for Kubernetes. Errors are application/problem+json.' },
      components: { securitySchemes: { bearer: { type: 'http', scheme: 'bearer' } } },
      security: [{ bearer: [] }],
      tags: [
        { name: 'signals', description: 'alerts come in' },
        { name: 'remediations', description: 'what happened, and decisions' },
        { name: 'catalogue', description: 'what could be done' },
        { name: 'operations', description: 'the process itself' },
      ],
    },
  });
}

/** `/openapi.json` and `/docs`; after the routes. */
export function serveDocumentation(app: FastifyInstance): void {
  void app.register(swaggerUi, {
    routePrefix: '/docs',
    staticCSP: true,
    uiConfig: { docExpansion: 'list' },
    uiHooks: {},
  });
  app.after(() => {
    app.get('/openapi.json', { config: { isPublic: true }, schema: { hide: true } }, async () => app.swagger());
  });
}
