import type { KubeObject } from '../../../src/domain/kube.js';
import { deploymentOf } from '../objects.js';
import type { ActionCase } from './action-case.js';

const namespace: KubeObject = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop', uid: 'uid-namespace-shop', resourceVersion: '1' }, spec: {}, status: { phase: 'Active' } };

/** It writes nothing; what it reads of a real cluster is in test/integration/audit-logs.test.ts. */
export const auditLogs: ActionCase = {
  fixture: {
    object: namespace,
    others: [deploymentOf('api')],
    params: { namespace: 'shop', from: '2026-03-01T10:00:00Z', to: '2026-03-01T11:30:00.5Z' },
    satisfied: { object: namespace },
  },
  live: [],
};
