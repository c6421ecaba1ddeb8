import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Permission } from '../../src/actions/define.js';
import { actions, type ActionId } from '../../src/actions/index.js';
import { createAssertPermitted } from '../../src/activities/assert-permitted.js';
import { accessReviews } from '../../src/adapters/kubernetes/access-review.js';
import { applyChange, type ApplyDeps } from '../../src/adapters/kubernetes/apply.js';
import { openConnection, type Connection } from '../../src/adapters/kubernetes/connection.js';
import { loadKubeConfig } from '../../src/adapters/kubernetes/load-config.js';
import { restOver } from '../../src/adapters/kubernetes/rest.js';
import { isReading, type Rule } from '../../src/cli/rbac/rules.js';
import { isKubernautError } from '../../src/domain/errors.js';
import type { Step } from '../../src/domain/plan.js';
import type { LiveCase } from '../support/actions/action-case.js';
import { clusterRef, healthyDatabase } from '../support/actions/databases.js';
import { ACTION_CASES } from '../support/actions/index.js';
import { openStage, type Stage } from '../support/actions/stage.js';

/** One verb on one resource of the executor, and an action that needs it. */
interface Right {
  permission: Permission;
  verb: string;
  actions: ActionId[];
}

const resourceOf = ({ resource, subresource }: Permission): string => `${resource}${subresource ? `/${subresource}` : ''}`;
const keyOf = (p: Permission, verb: string): string => `${verb} ${p.group || 'core'} ${resourceOf(p)}${p.names ? ' by name' : ''}`;

/** Everything an action declares and cannot do without, once per verb and resource over the whole catalogue. */
function rights(): [string, Right][] {
  const all = new Map<string, Right>();
  for (const action of actions.members) {
    for (const permission of action.permissions.filter((p) => !isReading(p) && !p.isOptional)) {
      for (const verb of permission.verbs) {
        const known = all.get(keyOf(permission, verb));
        all.set(keyOf(permission, verb), { permission, verb, actions: [...(known?.actions ?? []), action.id] });
      }
    }
  }
  return [...all];
}

interface Prepared {
  title: string;
  step: Step;
  actionId: string;
}

/** Rights that the cases of the other suites do not come to. */
const ALSO: Partial<Record<ActionId, Pick<LiveCase, 'name' | 'prepare'>[]>> = {
  backup_data: [
    {
      name: 'a database',
      async prepare(on) {
        const ns = await healthyDatabase(on);
        const { namespace, name } = clusterRef(ns);
        await on.person(`/apis/postgresql.cnpg.io/v1/namespaces/${namespace}/clusters/${name}`, { spec: { backup: { volumeSnapshot: { className: 'csi' } } } });
        await on.seen((w) => w.get('Cluster', ns, name)?.spec?.backup !== undefined);
        return { ref: clusterRef(ns), params: { namespace: ns, database: name }, writes: [], picture: (o) => o.spec };
      },
    },
  ],
};

let stage: Stage;
const prepared = new Map<ActionId, Prepared[]>();
/** Refused under the roles as they are shipped. */
const refusedAnyway: string[] = [];
let reading: Connection;
let writing: Connection;

/**
 * Every live case is set up, planned and tried once. What uses objects that cases share (nodes, kube-system) is taken down at once:
 * its step can still be asked about, and its dry run then says at most that the object moved on.
 */
beforeAll(async () => {
  stage = await openStage();
  const as = (kubeconfig: string) => openConnection(loadKubeConfig({ name: 'test', kubeconfig }), { userAgent: 'kubernaut/9.9.9' });
  [reading, writing] = [as(stage.identities.reader), as(stage.identities.executor)];
  for (const [id, { live }] of Object.entries(ACTION_CASES) as [ActionId, (typeof ACTION_CASES)[ActionId]][]) {
    for (const one of [...live, ...(ALSO[id] ?? [])]) {
      const scene = await one.prepare(stage);
      const actionId = stage.newActionId();
      const step = stage.planned({ action: id, actionId, ...scene });
      const ready = { title: `${id}${one.name ? `, ${one.name}` : ''}`, step, actionId };
      prepared.set(id, [...(prepared.get(id) ?? []), ready]);
      if ((await tryOut(ready)) === 'Forbidden') refusedAnyway.push(ready.title);
      await scene.clean?.();
    }
  }
}, 900_000);

afterAll(async () => {
  reading?.close();
  writing?.close();
  await stage?.stop();
}, 120_000);

