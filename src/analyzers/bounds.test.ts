import { describe, expect, it } from '@jest/globals';
import { ago, container, deployment, event, evidenceOf, object, pod, problem, service, NS } from '../../test/support/kube-objects.js';
import type { KubeObject } from '../domain/kube.js';
import type { Finding } from '../domain/plan.js';
import { diagnoseAll } from './index.js';

type Any = Record<string, any>;

/** A Deployment of one revision whose pods the API server refuses in these words. */
function refused(message: string, others: KubeObject[] = [], podSpec: Any = {}): Finding[] {
  const { deployment: d, sets } = deployment('api', [{ podSpec }], { status: { conditions: [{ type: 'ReplicaFailure', status: 'True', reason: 'FailedCreate', message }] } });
  return diagnoseAll(evidenceOf(d, [sets, ...others]));
}

const range = (limits: Any): KubeObject => object('v1', 'LimitRange', 'bounds', { spec: { limits: [limits] } });
const forbidden = 'pods "api-x" is forbidden: ';
const restricted = `${forbidden}violates PodSecurity "restricted:latest": allowPrivilegeEscalation != false (container "app" must set securityContext.allowPrivilegeEscalation=false), unrestricted capabilities (container "app" must set securityContext.capabilities.drop=["ALL"]), runAsNonRoot != true (pod or container "app" must set securityContext.runAsNonRoot=true), seccompProfile (pod or container "app" must set securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost")`;
const hook = (why: string): string => `Internal error occurred: failed calling webhook "gate.example.com": failed to call webhook: Post "https://gate.sec.svc:443/validate?timeout=10s": ${why}`;

describe('pods that the API server refuses', () => {
  it.each<[string, string, KubeObject[], string, string, RegExp]>([
    ['a maximum of a limit range', `${forbidden}maximum memory usage per Container is 1Gi, but limit is 2Gi`, [range({ type: 'Container', max: { memory: '1Gi' } })], 'limit_range', 'limit_range.maximum', /--limits=memory=1Gi/],
    ['a minimum of a limit range', `${forbidden}minimum cpu usage per Container is 100m, but request is 10m`, [], 'limit_range', 'limit_range.minimum', /--requests=cpu=100m/],
    ['a ratio of a limit range', `${forbidden}memory max limit to request ratio per Container is 2, but provided ratio is 4.000000`, [range({ type: 'Container', maxLimitRequestRatio: { memory: '2' } })], 'limit_range', 'limit_range.ratio', /or change the LimitRange/],
    ['a webhook without a backend', hook('service "gate" not found'), [], 'webhook_failing', 'webhook.unreachable', /-n sec -l kubernetes.io\/service-name=gate/],
    ['a webhook with an old certificate', hook('tls: failed to verify certificate: x509: certificate has expired'), [], 'webhook_failing', 'webhook.certificate', /gate.example.com/],
    ['a pod security level', restricted, [], 'pod_security', 'pod_security.violation', /"allowPrivilegeEscalation":false,"capabilities":\{"drop":\["ALL"\]\},"runAsNonRoot":true,"seccompProfile":\{"type":"RuntimeDefault"\}/],
    ['what no security context can give', `${forbidden}violates PodSecurity "baseline:latest": hostPath volumes (volume "x")`, [], 'pod_security', 'pod_security.violation', /do without hostPath/],
    ['an account that is not there', `${forbidden}error looking up service account shop/runner: serviceaccount "runner" not found`, [], 'service_account_missing', 'service_account.missing', /^kubectl create serviceaccount runner -n shop/],
  ])('%s', (_what, message, others, analyzer, cause, edit) => {
    const [first] = refused(message, others);
    expect(first).toMatchObject({ analyzer, cause, conclusion: 'needs_person', proposals: [] });
    expect(first?.edit).toMatch(edit);
  });

  it('another refusal stays the general one', () => {
    expect(refused(`${forbidden}denied by policy`)[0]).toMatchObject({ analyzer: 'pods_rejected', cause: 'pods.rejected' });
  });

  const changed = { podSpec: { containers: [container({ image: 'shop/api:2' })] } };
  const inRollout = (message: string) => {
    const { deployment: d, sets } = deployment('api', [{ available: 2 }, changed], { status: { conditions: [{ type: 'ReplicaFailure', status: 'True', reason: 'FailedCreate', message }] } });
    return diagnoseAll(evidenceOf(d, [sets]))[0];
  };

  it.each([
    ['a limit range', `${forbidden}maximum memory usage per Container is 1Gi, but limit is 2Gi`],
    ['a pod security level', restricted],
    ['a missing account', `${forbidden}error looking up service account shop/runner: serviceaccount "runner" not found`],
  ])('%s that an earlier revision passed: the rollout is taken back', (_what, message) => expect(inRollout(message)).toMatchObject({ cause: 'bad_rollout.rejected', proposals: [{ action: 'rollback_deployment' }] }));

  it('no revision gets past a webhook that is down', () => expect(inRollout(hook('connection refused'))).toMatchObject({ cause: 'webhook.unreachable', proposals: [] }));

  it('what is behind the webhook is named when it was read', () => {
    const { deployment: gate } = deployment('gate', [{}]);
    const svc = service('gate');
    for (const o of [gate, svc]) o.metadata.namespace = 'sec';
    expect(refused(hook('connection refused'), [gate, svc])[0]).toMatchObject({ target: { kind: 'Deployment', namespace: 'sec', name: 'gate' } });
  });
});

