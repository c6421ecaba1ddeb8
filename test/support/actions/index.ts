import type { ActionId } from '../../../src/actions/index.js';
import type { ActionCase } from './action-case.js';
import { auditLogs } from './audit-logs.js';
import { createHeapDump } from './create-heap-dump.js';
import { enableDebugMode } from './enable-debug-mode.js';
import { backupData } from './backup-data.js';
import { expandPvc } from './expand-pvc.js';
import { cleanupStorage } from './cleanup-storage.js';
import { compactStorage } from './compact-storage.js';
import { failoverDatabase } from './failover-database.js';
import { increaseResources } from './increase-resources.js';
import { migrateWorkload } from './migrate-workload.js';
import { cordonNode, drainNode, uncordonNode } from './nodes.js';
import { quarantinePod } from './quarantine-pod.js';
import { collectDiagnostics, notifyOnly } from './reading.js';
import { repairDatabase } from './repair-database.js';
import { resetServiceMesh } from './reset-service-mesh.js';
import { restartDaemonset } from './restart-daemonset.js';
import { restartNetwork } from './restart-network.js';
import { restartPod } from './restart-pod.js';
import { rollbackDeployment } from './rollback-deployment.js';
import { rotateSecrets } from './rotate-secrets.js';
import { scaleDeployment } from './scale-deployment.js';
import { scaleStatefulset } from './scale-statefulset.js';
import { updateHpa } from './update-hpa.js';
import { updateNetworkPolicy } from './update-network-policy.js';

/** One case per action: what the suites over the registry need to play it, in memory and on a real API server. */
export const ACTION_CASES: Record<ActionId, ActionCase> = {
  scale_deployment: scaleDeployment,
  increase_resources: increaseResources,
  update_hpa: updateHpa,
  scale_statefulset: scaleStatefulset,
  restart_pod: restartPod,
  rollback_deployment: rollbackDeployment,
  quarantine_pod: quarantinePod,
  migrate_workload: migrateWorkload,
  cordon_node: cordonNode,
  uncordon_node: uncordonNode,
  drain_node: drainNode,
  restart_daemonset: restartDaemonset,
  restart_network: restartNetwork,
  reset_service_mesh: resetServiceMesh,
  expand_pvc: expandPvc,
  cleanup_storage: cleanupStorage,
  compact_storage: compactStorage,
  backup_data: backupData,
  failover_database: failoverDatabase,
  repair_database: repairDatabase,
  rotate_secrets: rotateSecrets,
  update_network_policy: updateNetworkPolicy,
  audit_logs: auditLogs,
  collect_diagnostics: collectDiagnostics,
  enable_debug_mode: enableDebugMode,
  create_heap_dump: createHeapDump,
  notify_only: notifyOnly,
};
