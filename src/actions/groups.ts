import { MESHES } from './mesh.js';
import { NETWORK_COMPONENTS } from './network-components.js';

/**
 * The executor's rights come in one Role per group (actions.md 3.1): whoever runs a cluster binds the groups it wants, per
 * namespace. A group holds actions that somebody would allow together.
 */
export interface ActionGroup {
  id: string;
  /** What binding it allows, for people. */
  summary: string;
  actions: readonly string[];
  /** Not bound unless somebody asks for it by name. */
  isOffByDefault?: boolean;
}

export const ACTION_GROUPS: readonly ActionGroup[] = [
  { id: 'scaling', summary: 'replicas of workloads, bounds of autoscalers', actions: ['scale_deployment', 'scale_statefulset', 'update_hpa'] },
  { id: 'workloads', summary: 'resources, earlier revisions and restarts of workloads', actions: ['increase_resources', 'rollback_deployment', 'restart_daemonset'] },
  { id: 'pods', summary: 'eviction and rolling restart', actions: ['restart_pod'] },
  { id: 'nodes', summary: 'cordon, uncordon, drain, moving a workload off a node', actions: ['cordon_node', 'uncordon_node', 'drain_node', 'migrate_workload'] },
  { id: 'network', summary: 'our own NetworkPolicies: isolating a pod, allowing one flow', actions: ['quarantine_pod', 'update_network_policy'] },
  { id: 'components', summary: 'restart of named DNS, proxy, CNI and ingress workloads', actions: ['restart_network'] },
  { id: 'mesh', summary: 'restart of a mesh\'s named controllers and of workloads in it', actions: ['reset_service_mesh'] },
  { id: 'storage', summary: 'claims, finished pods and jobs, snapshots, compaction', actions: ['expand_pvc', 'cleanup_storage', 'backup_data', 'compact_storage'] },
  { id: 'databases', summary: 'switchover and repair through a database\'s operator', actions: ['failover_database', 'repair_database'] },
  { id: 'credentials', summary: 'refresh through External Secrets and cert-manager', actions: ['rotate_secrets'] },
  { id: 'debugging', summary: 'declared debug modes', actions: ['enable_debug_mode'] },
  { id: 'heap-dumps', summary: 'a fixed program inside a container: the only right to exec', actions: ['create_heap_dump'], isOffByDefault: true },
  { id: 'diagnostics', summary: 'reading and telling only', actions: ['collect_diagnostics', 'audit_logs', 'notify_only'] },
];

const byAction = new Map(ACTION_GROUPS.flatMap((group) => group.actions.map((action) => [action, group] as const)));

/** An action that no group names yet is a group of its own, so that it can be bound, or not, by itself. */
export const groupOf = (action: string): ActionGroup => byAction.get(action) ?? { id: action.replaceAll('_', '-'), summary: action.replaceAll('_', ' '), actions: [action] };

/** Where the objects live that an action's permissions name. Such rights exist nowhere else. */
const PLACES: Readonly<Record<string, readonly string[]>> = {
  restart_network: [...new Set(Object.values(NETWORK_COMPONENTS).flatMap((c) => c.namespaces))].sort(),
  reset_service_mesh: Object.values(MESHES).map((m) => m.namespace).sort(),
};

export const placesOf = (action: string): readonly string[] => PLACES[action] ?? [];
