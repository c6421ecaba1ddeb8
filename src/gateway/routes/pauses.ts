import type { FastifyInstance } from 'fastify';
import { PauseBody, PauseList, PauseScope, PauseSet, Problem, type PauseBody as Pause, type PauseScope as Scope, type PauseSet as Stopped } from '../../contracts/api.js';
import { KubernautError } from '../../domain/errors.js';
import { describeTarget } from '../../domain/target.js';
import type { GatewayDeps } from '../deps.js';
import { stormMember } from '../storm-state.js';
import { actorOf, covers, requireCovered, storeFor, type Identity } from '../identity.js';
import { timeFrom } from '../time-from.js';

const errors = { '4xx': Problem, '5xx': Problem };

/** The kill switch: stops new writes within seconds, everywhere or for a cluster, namespace or action. */
export function pauseRoutes(app: FastifyInstance, { store, config, storm, cluster: own, policy = () => config.policy, now = () => new Date().toISOString() }: GatewayDeps): void {
  const tags = ['operations'];
  app.get('/api/v1/pauses', { schema: { tags, summary: 'What is paused, by whom, why, until when', response: { 200: PauseList, ...errors } } }, async ({ identity }) => {
    const at = now();
    const set = await store.pauses();
    return { items: [...set, ...policy().pauses].filter((p) => (p.until === undefined || p.until > at) && isSeen(identity, p)), ...stormMember({ storm, cluster: own }) };
  });
  app.post<{ Body: Pause }>('/api/v1/pauses', { schema: { tags, summary: 'Pause a scope; without one, everything', body: PauseBody, response: { 201: PauseSet, ...errors } } }, async (request, reply) => {
    const { body, identity } = request;
    requireCovered(identity, body);
    const pause = { ...body, by: actorOf(request, body.by), ...(body.until === undefined ? {} : { until: endOf(body.until, now()) }) };
    await store.setPause(pause);
    await store.audit({ at: now(), actor: pause.by, verb: 'pause', subject: scopeText(pause), details: pause });
    return reply.code(201).send({ ...pause, stops: await stoppedBy(pause, storeFor(store, identity)) });
  });
  app.delete<{ Querystring: Scope }>('/api/v1/pauses', { schema: { tags, summary: 'Resume exactly this scope', querystring: PauseScope, response: { 200: PauseList, ...errors } } }, async (request) => {
    const { query, caller, identity } = request;
    requireCovered(identity, query);
    const { cluster, namespace, action } = query;
    const before = await store.pauses();
    const isMeant = (p: Scope): boolean => p.cluster === cluster && p.namespace === namespace && p.action === action;
    if (!before.some(isMeant)) throw new KubernautError('NotFound', `there is no pause of ${scopeText(query)}; see: kubernaut pauses`);
    await store.setPause({ remove: { cluster, namespace, action } });
    await store.audit({ at: now(), actor: identity?.name ?? caller ?? 'api', verb: 'resume', subject: scopeText(query) });
    return { items: before.filter((p) => !isMeant(p) && isSeen(identity, p)) };
  });
}

/** A pause of everything stops them, too. */
const isSeen = (identity: Identity | undefined, { cluster, namespace }: Scope): boolean =>
  (cluster === undefined || covers(identity && { ...identity, namespaces: undefined }, { cluster })) && (namespace === undefined || covers(identity && { ...identity, clusters: undefined }, { namespace }));

const BEFORE_OR_IN_WRITE = ['received', 'enriching', 'analyzing', 'planning', 'validating', 'awaiting_approval', 'executing'] as const;

/** At most 500 of each phase: enough for people, who see the rest in `kubernaut list`. */
async function stoppedBy({ cluster, namespace, action }: Scope, store: GatewayDeps['store']): Promise<Stopped['stops']> {
  const lists = await Promise.all(BEFORE_OR_IN_WRITE.map((phase) => store.listRemediations({ phase, limit: 500, ...(namespace ? { namespace } : {}) })));
  return lists
    .flatMap(({ items }) => items)
    .filter((r) => (cluster === undefined || r.cluster === cluster) && (action === undefined || r.plan?.steps.some((s) => s.action === action) === true))
    .map((r) => ({ id: r.id, target: describeTarget(r.target), phase: r.phase }));
}

const scopeText = (s: Scope): string => Object.entries({ cluster: s.cluster, namespace: s.namespace, action: s.action }).flatMap(([k, v]) => (v ? [`${k} ${v}`] : [])).join(', ') || 'everything';

function endOf(text: string, at: string): string {
  const end = timeFrom(text, Date.parse(at), 'on');
  if (Date.parse(end) <= Date.parse(at)) throw new KubernautError('InvalidParams', `until ${text} has passed; give a later time or a duration like 2h`);
  return end;
}
