import { actions } from '../../actions/index.js';
import { isClusterNamed, type Loaded } from '../../config/load.js';
import type { Config } from '../../config/schema.js';
import { clientOf, type ClientOptions } from '../client.js';
import { findRunFile, isAlive, type RunFile } from '../run-file.js';
import { checkAlertManager } from './alertmanager.js';
import { checkChannels } from './channels.js';
import { failedCheck, type Check, type Ward } from './check.js';
import { checkConfig } from './config.js';
import { checkDatabase } from './database.js';
import { checkFilters } from './filters.js';
import { checkGateway } from './gateway.js';
import { checkInvestigators } from './investigators.js';
import { checkKubernetes } from './kubernetes.js';
import { checkEmbeddings, checkModels } from './model.js';
import { checkNode } from './node.js';
import { checkTemporal } from './temporal.js';
import { checkVectors } from './vectors.js';

const GATEWAY_PATIENCE_MS = 5000;

/** Looks at everything Kubernaut stands on, side by side; rows in the order a person would look. */
export async function examine(options: ClientOptions, isFixing: boolean): Promise<Check[]> {
  const { dataDir } = options;
  const run = runningIn(dataDir);
  const client = run || options.gateway ? clientOf({ ...options, timeoutMs: GATEWAY_PATIENCE_MS }) : undefined;
  const { checks, loaded } = checkConfig(dataDir, actions.ids, run);
  const first = [checkNode(), ...checks];
  if (!loaded) {
    const gateway = await checkGateway({ client });
    return [...first, ...gateway, { check: 'everything else', state: 'off', detail: 'not looked at', next: 'correct the configuration first' }];
  }
  const ward: Ward = { dataDir, config: run ? withRunning(loaded, run) : loaded.config, isFixing, ...(run ? { run } : {}), ...(client ? { client } : {}) };
  const groups = await Promise.all([
    guarded('gateway', checkGateway(ward)),
    guarded('temporal', checkTemporal(ward)),
    guarded('database', checkDatabase(ward)),
    guarded('cluster', checkKubernetes(ward)),
    guarded('model', checkModels(ward)),
    guarded('investigation', checkInvestigators(ward)),
    guarded('embeddings', checkEmbeddings(ward).then((c) => [c])),
    guarded('vectors', checkVectors(ward).then((c) => [c])),
    guarded('channels', checkChannels(ward)),
    guarded('filters', checkFilters(ward)),
    guarded('alertmanager', checkAlertManager(ward)),
  ]);
  return [...first, ...groups.flat()];
}

/** One check that breaks must not hide what the others found. */
const guarded = (check: string, checks: Promise<Check[]>): Promise<Check[]> => checks.catch((error: unknown) => [failedCheck(check, error)]);

/** The servers that `up` started are in no configuration; what somebody names is looked at instead. */
function withRunning({ config, ...loaded }: Loaded, run: RunFile): Config {
  const { kubeconfig, context } = run.kubernetes;
  return {
    ...config,
    temporal: config.temporal.address === undefined ? { ...config.temporal, address: run.temporal.address, namespace: run.temporal.namespace } : config.temporal,
    kubernetes: isClusterNamed({ config, ...loaded }) ? config.kubernetes : { ...config.kubernetes, ...(kubeconfig === undefined ? {} : { kubeconfig }), ...(context === undefined ? {} : { context }) },
  };
}

function runningIn(dataDir: string): RunFile | undefined {
  const run = findRunFile(dataDir);
  return run?.pids.up !== undefined && isAlive(run.pids.up) ? run : undefined;
}
