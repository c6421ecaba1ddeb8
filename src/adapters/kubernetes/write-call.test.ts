import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Change } from '../../domain/change.js';
import type { KubeObject } from '../../domain/kube.js';
import { podOf } from '../../../test/support/objects.js';
import { startPatroni, type PatroniServer } from '../../../test/support/patroni-server.js';
import { patroniControl } from '../patroni/control.js';
import { writeCall } from './write-call.js';
import type { Writer } from './write.js';

let patroni: PatroniServer;

beforeAll(async () => void (patroni = await startPatroni()));
afterAll(() => patroni.stop());

const CALL: Extract<Change, { op: 'call' }> = {
  op: 'call', service: 'patroni', ref: { apiVersion: 'v1', kind: 'Pod', namespace: 'shop', name: 'db-0' }, uid: 'uid-pod-db-0',
  request: { kind: 'switchover', leader: 'db-0', candidate: 'db-1', limits: { lagBytes: 1, lagS: 10, minIntervalS: 0 } },
};

const members = (change: (pods: KubeObject[]) => void = () => undefined): KubeObject[] => {
  const pods = ['db-0', 'db-1', 'db-2'].map((name) => podOf(name, { status: { podIP: patroni.addressOf(name) } }));
  change(pods);
  return pods;
};

const writerOver = (pods: KubeObject[]): Writer =>
  ({ options: { actionId: 'x' }, read: (ref: { name: string; namespace?: string }) => Promise.resolve(pods.find((p) => p.metadata.name === ref.name && p.metadata.namespace === ref.namespace)) }) as unknown as Writer;

const send = (pods: KubeObject[]) => writeCall(writerOver(pods), CALL, patroniControl({ port: patroni.port }));
const rejection = (code: string) => expect.objectContaining({ code });

describe('a call to a member of a database', () => {
  it('is Unsupported in a process without a way to it', async () => {
    await expect(writeCall(writerOver(members()), CALL, undefined)).rejects.toEqual(rejection('Unsupported'));
  });

  const refused: [string, (pods: KubeObject[]) => void, string][] = [
    ['the pod was replaced since the plan', ([leader]) => void (leader!.metadata.uid = 'another'), 'TargetReplaced'],
    ['the pod is gone', (pods) => void pods.splice(0, 1), 'TargetNotFound'],
    ['the candidate is gone', (pods) => void pods.splice(1, 1), 'TargetNotFound'],
    ['a pod has no address yet', (pods) => void delete pods[1]!.status.podIP, 'DatabaseUnavailable'],
  ];
  it.each(refused)('does not leave when %s', async (_what, spoil, code) => {
    await expect(send(members(spoil))).rejects.toEqual(rejection(code));
    expect(patroni.done).toEqual([]);
  });

  it('goes to the addresses that the API server gives, and is found done afterwards, even by a new pod', async () => {
    await expect(send(members())).resolves.toEqual({ status: 'applied' });
    await expect(send(members(([leader]) => void (leader!.metadata.uid = 'another')))).resolves.toEqual({ status: 'already_applied' });
    expect(patroni.done).toEqual(['switchover db-0 db-1']);
  });
});
