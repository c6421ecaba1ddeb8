import type { Rule } from './rules.js';

/** Where Kubernaut lives in a cluster, and as whom its parts come. The admission policies name the same. */
export const SYSTEM_NAMESPACE = 'kubernaut-system';
export const ACCOUNTS = { gateway: 'kubernaut-gateway', reader: 'kubernaut-reader', executor: 'kubernaut-executor' } as const;
export type Account = keyof typeof ACCOUNTS;

export interface Manifest {
  apiVersion: string;
  kind: 'Namespace' | 'ServiceAccount' | 'Role' | 'ClusterRole' | 'RoleBinding' | 'ClusterRoleBinding';
  metadata: { name: string; namespace?: string; labels: Record<string, string>; annotations?: Record<string, string> };
  [part: string]: unknown;
}

const RBAC = 'rbac.authorization.k8s.io';
const LABELS = { 'app.kubernetes.io/name': 'kubernaut', 'app.kubernetes.io/managed-by': 'kubernaut' };

export interface Grant {
  name: string;
  account: Account;
  rules: Rule[];
  /** What it is good for, for people who look at the cluster. */
  about: string;
}

const metadataOf = ({ name, about }: Pick<Grant, 'name' | 'about'>, namespace?: string): Manifest['metadata'] => ({
  name,
  ...(namespace ? { namespace } : {}),
  labels: LABELS,
  annotations: { 'kubernaut.io/about': about },
});

const subjectsOf = (account: Account) => [{ kind: 'ServiceAccount', name: ACCOUNTS[account], namespace: SYSTEM_NAMESPACE }];

/** The Role and its binding, in one namespace; without one, in the namespace that `kubectl apply -n` names. */
export const namespaced = (grant: Grant, namespace?: string): Manifest[] => [
  { apiVersion: `${RBAC}/v1`, kind: 'Role', metadata: metadataOf(grant, namespace), rules: grant.rules },
  { apiVersion: `${RBAC}/v1`, kind: 'RoleBinding', metadata: metadataOf(grant, namespace), roleRef: { apiGroup: RBAC, kind: 'Role', name: grant.name }, subjects: subjectsOf(grant.account) },
];

export const clusterWide = (grant: Grant): Manifest[] => [
  { apiVersion: `${RBAC}/v1`, kind: 'ClusterRole', metadata: metadataOf(grant), rules: grant.rules },
  { apiVersion: `${RBAC}/v1`, kind: 'ClusterRoleBinding', metadata: metadataOf(grant), roleRef: { apiGroup: RBAC, kind: 'ClusterRole', name: grant.name }, subjects: subjectsOf(grant.account) },
];

/** The gateway asks the cluster nothing, so it gets no token to ask with. */
export const accounts = (): Manifest[] => [
  {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name: SYSTEM_NAMESPACE, labels: { ...LABELS, 'pod-security.kubernetes.io/enforce': 'restricted' } },
  },
  ...(['gateway', 'reader', 'executor'] as const).map(
    (account): Manifest => ({
      apiVersion: 'v1',
      kind: 'ServiceAccount',
      metadata: { name: ACCOUNTS[account], namespace: SYSTEM_NAMESPACE, labels: LABELS },
      automountServiceAccountToken: false,
    }),
  ),
];
