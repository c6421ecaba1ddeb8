import { registryOf } from '../domain/registry.js';
import { auditLogs } from './audit-logs.js';
import { backupData } from './backup-data.js';
import { cleanupStorage } from './cleanup-storage.js';
import { collectDiagnostics } from './collect-diagnostics.js';
import { compactStorage } from './compact-storage.js';
import { cordonNode } from './cordon-node.js';
import { createHeapDump } from './create-heap-dump.js';
import type { ActionDefinition } from './define.js';
import { drainNode } from './drain-node.js';
import { enableDebugMode } from './enable-debug-mode.js';
import { expandPvc } from './expand-pvc.js';
import { failoverDatabase } from './failover-database.js';
import { increaseResources } from './increase-resources.js';
import { migrateWorkload } from './migrate-workload.js';
import { notifyOnly } from './notify-only.js';
import { quarantinePod } from './quarantine-pod.js';
import { repairDatabase } from './repair-database.js';
import { resetServiceMesh } from './reset-service-mesh.js';
import { restartDaemonset } from './restart-daemonset.js';
import { restartNetwork } from './restart-network.js';
import { restartPod } from './restart-pod.js';
import { rollbackDeployment } from './rollback-deployment.js';
import { rotateSecrets } from './rotate-secrets.js';
import { scaleDeployment } from './scale-deployment.js';
import { scaleStatefulset } from './scale-statefulset.js';
import { uncordonNode } from './uncordon-node.js';
import { updateHpa } from './update-hpa.js';
import { updateNetworkPolicy } from './update-network-policy.js';

const MEMBERS = [
  scaleDeployment,
  increaseResources,
  updateHpa,
  scaleStatefulset,
  restartPod,
  rollbackDeployment,
  quarantinePod,
  migrateWorkload,
  cordonNode,
  uncordonNode,
  drainNode,
  restartDaemonset,
  restartNetwork,
  resetServiceMesh,
  expandPvc,
  cleanupStorage,
  compactStorage,
  backupData,
  updateNetworkPolicy,
  failoverDatabase,
  repairDatabase,
  rotateSecrets,
  auditLogs,
  collectDiagnostics,
  enableDebugMode,
  createHeapDump,
  notifyOnly,
] as const;

/** Ids are permanent: they live in workflow histories. */
export type ActionId = (typeof MEMBERS)[number]['id'];

/** Any member, its parameters as checked JSON. */
export type Action = ActionDefinition<ActionId>;

export const actions = registryOf<Action>('action', MEMBERS as readonly unknown[] as readonly Action[]);

/** `ScaleDeployment`, `UpdateHPA` and `scale_deployment` name the same action; an unknown name comes back in snake case. */
export const canonicalActionId = (name: string): string =>
  name
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .replace(/([A-Z]+)([A-Z][a-z])/g, '$1_$2')
    .toLowerCase();
