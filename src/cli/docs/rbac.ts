import { ACTION_GROUPS, groupOf } from '../../actions/groups.js';
import { KINDS } from '../../adapters/kubernetes/kinds.js';
import { permissionText } from '../action-page.js';
import { grantsOf, type Granted } from '../rbac/grants.js';
import { isReading } from '../rbac/rules.js';
import { code, generated, page, tableOf } from './markdown.js';

/** What the reference says of permissions; the files themselves are in deploy/rbac. */
export const renderRbac = (members: readonly Granted[]): string =>
  page(
    generated('Permissions in the cluster'),
    `Kubernaut comes to a cluster as three service accounts in namespace \`kubernaut-system\`: \`kubernaut-gateway\` has no rights and no token,
\`kubernaut-reader\` reads, \`kubernaut-executor\` writes. The executor's rights come in one Role per group of actions, bound in the namespaces where it may act.
The files are in \`deploy/rbac\`; what even a hijacked executor cannot do is in \`deploy/admission\`. [The guide](../guides/permissions.md) says how to apply both.`,
    tableOf(
      ['group', 'role', 'actions', 'allows'],
      ACTION_GROUPS.filter((g) => g.actions.some((id) => members.some((m) => m.id === id))).map((g) => [
        code(g.id), roleOf(g.id, members), g.actions.filter((id) => members.some((m) => m.id === id)).map(code).join(', '), `${g.summary}${g.isOffByDefault ? '; off by default' : ''}`,
      ]),
    ),
    tableOf(
      ['action', 'group', 'needs'],
      members.map((a) => [code(a.id), code(groupOf(a.id).id), a.permissions.map((p) => `${code(permissionText(p))}${isReading(p) ? ' as reader' : ''}`).join(', ') || 'nothing']),
    ),
    `Reading: ${KINDS.filter((k) => k.isCached).map((k) => k.kind).join(', ')}, and the logs of pods. Secrets are not among them; ConfigMaps only by name.
The right to create events lets \`kubectl describe\` show what Kubernaut did; without it the writes happen all the same.`,
  );

function roleOf(group: string, members: readonly Granted[]): string {
  const names = grantsOf(members).filter((g) => [`kubernaut-executor-${group}`, `kubernaut-executor-${group}-optional`].includes(g.name)).map((g) => `${code(g.name)} (${g.reach.kind})`);
  return names.join(', ') || '-';
}
