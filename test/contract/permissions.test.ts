import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { parseAllDocuments } from 'yaml';
import { ACTION_GROUPS, groupOf } from '../../src/actions/groups.js';
import { actions } from '../../src/actions/index.js';
import { grantsOf } from '../../src/cli/rbac/grants.js';
import { manifestsFor, rbacFiles } from '../../src/cli/rbac/manifests.js';
import { ACCOUNTS, SYSTEM_NAMESPACE } from '../../src/cli/rbac/objects.js';
import { isReading, neverBecause, rulesOf, type Rule } from '../../src/cli/rbac/rules.js';
import { DEFAULT_POLICY } from '../../src/domain/policy.js';

const everything = manifestsFor({ namespaces: ['shop', 'data'], actions: actions.members, hasOptional: true });
const rulesIn = (kind: string) => everything.filter((m) => m.kind === kind).flatMap((m) => m.rules as Rule[]);

describe('the groups of actions', () => {
  it.each(actions.ids)('have %s in exactly one', (id) => {
    expect(ACTION_GROUPS.filter((g) => g.actions.includes(id)).map((g) => g.id)).toEqual([groupOf(id).id]);
  });
});

describe('the roles', () => {
  it('hold every declared verb, of the reader or the executor, and the executor nothing beyond them but events', () => {
    const held = (account: string) => grantsOf(actions.members).filter((g) => g.account === account).flatMap((g) => g.rules.flatMap((r) => r.verbs.map((v) => `${v} ${r.apiGroups[0]}/${r.resources[0]}`)));
    const declared = (isIn: (p: Parameters<typeof isReading>[0]) => boolean) =>
      actions.members.flatMap((a) => a.permissions.filter(isIn).flatMap((p) => p.verbs.map((v) => `${v} ${p.group}/${p.resource}${p.subresource ? `/${p.subresource}` : ''}`)));
    expect(new Set(held('executor'))).toEqual(new Set([...declared((p) => !isReading(p)), 'create events.k8s.io/events']));
    expect(held('reader')).toEqual(expect.arrayContaining(declared(isReading)));
  });

  it('give nobody what is never granted', () => {
    for (const rule of [...rulesIn('Role'), ...rulesIn('ClusterRole')]) expect({ rule, why: neverBecause(rule) }).toEqual({ rule, why: undefined });
  });

  it('let only nodes, and evictions from drained ones, reach over the whole cluster', () => {
    const writing = everything.filter((m) => m.kind === 'ClusterRole' && m.metadata.name.startsWith('kubernaut-executor')).flatMap((m) => m.rules as Rule[]);
    expect(writing.map((r) => [r.resources, r.verbs])).toEqual([[['nodes'], ['patch']], [['pods/eviction'], ['create']]]);
  });

  it('let the reader write nothing', () => {
    const reader = grantsOf(actions.members).filter((g) => g.account === 'reader').flatMap((g) => g.rules);
    expect([...new Set(reader.flatMap((r) => r.verbs))].sort()).toEqual(['get', 'list', 'watch']);
  });

  it('read no ConfigMap and no Secret but by name', () => {
    const all = [...rulesIn('Role'), ...rulesIn('ClusterRole')];
    expect(all.filter((r) => r.resources.includes('secrets'))).toEqual([]);
    const configMaps = all.filter((r) => r.resources.includes('configmaps'));
    expect([...new Set(configMaps.flatMap((r) => r.resourceNames ?? ['any']))].sort()).toEqual(['kubernaut-hooks', 'kubernaut-pause']);
  });

  it('are bound in the named namespaces, and in others only for the objects that an action names', () => {
    const bound = everything.filter((m) => m.kind === 'Role' && !['shop', 'data'].includes(m.metadata.namespace!));
    expect(bound.flatMap((m) => m.rules as Rule[]).every((r) => r.resourceNames!.length > 0)).toBe(true);
    const writing = bound.filter((m) => m.metadata.name.startsWith('kubernaut-executor')).flatMap((m) => m.rules as Rule[]);
    expect(new Set(writing.map((r) => r.verbs.join()))).toEqual(new Set(['patch']));
    expect(everything.filter((m) => m.kind === 'RoleBinding').every((m) => m.metadata.namespace !== undefined)).toBe(true);
  });

  it('give the gateway a service account without a token, and nothing else', () => {
    const gateway = everything.filter((m) => JSON.stringify(m).includes(ACCOUNTS.gateway));
    expect(gateway).toEqual([expect.objectContaining({ kind: 'ServiceAccount', automountServiceAccountToken: false })]);
    expect(DEFAULT_POLICY.protectedNamespaces).toContain(SYSTEM_NAMESPACE);
  });

  it('leave exec, fallbacks and events out unless somebody asks', () => {
    const usual = manifestsFor({ namespaces: ['shop'], actions: actions.members });
    expect(JSON.stringify(usual)).not.toMatch(/pods\/exec|ephemeralcontainers|-optional/);
    expect(rbacFiles(actions.members)['executor-namespace.yaml']).not.toMatch(/pods\/exec|events/);
  });

  it('read ConfigMaps that the policy names, when told', () => {
    const [role] = manifestsFor({ namespaces: ['shop'], actions: [], names: { configmaps: ['my-hooks'] } }).filter((m) => m.kind === 'Role' && m.metadata.namespace === 'shop');
    expect(role?.rules).toEqual([{ apiGroups: [''], resources: ['configmaps'], verbs: ['get'], resourceNames: ['my-hooks'] }]);
  });

  it.each([
    ['a wildcard', { group: '*', resource: 'pods', verbs: ['get'] }],
    ['every resource', { group: '', resource: '*', verbs: ['get'] }],
    ['Secrets', { group: '', resource: 'secrets', verbs: ['get'] }],
    ['tokens', { group: '', resource: 'serviceaccounts', subresource: 'token', verbs: ['create'] }],
    ['the kubelet', { group: '', resource: 'nodes', subresource: 'proxy', verbs: ['get'] }],
    ['attaching', { group: '', resource: 'pods', subresource: 'attach', verbs: ['create'] }],
    ['port forwarding', { group: '', resource: 'pods', subresource: 'portforward', verbs: ['create'] }],
    ['bare pods', { group: '', resource: 'pods', verbs: ['create'] }],
    ['whole collections', { group: '', resource: 'pods', verbs: ['deletecollection'] }],
    ['finalizers', { group: 'apps', resource: 'deployments', subresource: 'finalizers', verbs: ['update'] }],
    ['more rights', { group: 'rbac.authorization.k8s.io', resource: 'roles', verbs: ['escalate'] }],
    ['bindings', { group: 'rbac.authorization.k8s.io', resource: 'rolebindings', verbs: ['create'] }],
    ['definitions', { group: 'apiextensions.k8s.io', resource: 'customresourcedefinitions', verbs: ['patch'] }],
    ['webhooks', { group: 'admissionregistration.k8s.io', resource: 'validatingwebhookconfigurations', verbs: ['delete'] }],
    ['policies', { group: 'admissionregistration.k8s.io', resource: 'validatingadmissionpolicies', verbs: ['update'] }],
    ['impersonation', { group: '', resource: 'users', verbs: ['impersonate'] }],
  ])('cannot be generated with %s', (_what, permission) => {
    expect(() => rulesOf([{ ...permission, scope: 'namespace' }])).toThrow('no role may');
  });
});

