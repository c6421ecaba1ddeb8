import type { FastifyInstance } from 'fastify';
import { ActionInfo, ActionList, Info, Problem, ServiceInfo, type ActionInfo as Card } from '../../contracts/api.js';
import { KubernautError } from '../../domain/errors.js';
import type { ActionCard, GatewayDeps } from '../deps.js';
import { SERVICE } from '../readiness.js';
import { stormMember } from '../storm-state.js';

const DEFAULT_TIMEOUT_S = 300;
const errors = { '4xx': Problem, '5xx': Problem };

/** What can be done, how this installation is set up, who am I talking to. */
export function catalogueRoutes(app: FastifyInstance, deps: GatewayDeps, sources: readonly string[]): void {
  const tags = ['catalogue'];
  app.get('/api/v1/actions', { schema: { tags, summary: 'Every action of the catalogue', response: { 200: ActionList, ...errors } } }, async () => ({
    items: deps.actions.members.map(cardOf),
  }));
  app.get<{ Params: { id: string } }>('/api/v1/actions/:id', { schema: { tags, summary: 'One action', response: { 200: ActionInfo, ...errors } } }, async ({ params }) => {
    const action = deps.actions.members.find((a) => a.id === params.id);
    if (action) return cardOf(action);
    throw new KubernautError('NotFound', `there is no action ${params.id.slice(0, 100)}; known: ${deps.actions.members.map((a) => a.id).join(', ')}`);
  });
  infoRoutes(app, deps, sources);
}

const cardOf = (action: ActionCard): Card => ({
  id: action.id,
  summary: action.summary,
  tier: action.tier,
  targets: [...action.targets],
  undo: typeof action.undo === 'string' ? action.undo : action.undo.irreversible,
  timeout_seconds: action.timeoutS ?? DEFAULT_TIMEOUT_S,
  parameters: action.params,
  permissions: [...action.permissions],
  example: action.example,
});

function infoRoutes(app: FastifyInstance, { config, cluster, remediate, actions, version, storm, policy = () => config.policy }: GatewayDeps, sources: readonly string[]): void {
  const startedMs = Date.now();
  const links: Record<string, string> = {
    docs: '/docs',
    openapi: '/openapi.json',
    ...(remediate.links.api ? { api: remediate.links.api } : {}),
    ...(remediate.links.temporalUi ? { temporal: remediate.links.temporalUi } : {}),
  };
  app.get('/api/v1/info', { schema: { tags: ['operations'], summary: 'What is configured', response: { 200: Info, ...errors } } }, async () => ({
    service: SERVICE,
    version,
    uptime: Math.round((Date.now() - startedMs) / 1000),
    cluster,
    autonomy: policy().autonomy,
    dry_run: policy().dryRun,
    ...stormMember({ storm, cluster }),
    sources: [...sources],
    actions: actions.members.map((a) => a.id),
    channels: remediate.channels,
    has_model: remediate.hasModel,
    horizons: remediate.horizons.map((h) => h.name),
    links,
  }));
  app.get('/api/v1/service-info', { schema: { tags: ['operations'], summary: 'What this service offers', response: { 200: ServiceInfo, ...errors } } }, async () => ({
    service: SERVICE,
    version,
    description: 'Autonomous remediation for Kubernetes on Temporal.',
    capabilities: ['signals', 'remediations', 'approvals', 'actions', 'pauses'],
    endpoints: endpointsOf(app),
  }));
}

function endpointsOf(app: FastifyInstance): { method: string; path: string; summary: string }[] {
  const { paths = {} } = app.swagger() as { paths?: Record<string, Record<string, { summary?: string }>> };
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ method: method.toUpperCase(), path, summary: operation.summary ?? '' })),
  );
}
