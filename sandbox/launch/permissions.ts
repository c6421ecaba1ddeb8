import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseAllDocuments } from 'yaml';
import { actions } from '../../src/actions/index.js';
import { CONFIGURATION_READ, grantsOf } from '../../src/cli/rbac/grants.js';
import { manifestsFor, namespaceManifests } from '../../src/cli/rbac/manifests.js';
import { accounts, ACCOUNTS, clusterWide, SYSTEM_NAMESPACE, type Account, type Manifest } from '../../src/cli/rbac/objects.js';
import { kubeClientOf, type KubeClient } from '../simulator/kube-client.js';
import type { ControlPlane } from './control-plane.js';
import { kubeconfigFor } from './kubeconfig.js';
import { packageRoot } from './package-root.js';

/** Kubeconfigs of the product's service accounts. */
export type Identities = Record<Account, string>;

/** The sandbox is thrown away before its tokens are. */
const TOKEN_S = 365 * 24 * 3600;
const POLICY_PATIENCE_MS = 20_000;

export interface PermissionOptions {
  /** `everywhere`: a sandbox's namespaces come and go by the second. A list: Roles and bindings there, as in a real cluster. */
  namespaces: 'everywhere' | readonly string[];
}

/** Service accounts, roles, bindings and admission policies as a real cluster would get them; resolves when they are in force. */
export async function installPermissions(plane: Pick<ControlPlane, 'kubeconfig' | 'server' | 'pkiDir'>, { namespaces }: PermissionOptions): Promise<Identities> {
  const client = kubeClientOf(plane.kubeconfig);
  try {
    const rights = namespaces === 'everywhere' ? rightsEverywhere() : manifestsFor({ namespaces, actions: actions.members, hasOptional: true }).filter((m) => !isAbsentPlace(m, namespaces));
    // the bounds first: no right is there a moment before what bounds it
    await applyAll(client, admissionManifests());
    await applyAll(client, rights);
    const identities = await identitiesOf(client, plane);
    await untilInForce(identities.executor);
    return identities;
  } finally {
    client.close();
  }
}

/** What one more namespace of a cluster needs before Kubernaut may act there. */
export const bindNamespace = (client: KubeClient, namespace: string): Promise<void> => applyAll(client, namespaceManifests(namespace, { actions: actions.members, hasOptional: true }));

/** The rules of the namespaced roles, bound in the whole cluster. Only here: a real cluster binds namespace by namespace. */
const rightsEverywhere = (): Manifest[] => [...accounts(), ...[...grantsOf(actions.members), CONFIGURATION_READ].flatMap((grant) => clusterWide({ ...grant, name: grant.reach.kind === 'cluster' ? grant.name : `${grant.name}-everywhere` }))];

/** Places that a cluster does not have: no Cilium, no namespace for it. */
const isAbsentPlace = ({ metadata }: Manifest, namespaces: readonly string[]): boolean =>
  metadata.namespace !== undefined && ![SYSTEM_NAMESPACE, 'kube-system', ...namespaces].includes(metadata.namespace);

/** deploy/admission, document by document. */
export function admissionManifests(): Manifest[] {
  const folder = join(packageRoot(), 'deploy', 'admission');
  return readdirSync(folder).sort().flatMap((file) => parseAllDocuments(readFileSync(join(folder, file), 'utf8')).map((d) => d.toJS() as Manifest));
}

const PLURALS: Record<string, string> = {
  ValidatingAdmissionPolicy: 'validatingadmissionpolicies', MutatingAdmissionPolicy: 'mutatingadmissionpolicies',
};

export function pathOf({ apiVersion, kind, metadata: { namespace, name } }: Manifest): string {
  const root = apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
  return `${root}${namespace ? `/namespaces/${namespace}` : ''}/${PLURALS[kind] ?? `${kind.toLowerCase()}s`}/${name}`;
}

/** Server-side apply: a second start finds what the first one made and brings it up to date. */
async function applyAll(client: KubeClient, manifests: readonly Manifest[]): Promise<void> {
  const isFirst = (m: Manifest): boolean => m.kind === 'Namespace';
  for (const part of [manifests.filter(isFirst), manifests.filter((m) => !isFirst(m))]) {
    await Promise.all(part.map((m) => client.request('apply', `${pathOf(m)}?fieldManager=kubernaut-sandbox&force=true`, m)));
  }
}

async function identitiesOf(client: KubeClient, { server, pkiDir }: Pick<ControlPlane, 'server' | 'pkiDir'>): Promise<Identities> {
  const entries = Object.entries(ACCOUNTS).map(async ([account, name]) => {
    const path = `/api/v1/namespaces/${SYSTEM_NAMESPACE}/serviceaccounts/${name}/token`;
    const { status } = await client.request<{ status: { token: string } }>('POST', path, { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: { expirationSeconds: TOKEN_S } });
    const file = join(dirname(pkiDir), `${account}.kubeconfig`);
    writeFileSync(file, kubeconfigFor({ server, pkiDir, client: name, token: status.token }), { mode: 0o600 });
    return [account, file] as const;
  });
  return Object.fromEntries(await Promise.all(entries)) as Identities;
}

/** What RBAC allows and only a policy refuses. The pod is not there, and a dry run would leave it there. */
const PROBE = '/api/v1/namespaces/default/pods/none/eviction?dryRun=All';
const BARE_EVICTION = { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { namespace: 'default', name: 'none' } };

/** The API server takes up roles and policies in its own time. */
async function untilInForce(executor: string): Promise<void> {
  const client = kubeClientOf(executor);
  try {
    let answer = '';
    for (const deadline = Date.now() + POLICY_PATIENCE_MS; Date.now() < deadline; await sleep(50)) {
      answer = await client.request('POST', PROBE, BARE_EVICTION).then(() => 'accepted', (error: unknown) => (error as Error).message);
      if (answer.includes('ValidatingAdmissionPolicy')) return;
    }
    throw new Error(`the roles and policies of Kubernaut are not in force after ${POLICY_PATIENCE_MS / 1000} s: ${answer}`);
  } finally {
    client.close();
  }
}