interface Policy {
  kind: string;
  metadata: { name: string };
  spec: {
    failurePolicy?: string;
    matchConditions?: { expression: string }[];
    validations?: { reason?: string; message?: string; messageExpression?: string; expression: string }[];
    policyName?: string;
    validationActions?: string[];
  };
}

describe('the admission policies', () => {
  const folder = join('deploy', 'admission');
  const texts = readdirSync(folder).map((file) => readFileSync(join(folder, file), 'utf8'));
  const documents = texts.flatMap((text) => parseAllDocuments(text).map((d) => d.toJS() as Policy));
  const policies = documents.filter((d) => d.kind.endsWith('Policy'));

  it.each(policies.map((p) => [p.metadata.name, p] as const))('%s is about our accounts, bound, and refuses with Forbidden', (name, { kind, spec }) => {
    expect(spec.matchConditions?.[0]?.expression).toMatch(/^request\.userInfo\.username (==|in) .*system:serviceaccount:kubernaut-system:kubernaut-/);
    const binding = documents.find((d) => d.kind === `${kind}Binding` && d.spec.policyName === name);
    expect(binding).toBeDefined();
    if (kind === 'MutatingAdmissionPolicy') return expect(spec.failurePolicy).toBe('Ignore'); // no mark: refused by what asks for it
    expect(spec.failurePolicy).toBe('Fail');
    expect(binding?.spec.validationActions).toEqual(['Deny']);
    for (const v of spec.validations ?? []) expect(v).toEqual(expect.objectContaining({ reason: 'Forbidden' }));
    for (const v of spec.validations ?? []) expect(v.message ?? v.messageExpression).toBeTruthy();
  });

  it('know every request that an action may make', () => {
    const allowed = documents.find((d) => d.metadata.name === 'kubernaut-executor-scope')!.spec.validations![0]!.expression;
    const operations: Record<string, string> = { create: 'CREATE', update: 'UPDATE', patch: 'UPDATE', delete: 'DELETE' };
    const wanted = actions.members.flatMap((a) =>
      a.permissions.flatMap(({ group, resource, subresource, verbs }) =>
        verbs.flatMap((v) => (operations[v] ? [`${subresource === 'exec' ? 'CONNECT' : operations[v]} ${group}/${resource}${subresource ? `/${subresource}` : ''}`] : [])),
      ),
    );
    for (const one of wanted) expect(allowed).toContain(`"${one}"`);
  });

  it('protect the namespaces that the policy of the product protects', () => {
    const scope = documents.find((d) => d.metadata.name === 'kubernaut-executor-scope')!;
    for (const namespace of DEFAULT_POLICY.protectedNamespaces) expect(JSON.stringify(scope)).toContain(`\\"${namespace}\\"`);
    const workloads = JSON.stringify(documents.find((d) => d.metadata.name === 'kubernaut-executor-workloads'));
    for (const namespace of ['kube-system', 'istio-system', 'linkerd', 'calico-system', 'cilium']) expect(workloads).toContain(`\\"${namespace}\\"`);
  });
});