/** As `makePlan` does it: asks for every verb, then sends each write as a dry run. Fresh answers each time. */
async function tryOut({ step, actionId }: Prepared): Promise<'accepted' | 'Forbidden'> {
  const rest = restOver(reading, writing);
  const deps: ApplyDeps = { connection: writing, rest, world: () => stage.cluster.world(), version: '9.9.9', instance: 'test', now: () => new Date().toISOString() };
  try {
    await createAssertPermitted({ actions })({ isAllowed: accessReviews(rest, () => performance.now()) }, step);
    for (const change of step.changes.filter((c) => c.op !== 'call')) await applyChange(deps, change, { actionId, isDryRun: true });
    return 'accepted';
  } catch (error) {
    if (isKubernautError(error, 'Forbidden')) return 'Forbidden';
    // a budget that is used up and an object that moved on meanwhile are no matter of rights
    if (isKubernautError(error, 'PdbBlocked', 'PreconditionChanged', 'ConflictTransient', 'TargetNotFound', 'TargetReplaced')) return 'accepted';
    // of a case that was taken down: not even evictions are created there any more
    if (isKubernautError(error, 'AdmissionDenied') && error.message.includes('being terminated')) return 'accepted';
    throw error;
  }
}

interface Role {
  kind: string;
  metadata: { name: string; namespace?: string };
  rules: Rule[];
}

const pathOf = ({ kind, metadata: { namespace, name } }: Role): string =>
  `/apis/rbac.authorization.k8s.io/v1${namespace ? `/namespaces/${namespace}` : ''}/${kind.toLowerCase()}s/${name}`;

async function executorRoles(): Promise<Role[]> {
  const lists = await Promise.all((['Role', 'ClusterRole'] as const).map(async (kind) => {
    const { items } = await stage.admin.request<{ items: Role[] }>('GET', `/apis/rbac.authorization.k8s.io/v1/${kind.toLowerCase()}s?labelSelector=app.kubernetes.io%2Fname%3Dkubernaut`);
    return items.map((r) => ({ ...r, kind }));
  }));
  return lists.flat().filter((r) => r.metadata.name.startsWith('kubernaut-executor'));
}

const hasRight = (rule: Rule, { permission, verb }: Right): boolean =>
  rule.apiGroups[0] === permission.group && rule.resources[0] === resourceOf(permission) && rule.verbs.includes(verb) && (rule.resourceNames !== undefined) === (permission.names !== undefined);

/** Takes one verb away wherever the executor holds it; returns what gives it back. */
async function without(right: Right): Promise<() => Promise<void>> {
  const holders = (await executorRoles()).filter((r) => r.rules.some((rule) => hasRight(rule, right)));
  const less = (rules: Rule[]) => rules.map((r) => (hasRight(r, right) ? { ...r, verbs: r.verbs.filter((v) => v !== right.verb) } : r)).filter((r) => r.verbs.length > 0);
  await Promise.all(holders.map((r) => stage.admin.request('merge', pathOf(r), { rules: less(r.rules) })));
  return async () => void (await Promise.all(holders.map((r) => stage.admin.request('merge', pathOf(r), { rules: r.rules }))));
}

/** The authorizer follows its own watch. */
async function eventuallyForbidden(cases: readonly Prepared[]): Promise<string[]> {
  for (let n = 0; n < 20; n++) {
    const refused: string[] = [];
    for (const one of cases) if ((await tryOut(one)) === 'Forbidden') refused.push(one.title);
    if (refused.length > 0) return refused;
    await sleep(100);
  }
  return [];
}

describe('with the shipped roles', () => {
  it('every live case of every action is accepted', () => {
    expect(refusedAnyway).toEqual([]);
    expect(prepared.size).toBe(Object.values(ACTION_CASES).filter((c) => c.live.length > 0).length);
  });
});

describe('without one verb', () => {
  it.each(rights())('%s, an action is refused', async (_name, right) => {
    const cases = right.actions.flatMap((id) => prepared.get(id) ?? []);
    expect(cases.length).toBeGreaterThan(0);
    const giveBack = await without(right);
    try {
      expect(await eventuallyForbidden(cases)).not.toEqual([]);
    } finally {
      await giveBack();
    }
  }, 60_000);
});

describe('the gateway', () => {
  it('may do nothing but ask what it may do', async () => {
    const gateway = openConnection(loadKubeConfig({ name: 'test', kubeconfig: stage.identities.gateway }), { userAgent: 'x' });
    const review = { apiVersion: 'authorization.k8s.io/v1', kind: 'SelfSubjectRulesReview', spec: { namespace: 'default' } };
    const { status } = (await gateway.request({ verb: 'create', path: '/apis/authorization.k8s.io/v1/selfsubjectrulesreviews', body: review })) as { status: { resourceRules: Rule[] } };
    gateway.close();
    expect(status.resourceRules.flatMap((r) => r.resources).filter((r) => !/^self.*reviews$/.test(r))).toEqual([]);
  });
});
