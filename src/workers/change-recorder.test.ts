import { beforeEach, describe, expect, it } from '@jest/globals';
import { createLogger } from '../adapters/telemetry/logger.js';
import type { ObjectChange } from '../domain/changes/object-change.js';
import { KubernautError } from '../domain/errors.js';
import type { KubeObject } from '../domain/kube.js';
import { createChangeRecorder, type ChangeRecorder } from './change-recorder.js';

const logger = createLogger({ level: 'silent', format: 'json' });
const object = (name: string, version: number, port: number): KubeObject => ({ apiVersion: 'v1', kind: 'Service', metadata: { name, namespace: 'shop', uid: name, resourceVersion: String(version) }, spec: { port } });

let kept: ObjectChange[][];
let failing: boolean;
let recorder: ChangeRecorder;

beforeEach(() => {
  kept = [];
  failing = false;
  recorder = createChangeRecorder({
    cluster: 'c', clock: { now: () => '2026-01-01T12:00:00.000Z' }, logger,
    store: {
      async recordChanges(changes) {
        if (failing) throw new KubernautError('StoreUnavailable', 'the database is away');
        kept.push([...changes]);
      },
      forgetChanges: async () => 0,
    },
  });
});

describe('what the watch sees', () => {
  it('ten thousand objects that stay as they are cost no statement', async () => {
    for (let i = 0; i < 10_000; i++) recorder.seen(object(`s${i}`, 1, 80), object(`s${i}`, 2, 80));
    await recorder.flush();
    expect(kept).toEqual([]);
  });

  it('edits of many objects go in few statements', async () => {
    for (let i = 0; i < 1200; i++) recorder.seen(object(`s${i}`, 1, 80), object(`s${i}`, 2, 81));
    await recorder.flush();
    expect(kept.map((batch) => batch.length)).toEqual([500, 500, 200]);
    await recorder.flush();
    expect(kept).toHaveLength(3);
  });

  it('waits for the database, and drops the oldest when that takes long', async () => {
    failing = true;
    for (let i = 0; i < 5001; i++) recorder.seen(object(`s${i}`, 1, 80), object(`s${i}`, 2, 81));
    await expect(recorder.flush()).rejects.toMatchObject({ code: 'StoreUnavailable' });
    failing = false;
    await recorder.flush();
    expect(kept.flat()).toHaveLength(5000);
    expect(kept.flat().map((c) => c.object.name)).not.toContain('s0');
  });

  it('what is gone is told as gone', async () => {
    recorder.seen(object('db', 4, 80), undefined);
    await recorder.flush();
    expect(kept.flat()).toMatchObject([{ verb: 'deleted', object: { name: 'db' } }]);
  });
});
