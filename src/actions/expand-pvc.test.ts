import { describe, expect, it } from '@jest/globals';
import { claimOf, storageClassOf, volumeOf } from '../../test/support/actions/claims.js';
import { fillingUp } from '../../test/support/actions/expand-pvc.js';
import { edited, factsOf, podOf, statefulSetOf } from '../../test/support/objects.js';
import type { Problem } from '../domain/evidence.js';
import { worldOf, type KubeObject } from '../domain/kube.js';
import { expandPvc } from './expand-pvc.js';
import { usedPercentOf } from './volume-usage.js';

interface Case {
  claim?: KubeObject;
  others?: KubeObject[];
  size?: string;
  problems?: Problem[];
  limits?: Record<string, unknown>;
}

const plan = ({ claim = claimOf(), others = [storageClassOf(), volumeOf()], size = '15Gi', problems = [fillingUp()], limits }: Case = {}) =>
  expandPvc.plan(claim, { namespace: 'shop', pvc: claim.metadata.name, size }, factsOf([claim, ...others], { problems, limits }));

const aliases = (name: string) => fillingUp('shop', { labels: { persistentvolumeclaim: name } });

describe('expand_pvc', () => {
  it('writes the absolute size and nothing else', () => {
    const claim = claimOf();
    const { changes, summary } = plan({ claim });
    expect(summary).toBe('expand claim shop/data 10Gi → 15Gi, which cannot be undone');
    const after = edited(claim, changes[0]?.op === 'edit' ? changes[0].edits : []);
    expect(after).toEqual({ ...claim, spec: { ...claim.spec, resources: { requests: { storage: '15Gi' } } } });
  });

  it.each([['20Gi', '20Gi'], ['20480Mi', '20Gi'], ['11264Mi', '11Gi']])('pins %s as the server will write it back: %s', (size, pinned) => {
    const planned = plan({ size });
    expect(planned.parameters).toMatchObject({ size: pinned });
    expect(planned.changes[0]).toMatchObject({ edits: [{ before: '10Gi', after: pinned }] });
  });

  it('tells that the template of a StatefulSet stays behind', () => {
    const set = statefulSetOf('db', { spec: { volumeClaimTemplates: [{ metadata: { name: 'data' }, spec: { resources: { requests: { storage: '10Gi' } } } }] } });
    const claim = claimOf({ name: 'data-db-0' });
    expect(plan({ claim, others: [storageClassOf(), set], problems: [aliases('data-db-0')] }).summary).toContain('the template of statefulset db keeps 10Gi for new replicas');
  });

  it('wants a person for a raw block volume, whatever the policy says', () => {
    expect(plan({ claim: claimOf({ spec: { volumeMode: 'Block' } }), limits: { autonomy: 'auto' } }).needsApproval).toMatch(/raw block/);
    expect(plan().needsApproval).toBeUndefined();
  });

  it('lets a claim grow again when a day has passed', () => {
    const claim = claimOf();
    claim.metadata.managedFields = [{ manager: 'kubernaut', time: '2026-02-28T11:00:00Z', fieldsV1: { 'f:spec': { 'f:resources': { 'f:requests': { 'f:storage': {} } } } } }];
    expect(plan({ claim }).changes).toHaveLength(1);
  });

  it('takes no offence at who made the claim', () => {
    const claim = claimOf();
    claim.metadata.creationTimestamp = '2026-03-01T11:00:00Z';
    claim.metadata.managedFields = [{ manager: 'helm', time: '2026-03-01T11:00:00Z', fieldsV1: { 'f:spec': { 'f:resources': { 'f:requests': { 'f:storage': {} } } } } }];
    expect(plan({ claim }).changes).toHaveLength(1);
  });

  it.each([
    ['free', { annotations: { description: 'is only 2.5% free.' } }, 97.5],
    ['used', { annotations: { summary: 'Volume is 91 % full' } }, 91],
    ['known by its name', { annotations: {} }, 85],
    ['unknown', { alert: 'VolumeUsage', annotations: { summary: 'look at it' } }, undefined],
  ])('reads how full it is: %s', (_how, o, percent) => {
    expect(usedPercentOf(fillingUp('shop', o as Partial<Problem>))).toBe(percent);
  });

  const status = (o: object): KubeObject[] => [claimOf({ size: '15Gi', capacity: '10Gi', status: o }), podOf('store-1', { spec: { volumes: [{ name: 'd', persistentVolumeClaim: { claimName: 'data' } }] } })];
  it.each([
    ['the capacity is there', status({ capacity: { storage: '15Gi' } }), 'reached', /15Gi/],
    ['the driver works', status({}), 'waiting', /still 10Gi/],
    ['the file system waits for a mount', status({ conditions: [{ type: 'FileSystemResizePending', status: 'True' }] }), 'waiting', /restart pod store-1/],
    ['nobody mounts it', status({ conditions: [{ type: 'FileSystemResizePending', status: 'True' }] }).slice(0, 1), 'waiting', /when a pod mounts it/],
    ['the backend lacks space', status({ allocatedResourceStatuses: { storage: 'ControllerResizeInfeasible' } }), 'failed', /never below 10Gi/],
    ['the claim is gone', [], 'failed', /gone/],
  ])('judges: %s', (_when, objects, state, detail) => {
    const progress = expandPvc.verify(worldOf(objects), { namespace: 'shop', pvc: 'data', size: '15Gi' }, { apiVersion: 'v1', kind: 'PersistentVolumeClaim', namespace: 'shop', name: 'data' }, { changes: [] });
    expect(progress).toEqual({ state, detail: expect.stringMatching(detail) });
  });
});