describe('quotas and autoscalers', () => {
  const quota = (used: string) => object('v1', 'ResourceQuota', 'team', { status: { hard: { 'requests.memory': '1Gi', pods: '50' }, used: { 'requests.memory': used, pods: '2' } } });
  const asking = (memory: string) => ({ podSpec: { containers: [container({ resources: { requests: { memory } } })] } });
  const exceeded = `${forbidden}exceeded quota: team, requested: requests.memory=256Mi, used: requests.memory=1Gi, limited: requests.memory=1Gi`;
  const crowd = (message?: string) => {
    const big = deployment('big', [{ ...asking('768Mi'), available: 1 }], { completed: true, replicas: 1 });
    const small = deployment('small', [{ ...asking('256Mi'), available: 1 }], { completed: true, replicas: message ? 2 : 1, ...(message ? { status: { conditions: [{ type: 'Progressing', status: 'True', reason: 'NewReplicaSetAvailable' }, { type: 'ReplicaFailure', status: 'True', reason: 'FailedCreate', message }] } } : {}) });
    return [big.deployment, ...big.sets, small.deployment, ...small.sets, pod(big.sets[0]!, { ready: true }), pod(small.sets[0]!, { ready: true })];
  };

  it('a used up quota names the resource, who has most of it, and who is refused', () => {
    const [first] = diagnoseAll(evidenceOf(quota('1Gi'), [crowd(exceeded)]));
    expect(first).toMatchObject({ analyzer: 'quota_used_up', cause: 'quota.used_up', conclusion: 'needs_person', target: { kind: 'ResourceQuota' } });
    expect(first?.evidence.join('\n')).toContain(`most of requests.memory is used by deployment ${NS}/big 768Mi, deployment ${NS}/small 256Mi`);
  });

  it('full, and nobody refused: nothing to do', () => {
    expect(diagnoseAll(evidenceOf(quota('1Gi'), [crowd()]))[0]).toMatchObject({ cause: 'quota.nearly_used_up', conclusion: 'no_action_needed' });
  });

  it('half full is no finding', () => expect(diagnoseAll(evidenceOf(quota('512Mi'), [crowd()])).map((f) => f.analyzer)).not.toContain('quota_used_up'));

  const hpa = (status: Any, spec: Any = {}) => object('autoscaling/v2', 'HorizontalPodAutoscaler', 'api', {
    spec: { minReplicas: 2, maxReplicas: 6, scaleTargetRef: { kind: 'Deployment', name: 'api' }, ...spec },
    status: { currentReplicas: 2, desiredReplicas: 6, conditions: [{ type: 'ScalingActive', status: 'True' }, { type: 'ScalingLimited', status: 'True', reason: 'TooManyReplicas' }], ...status },
  });
  const scaled = (message?: string, completed = true) => deployment('api', [{ available: 2 }, ...(completed ? [] : [{ podSpec: { containers: [container({ image: 'v2' })] } }])], { completed, replicas: 6, status: { conditions: [{ type: 'Progressing', status: 'True', reason: completed ? 'NewReplicaSetAvailable' : 'ReplicaSetUpdated' }, ...(message ? [{ type: 'ReplicaFailure', status: 'True', reason: 'FailedCreate', message }] : [])] } });

  it.each<[string, string | undefined, boolean, string]>([
    ['a quota', exceeded, false, 'hpa.quota'],
    ['another refusal', `${forbidden}no`, false, 'hpa.refused'],
    ['no room on any node', undefined, true, 'hpa.no_room'],
  ])('an autoscaler at its maximum that %s keeps down is not given a higher one', (_what, message, isPending, cause) => {
    const { deployment: d, sets } = scaled(message);
    const waiting = isPending ? [pod(sets[0]!, { scheduled: { reason: 'Unschedulable', message: '0/3 nodes' } })] : [];
    expect(diagnoseAll(evidenceOf(hpa({}), [d, sets, pod(sets[0]!, { ready: true }), waiting]))[0]).toMatchObject({ analyzer: 'hpa_starved', cause, proposals: [] });
  });

  it('near miss: held at its maximum with all of it running, or in the middle of a rollout', () => {
    const { deployment: d, sets } = scaled();
    const all = Array.from({ length: 6 }, () => pod(sets[0]!, { ready: true }));
    expect(diagnoseAll(evidenceOf(hpa({}), [d, sets, all]))[0]).toMatchObject({ cause: 'hpa.at_maximum', proposals: [{ action: 'update_hpa' }] });
    const moving = scaled(exceeded, false);
    expect(diagnoseAll(evidenceOf(hpa({}), [moving.deployment, moving.sets])).map((f) => f.analyzer)).not.toContain('hpa_starved');
  });

  const lost = { conditions: [{ type: 'AbleToScale', status: 'False', reason: 'FailedGetScale', message: 'not found' }] };

  it('an autoscaler of something that is gone points to what it is called now', () => {
    const { deployment: d, sets } = deployment('api-v2', [{ available: 2 }], { completed: true });
    expect(diagnoseAll(evidenceOf(hpa(lost), [d, sets]))[0]).toMatchObject({ cause: 'hpa.target_gone', conclusion: 'needs_person', edit: expect.stringContaining('"name":"api-v2"') });
    expect(diagnoseAll(evidenceOf(hpa(lost), []))[0]).toMatchObject({ cause: 'hpa.target_gone', edit: expect.stringContaining('kubectl delete') });
  });

  it('near miss: its target is there, or could not be read', () => {
    const { deployment: d, sets } = deployment('api', [{ available: 2 }], { completed: true });
    for (const evidence of [evidenceOf(hpa(lost), [d, sets]), evidenceOf(hpa(lost), [], { missing: [{ what: 'Deployments', why: '403' }] })]) {
      expect(diagnoseAll(evidence).map((f) => f.cause)).not.toContain('hpa.target_gone');
    }
  });
});

