import { describe, expect, it } from '@jest/globals';
import { container, deployment, event, evidenceOf, node, object, pod, problem, service } from '../../test/support/kube-objects.js';
import type { Evidence } from '../domain/evidence.js';
import { diagnoseAll } from './index.js';
import { rank } from '../domain/ranking.js';

/** Worlds in which a general analyzer and a more specific one speak of the same trouble. */
const WORLDS: Record<string, () => Evidence> = {
  unschedulable: () => {
    const { deployment: d, sets } = deployment('api', [{ podSpec: { nodeSelector: { pool: 'x' } } }], { completed: true });
    return evidenceOf(d, [sets, pod(sets[0]!, { scheduled: { reason: 'Unschedulable', message: "0/1 nodes are available: 1 node(s) didn't match Pod's node affinity/selector." } }), node('a')]);
  },
  crashOnNode: () => {
    const make = (name: string) => {
      const { deployment: d, sets } = deployment(name, [{ ageS: 9000 }, { available: 1, podSpec: { containers: [container({ image: `${name}:2` })] } }], { completed: true });
      return [d, ...sets, pod(sets[1]!, { nodeName: 'a', waiting: { reason: 'CrashLoopBackOff' }, restarts: 3, last: { reason: 'Error', exitCode: 1 } }), pod(sets[1]!, { nodeName: 'b', ready: true })];
    };
    const [d, ...rest] = make('api');
    return evidenceOf(d!, [rest, make('worker'), node('a'), node('b')]);
  },
  webhook: () => {
    const message = 'Internal error occurred: failed calling webhook "gate.example.com": no endpoints available';
    const { deployment: d, sets } = deployment('api', [{ available: 2 }, { podSpec: { containers: [container({ image: 'v2' })] } }], { status: { conditions: [{ type: 'ReplicaFailure', status: 'True', reason: 'FailedCreate', message }] } });
    return evidenceOf(d, [sets]);
  },
  expansion: () => {
    const claim = object('v1', 'PersistentVolumeClaim', 'data', { spec: { storageClassName: 'fast', resources: { requests: { storage: '4Gi' } } }, status: { phase: 'Bound', capacity: { storage: '2Gi' }, allocatedResourceStatuses: { storage: 'ControllerResizeInfeasible' } } });
    return evidenceOf(claim, [object('storage.k8s.io/v1', 'StorageClass', 'fast', { allowVolumeExpansion: true }, { namespace: undefined })], { problems: [problem('KubePersistentVolumeFillingUp')] });
  },
  cronJob: () => {
    const cron = object('batch/v1', 'CronJob', 'c', { spec: { suspend: true } });
    const job = object('batch/v1', 'Job', 'c-1', { status: { conditions: [{ type: 'Failed', status: 'True', reason: 'BackoffLimitExceeded' }] } }, { ownerReferences: [{ apiVersion: 'batch/v1', kind: 'CronJob', name: 'c', uid: cron.metadata.uid!, controller: true }] });
    return evidenceOf(job, [cron]);
  },
  pull: () => {
    const { deployment: d, sets } = deployment('api', [{ podSpec: { imagePullSecrets: [{ name: 'reg' }] } }], { completed: true });
    const p = pod(sets[0]!, { waiting: { reason: 'ImagePullBackOff', message: 'authorization failed' } });
    return evidenceOf(d, [sets, p], { events: [event(p, 'FailedToRetrieveImagePullSecret', 'Unable to retrieve some image pull secrets (reg)')] });
  },
};

describe('the more specific analyzer is the surer one', () => {
  it.each<[string, string, string]>([
    ['unschedulable', 'no_matching_node', 'pending_pods'],
    ['crashOnNode', 'bad_node', 'bad_rollout_crash'],
    ['webhook', 'webhook_failing', 'pods_rejected'],
    ['expansion', 'volume_expansion', 'volume_claim'],
    ['cronJob', 'job_limits', 'job_failing'],
    ['pull', 'pull_secret_missing', 'image_unavailable'],
  ])('%s: %s before %s', (world, specific, general) => {
    const order = diagnoseAll(WORLDS[world]!()).map((f) => f.analyzer);
    expect(order[0]).toBe(specific);
    expect(order.indexOf(general)).toBeGreaterThan(0);
  });

  it.each(Object.keys(WORLDS).map((name) => [name]))('%s: what ranks first is what the surest finding says', (world) => {
    const findings = diagnoseAll(WORLDS[world]!());
    const { analyzer, candidates, conclusion } = rank(findings, []);
    expect(analyzer).toBe(findings[0]!.analyzer);
    expect(candidates[0]?.action).toBe(findings[0]!.proposals[0]?.action);
    expect(conclusion).toBe(candidates.length > 0 ? undefined : findings[0]!.conclusion);
  });
});

describe('evidence as the store gives it back', () => {
  it.each(Object.keys(WORLDS).map((name) => [name]))('%s: nothing hangs on which copy of the target is looked at', (world) => {
    const evidence = WORLDS[world]!();
    const stored = JSON.parse(JSON.stringify(evidence)) as Evidence;
    expect(diagnoseAll(stored)).toEqual(diagnoseAll(evidence));
  });

  it('a Service whose selector was edited is told from the workload behind it', () => {
    const { deployment: d, sets } = deployment('shop', [{ available: 1 }], { completed: true, replicas: 1 });
    const evidence = evidenceOf(d, [sets, pod(sets[0]!, { ready: true }), service('shop', { selector: { app: 'shopp' } })]);
    expect(diagnoseAll(JSON.parse(JSON.stringify(evidence)) as Evidence)[0]).toMatchObject({ analyzer: 'service_broken', cause: 'service.selector_mismatch' });
  });
});
