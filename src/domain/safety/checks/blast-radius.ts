import { selects, type KubeObject } from '../../kube.js';
import type { Check } from '../facts.js';
import { findingsOf } from './finding.js';
import { evictedPods } from './subject.js';

const { deny } = findingsOf('blast_radius');

const SHARE = 0.1;
/** They never have more than their budgets allow, or one, down at once. */
const POD_BY_POD = ['drain_node', 'migrate_workload'];

/** At most 10 % (one at least) of the pods behind one Service at once (actions.md 1.5). A drain or a migration goes pod by pod under its budgets. */
export const blastRadius: Check = (f) => {
  const pods = POD_BY_POD.includes(f.step.action) ? [] : evictedPods(f);
  return f.world.list('Service').flatMap((service) => {
    const hit = pods.filter((p) => isBehind(service, p)).length;
    const all = hit > 1 ? f.world.list('Pod', service.metadata.namespace).filter((p) => isBehind(service, p)).length : 0;
    const most = Math.max(1, Math.floor(all * SHARE));
    return hit > most ? deny('blast_radius', `${hit} of ${all} pods behind service ${service.metadata.name} at once; at most ${most}`) : [];
  });
};

const isBehind = (service: KubeObject, pod: KubeObject): boolean =>
  service.metadata.namespace === pod.metadata.namespace && Object.keys(service.spec?.selector ?? {}).length > 0 && selects({ matchLabels: service.spec.selector }, pod.metadata.labels);
