import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { openDatabase } from '../../src/adapters/postgres/database.js';
import { createStore } from '../../src/adapters/postgres/store.js';
import { connectTemporal, dispatchSignal, type TemporalConnection } from '../../src/adapters/temporal/index.js';
import { reconcile } from '../../src/cli/reconcile.js';
import type { RemediateInput } from '../../src/domain/messages.js';
import type { Store } from '../../src/domain/ports.js';
import { workflowIdOf } from '../../src/domain/target.js';
import { remediationFor } from '../support/remediations.js';
import { signalOf, target } from '../support/scripted-activities.js';
import { startTestTemporal } from '../support/servers.js';

let server: Awaited<ReturnType<typeof startTestTemporal>>;
let temporal: TemporalConnection;
let store: Store;
beforeAll(async () => {
  server = await startTestTemporal();
  temporal = connectTemporal({ address: server.address, namespace: server.namespace });
  store = createStore(await openDatabase({ kind: 'pglite', dataDir: 'memory://' }), { now: () => new Date().toISOString() });
}, 120_000);
afterAll(async () => {
  await temporal?.close();
  await store?.close();
  await server?.stop();
});

const inputFor = (name: string, remediationId: string): RemediateInput => ({
  target: { ...target, name }, first: signalOf(), remediationId, horizons: [], isCoLocated: true, hasModel: false, channels: [], links: {},
});

/** Started by the gateway, and no worker there: as good as one that waits. */
async function opened(name: string, id: string): Promise<{ workflowId: string; runId: string }> {
  const { runId } = await dispatchSignal(temporal.client, inputFor(name, id));
  const own = { ...target, name };
  await store.saveRemediation(remediationFor(id, { target: own, workflow_id: workflowIdOf(own), run_id: runId, cluster: 'test' }));
  return { workflowId: workflowIdOf(own), runId };
}

const now = () => new Date().toISOString();
const run = (over = {}) => reconcile({ store, temporal, cluster: 'test', logger: { info: () => undefined, warn: () => undefined } as never, ...over });

describe('a remediation that the store shows open', () => {
  it('is closed when it was terminated in Temporal, and the next alert starts anew', async () => {
    const { workflowId } = await opened('terminated', 'r-0000000001');
    await temporal.client.workflow.getHandle(workflowId).terminate('by hand');
    expect(await run()).toEqual(['r-0000000001']);
    expect(await store.getRemediation('r-0000000001')).toMatchObject({ phase: 'closed', outcome: 'cancelled', reason: expect.stringContaining('terminated in Temporal'), closed_at: expect.any(String) });
    expect(await dispatchSignal(temporal.client, inputFor('terminated', 'r-0000000009'))).toMatchObject({ started: true });
  });

  it('stays open while it runs', async () => {
    await opened('running', 'r-0000000002');
    expect(await run()).toEqual([]);
    expect(await store.getRemediation('r-0000000002')).toMatchObject({ phase: 'received' });
  });

  it('is closed when another remediation runs under its workflow id', async () => {
    const { workflowId, runId } = await opened('replaced', 'r-0000000003');
    await temporal.client.workflow.getHandle(workflowId, runId).terminate();
    await opened('replaced', 'r-0000000004');
    expect(await run()).toEqual(['r-0000000003']);
  });

  it('is closed as failed when Temporal does not know it', async () => {
    await store.saveRemediation(remediationFor('r-0000000005', { target: { ...target, name: 'lost' }, workflow_id: 'remediation/test/shop/Deployment/lost', run_id: '7cf7b1bd-76b4-4b0e-8a0b-2f5c14f7e001', cluster: 'test' }));
    expect(await run()).toEqual(['r-0000000005']);
    expect(await store.getRemediation('r-0000000005')).toMatchObject({ outcome: 'failed', reason: expect.stringContaining('does not know') });
  });

  it('is left alone when it belongs to another installation or has just begun', async () => {
    await store.saveRemediation(remediationFor('r-0000000006', { cluster: 'elsewhere' }));
    await store.saveRemediation(remediationFor('r-0000000007', { target: { ...target, name: 'new' }, cluster: 'test', started_at: now() }));
    expect(await run()).toEqual([]);
  });
});
