import type { ActionId } from '../../../src/actions/index.js';
import type { ActionCase } from './action-case.js';
import { backupData } from './backup-data.js';
import { increaseResources } from './increase-resources.js';
import { cordonNode, drainNode, uncordonNode } from './nodes.js';
import { collectDiagnostics, notifyOnly } from './reading.js';
import { restartPod } from './restart-pod.js';
import { rollbackDeployment } from './rollback-deployment.js';
import { scaleDeployment } from './scale-deployment.js';
import { updateHpa } from './update-hpa.js';

/** One case per action: what the suites over the registry need to play it, in memory and on a real API server. */
export const ACTION_CASES: Record<ActionId, ActionCase> = {
  scale_deployment: scaleDeployment,
  increase_resources: increaseResources,
  update_hpa: updateHpa,
  restart_pod: restartPod,
  rollback_deployment: rollbackDeployment,
  cordon_node: cordonNode,
  uncordon_node: uncordonNode,
  drain_node: drainNode,
  backup_data: backupData,
  collect_diagnostics: collectDiagnostics,
  notify_only: notifyOnly,
};
