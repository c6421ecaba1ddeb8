import type { Remediation } from '../contracts/remediation.js';
import { isKubernautError, KubernautError } from '../domain/errors.js';
import { describeTarget } from '../domain/target.js';
import type { GatewayDeps } from './deps.js';

/** As many of a target as tell whether it is one target. */
const CANDIDATES = 50;

/**
 * By id, unique prefix, `kind/name`, or a name beside its namespace: the newest remediation of that target. Throws NotFound,
 * and Conflict when several targets are meant: a decision must not reach another one than the person had in mind.
 */
export async function findRemediation({ store }: Pick<GatewayDeps, 'store'>, id: string, namespace: string | undefined): Promise<Remediation> {
  if (!id.includes('/')) {
    try {
      return await store.getRemediation(id);
    } catch (error) {
      if (namespace === undefined || !isKubernautError(error, 'NotFound')) throw error;
    }
  }
  const { items } = await store.listRemediations({ target: id, ...(namespace ? { namespace } : {}), limit: CANDIDATES });
  const newest = new Map(items.toReversed().map((r) => [r.workflow_id, r]));
  if (newest.size > 1) throw several(id, [...newest.values()]);
  if (items[0]) return items[0];
  throw new KubernautError('NotFound', `there is no remediation of ${id.slice(0, 300)}${namespace ? ` in ${namespace.slice(0, 253)}` : ''}; see: kubernaut list`);
}

const several = (id: string, found: readonly Remediation[]): KubernautError => {
  const named = found.slice(0, 5).map((r) => `${describeTarget(r.target)} on ${r.cluster} (${r.id})`).join(', ');
  return new KubernautError('Conflict', `${id.slice(0, 300)} names several targets: ${named}; give the namespace, or the id`);
};

/** The document as it is now: an open workflow knows more than the store. */
export async function currentRemediation(deps: Pick<GatewayDeps, 'store' | 'temporal'>, id: string, namespace: string | undefined): Promise<Remediation> {
  const stored = await findRemediation(deps, id, namespace);
  if (stored.phase === 'closed') return stored;
  return (await deps.temporal.status({ workflowId: stored.workflow_id, remediationId: stored.id })) ?? stored;
}
