import { deploymentOf, podOf, replicaSetOf } from '../objects.js';
import type { ActionCase } from './action-case.js';

const deployment = deploymentOf('api');
const set = replicaSetOf(deployment, 1, { available: 2 });
const pod = podOf('api-1', { owner: set, isReady: false, lastEnd: 'OOMKilled' });

/** Actions of tier 0 write nothing: their suites are their own. */
export const collectDiagnostics: ActionCase = { fixture: { object: deployment, others: [set, pod], params: { namespace: 'shop', target: 'Deployment/api' }, satisfied: { object: deployment } }, live: [] };

export const notifyOnly: ActionCase = { fixture: { object: deployment, others: [], params: { summary: 'Two replicas are Pending.' }, satisfied: { object: deployment } }, live: [] };
