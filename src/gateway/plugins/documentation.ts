import { createReadStream } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import swagger from '@fastify/swagger';
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

/** The files of Swagger UI, served one by one: its own plugin loads a static file server that Jest cannot load. */
const ASSETS: Record<string, string> = {
  'swagger-ui.css': 'text/css; charset=utf-8',
  'swagger-ui-bundle.js': 'text/javascript; charset=utf-8',
};

const PAGE = `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Kubernaut API</title><link rel="stylesheet" href="/docs/swagger-ui.css"></head>
<body><div id="docs"></div><script src="/docs/swagger-ui-bundle.js"></script><script src="/docs/start.js"></script></body></html>
`;
const START = `SwaggerUIBundle({ url: '/openapi.json', dom_id: '#docs', deepLinking: true });\n`;
const POLICY = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self'; frame-ancestors 'none'";

/** `/openapi.json` and `/docs`. They describe the surface and hold no data, so they need no token. */
export function serveDocumentation(app: FastifyInstance): void {
  const options = { config: { isPublic: true }, schema: { hide: true } };
  const folder = join(dirname(createRequire(import.meta.url).resolve('@fastify/swagger-ui')), 'static');
  app.get('/openapi.json', options, async () => app.swagger());
  app.get('/docs', options, async (_request, reply) => reply.type('text/html; charset=utf-8').header('content-security-policy', POLICY).send(PAGE));
  app.get('/docs/start.js', options, async (_request, reply) => reply.type('text/javascript; charset=utf-8').send(START));
  for (const path of ['/', '/docs/']) app.get(path, options, async (_request, reply) => reply.redirect('/docs'));
  for (const [file, type] of Object.entries(ASSETS)) {
    app.get(`/docs/${file}`, options, async (_request, reply) => reply.type(type).header('cache-control', 'max-age=86400').send(createReadStream(join(folder, file))));
  }
}