describe('schedules and runs', () => {
  const cron = (spec: Any = {}) => object('batch/v1', 'CronJob', 'backup', { spec: { schedule: '0 3 * * *', ...spec }, status: { lastScheduleTime: ago(7200) } });
  const run = (owner: KubeObject | undefined, name: string, status: Any, agoS = 600) =>
    object('batch/v1', 'Job', name, { spec: { backoffLimit: 2, activeDeadlineSeconds: 60 }, status }, { creationTimestamp: ago(agoS), ...(owner ? { ownerReferences: [{ apiVersion: 'batch/v1', kind: 'CronJob', name: owner.metadata.name, uid: owner.metadata.uid!, controller: true }] } : {}) });
  const failedBy = (reason: string) => ({ failed: 3, conditions: [{ type: 'Failed', status: 'True', reason }] });
  const complete = { succeeded: 1, completionTime: ago(10), conditions: [{ type: 'Complete', status: 'True' }] };

  it.each<[string, Any, [string, string] | undefined, Any | undefined, string]>([
    ['suspended', { suspend: true }, undefined, undefined, 'cron_job.suspended'],
    ['missed', {}, ['TooManyMissedTimes', 'too many missed start times'], undefined, 'cron_job.missed'],
    ['unreadable', {}, ['UnparseableSchedule', 'unparseable schedule'], undefined, 'cron_job.schedule'],
    ['blocked by its own run', { concurrencyPolicy: 'Forbid' }, ['JobAlreadyActive', 'Not starting job because prior execution is running and concurrency policy is Forbid'], { active: 1, startTime: ago(5400) }, 'cron_job.blocked'],
  ])('a CronJob that is %s', (_what, spec, told, status, cause) => {
    const c = cron(spec);
    expect(diagnoseAll(evidenceOf(c, status ? [run(c, 'backup-1', status)] : [], { events: told ? [event(c, ...told)] : [] }))[0]).toMatchObject({ analyzer: 'cron_job_idle', cause, conclusion: 'needs_person' });
  });

  it('near miss: a run that is merely under way, or a policy that allows a second', () => {
    const told = (c: KubeObject) => [event(c, 'JobAlreadyActive', 'prior execution is running')];
    const allowed = cron({ concurrencyPolicy: 'Allow' });
    expect(diagnoseAll(evidenceOf(allowed, [run(allowed, 'b-1', { active: 1 })], { events: told(allowed) })).map((f) => f.analyzer)).not.toContain('cron_job_idle');
    const quiet = cron({ concurrencyPolicy: 'Forbid' });
    expect(diagnoseAll(evidenceOf(quiet, [run(quiet, 'b-1', { active: 1 })])).map((f) => f.analyzer)).not.toContain('cron_job_idle');
  });

  it.each<[string, Any, string]>([['its deadline', failedBy('DeadlineExceeded'), 'job.deadline'], ['its retries', failedBy('BackoffLimitExceeded'), 'job.retries']])('a Job that ran into %s', (_what, status, cause) => {
    expect(diagnoseAll(evidenceOf(run(undefined, 'load', status), []))[0]).toMatchObject({ analyzer: 'job_limits', cause, conclusion: 'needs_person' });
  });

  it('a suspended Job has not begun', () => {
    const job = run(undefined, 'load', {});
    job.spec.suspend = true;
    expect(diagnoseAll(evidenceOf(job, []))[0]).toMatchObject({ cause: 'job.suspended', edit: expect.stringContaining('"suspend":false') });
  });

  it('a failed run is settled by a newer one that succeeded, seen from either', () => {
    const c = cron();
    const [old, young] = [run(c, 'backup-1', failedBy('BackoffLimitExceeded'), 900), run(c, 'backup-2', complete, 300)];
    for (const target of [c, old]) expect(diagnoseAll(evidenceOf(target, [c, old, young]))[0]).toMatchObject({ cause: 'job.later_run_succeeded', conclusion: 'already_resolved' });
    const [good, bad] = [run(c, 'backup-3', complete, 900), run(c, 'backup-4', failedBy('BackoffLimitExceeded'), 300)];
    expect(diagnoseAll(evidenceOf(c, [good, bad]))[0]).toMatchObject({ cause: 'job.retries' });
  });
});

describe('credentials', () => {
  const pulling = (told: string | undefined) => {
    const { deployment: d, sets } = deployment('api', [{ podSpec: { imagePullSecrets: [{ name: 'registry' }] } }], { completed: true });
    const p = pod(sets[0]!, { waiting: { reason: 'ImagePullBackOff', message: 'authorization failed: no basic auth credentials' } });
    return diagnoseAll(evidenceOf(d, [sets, p], { events: told ? [event(p, told, 'Unable to retrieve some image pull secrets (registry); attempting to pull the image may not succeed.')] : [], problems: [problem('KubeContainerWaiting')] }));
  };

  it('the pull secret that a pod names is not there', () => expect(pulling('FailedToRetrieveImagePullSecret')[0]).toMatchObject({ cause: 'image.pull_secret_missing', edit: expect.stringContaining('docker-registry registry -n shop') }));
  it('near miss: it is there and wrong', () => expect(pulling(undefined)[0]).toMatchObject({ cause: 'image.unauthorized' }));
});
