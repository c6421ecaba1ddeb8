import { describe, expect, it } from '@jest/globals';
import { ago, container, deployment, event, evidenceOf, log, NS, object, pod, type Revision } from '../../test/support/kube-objects.js';
import { diagnoseAll } from './index.js';

const crash = { waiting: { reason: 'CrashLoopBackOff' }, restarts: 3, last: { reason: 'Error', exitCode: 1 } };
const startError = { waiting: { reason: 'CrashLoopBackOff' }, restarts: 2, last: { reason: 'StartError', exitCode: 128, message: 'exec: "nope": executable file not found in $PATH' } };
const good: Revision = { available: 1 };
const spec = (more: object) => ({ podSpec: { containers: [container(more)] } });

/** A rollout of two revisions whose newest has one pod in this state; the old one still serves. */
function rollout(current: Revision, state: Parameters<typeof pod>[1], more: { earlier?: Revision; completed?: boolean; exceeded?: boolean; lines?: string[]; events?: [string, string][] } = {}) {
  const { deployment: d, sets } = deployment('api', [more.earlier ?? good, current], { completed: more.completed, exceeded: more.exceeded });
  const bad = pod(sets[1]!, state);
  const old = pod(sets[0]!, { ready: true });
  return evidenceOf(d, [sets, bad, more.completed ? [] : old], {
    logs: more.lines ? [log(bad, more.lines)] : [],
    events: (more.events ?? []).map(([reason, message]) => event(bad, reason, message)),
  });
}

describe('a bad rollout goes back to the revision that worked', () => {
  it.each([
    ['a command that does not exist', rollout(spec({ command: ['nope'] }), startError), 'bad_rollout.command'],
    ['a program that panics', rollout(spec({ image: 'shop/api:2' }), crash, { lines: ['panic: missing index'] }), 'bad_rollout.crash'],
    ['a dropped variable', rollout(spec({}), crash, { earlier: { ...spec({ env: [{ name: 'MODE', value: 'prod' }] }), available: 1 }, lines: ['fatal: required environment variable MODE is not set'] }), 'bad_rollout.env'],
    ['an image that does not exist', rollout(spec({ image: 'shop/api:typo' }), { waiting: { reason: 'ImagePullBackOff', message: 'Back-off pulling image "shop/api:typo": ErrImagePull: not found' } }), 'bad_rollout.image'],
    ['another registry without credentials', rollout(spec({ image: 'private/api:1' }), { waiting: { reason: 'ErrImagePull', message: 'pull access denied: authorization failed: no basic auth credentials' } }), 'bad_rollout.image_unauthorized'],
    ['a ConfigMap key it began to need', rollout(spec({ env: [{ name: 'A', valueFrom: { configMapKeyRef: { name: 'cfg', key: 'new' } } }] }), { waiting: { reason: 'CreateContainerConfigError', message: `couldn't find key new in ConfigMap ${NS}/cfg` } }), 'bad_rollout.config_key'],
    ['a Secret it began to need', rollout(spec({ envFrom: [{ secretRef: { name: 'sec' } }] }), { waiting: { reason: 'CreateContainerConfigError', message: 'secret "sec" not found' } }), 'bad_rollout.config'],
    ['a ConfigMap volume it began to mount', rollout({ podSpec: { containers: [container()], volumes: [{ name: 'v', configMap: { name: 'cfg' } }] } }, { waiting: { reason: 'ContainerCreating' }, phase: 'Pending' }, { events: [['FailedMount', 'MountVolume.SetUp failed for volume "v" : configmap "cfg" not found']] }), 'bad_rollout.config'],
    ['a readiness probe on the wrong port', rollout(spec({ readinessProbe: { httpGet: { port: 9999 } } }), {}, { events: [['Unhealthy', 'Readiness probe failed: dial tcp 10.1.1.1:9999: connect: connection refused']] }), 'bad_rollout.probe'],
    ['a liveness probe that kills', rollout(spec({ livenessProbe: { httpGet: { port: 9999 } } }), { ...crash, last: { reason: 'Error', exitCode: 137 } }, { events: [['Unhealthy', 'Liveness probe failed: connection refused']] }), 'bad_rollout.probe'],
    ['an image that never becomes Ready', rollout(spec({ image: 'shop/api:2' }), {}, { events: [['Unhealthy', 'Readiness probe failed: HTTP probe failed with statuscode: 404']] }), 'bad_rollout.not_ready'],
    ['a rollout past its deadline', rollout(spec({ image: 'shop/api:2' }), {}, { exceeded: true }), 'bad_rollout.not_ready'],
    ['a lowered memory limit', rollout(spec({ resources: { limits: { memory: '64Mi' } } }), { ...crash, last: { reason: 'OOMKilled', exitCode: 137 } }, { earlier: { ...spec({ resources: { limits: { memory: '256Mi' } } }), available: 1 } }), 'oom.limit_lowered'],
    ['a hungrier program', rollout(spec({ image: 'shop/api:2', resources: { limits: { memory: '64Mi' } } }), { ...crash, last: { reason: 'OOMKilled', exitCode: 137 } }, { earlier: { ...spec({ resources: { limits: { memory: '64Mi' } } }), available: 1 } }), 'oom.new_revision'],
    ['a node selector that no node has', rollout({ podSpec: { containers: [container()], nodeSelector: { disk: 'ssd' } } }, { scheduled: { reason: 'Unschedulable', message: "0/3 nodes are available: 3 node(s) didn't match Pod's node affinity/selector." } }), 'bad_rollout.unschedulable'],
  ])('%s', (_name, evidence, cause) => {
    const [first] = diagnoseAll(evidence);
    expect(first?.cause).toBe(cause);
    expect(first?.proposals[0]).toMatchObject({ action: 'rollback_deployment', parameters: { namespace: NS, name: 'api', revision: 1 } });
    expect(first?.target.uid).toBe(evidence.object!.metadata.uid);
  });

  it('a limit that the serving revision lives with was not lowered too far: the hungrier program goes back one step', () => {
    const limited = (memory: string, image: string): Revision => ({ ...spec({ image, resources: { limits: { memory } } }) });
    const { deployment: d, sets } = deployment('api', [limited('512Mi', 'shop/api:1'), { ...limited('128Mi', 'shop/api:1'), available: 1 }, limited('128Mi', 'shop/api:2')], {});
    const bad = pod(sets[2]!, { ...crash, last: { reason: 'OOMKilled', exitCode: 137 } });
    const [first] = diagnoseAll(evidenceOf(d, [sets, bad, pod(sets[1]!, { ready: true })]));
    expect(first?.cause).toBe('oom.new_revision');
    expect(first?.proposals[0]).toMatchObject({ action: 'rollback_deployment', parameters: { revision: 2 } });
  });

  it('skips a revision during whose whole life the Deployment was unavailable', () => {
    const { deployment: d, sets } = deployment('api', [{ ...spec({}), ageS: 3000 }, { ...spec({ image: 'shop/api:2' }), ageS: 300 }, { ...spec({ image: 'shop/api:3' }), ageS: 60 }], {
      status: { conditions: [{ type: 'Progressing', status: 'True', reason: 'ReplicaSetUpdated' }, { type: 'Available', status: 'False', lastTransitionTime: ago(301) }] },
    });
    const evidence = evidenceOf(d, [sets, pod(sets[2]!, crash)], {});
    expect(diagnoseAll(evidence)[0]?.proposals[0]).toMatchObject({ action: 'rollback_deployment', parameters: { revision: 1 } });
  });

  it('skips earlier revisions that name the same missing image', () => {
    const { deployment: d, sets } = deployment('api', [good, spec({ image: 'shop/api:typo' }), spec({ image: 'shop/api:typo', args: ['-v'] })]);
    const bad = pod(sets[2]!, { waiting: { reason: 'ImagePullBackOff', message: 'shop/api:typo: not found' } });
    expect(diagnoseAll(evidenceOf(d, [sets, bad]))[0]?.proposals[0]?.parameters).toMatchObject({ revision: 1 });
  });
});

describe('what a rollback does not cure is left to a person', () => {
  const renamed = (): ReturnType<typeof rollout> => {
    const needsKey = spec({ env: [{ name: 'A', valueFrom: { configMapKeyRef: { name: 'cfg', key: 'log-mode' } } }] });
    const evidence = rollout({ podSpec: { ...needsKey.podSpec, terminationGracePeriodSeconds: 5 } }, { waiting: { reason: 'CreateContainerConfigError', message: `couldn't find key log-mode in ConfigMap ${NS}/cfg` } }, { earlier: { ...needsKey, available: 1 } });
    return { ...evidence, objects: [...evidence.objects, object('v1', 'ConfigMap', 'cfg', { data: { 'log-level': '***', port: '***' } })] };
  };

  it('a key that every revision needs and somebody renamed: the exact edit is given', () => {
    const [first] = diagnoseAll(renamed());
    expect(first).toMatchObject({ cause: 'config_missing.key', conclusion: 'needs_person', target: { kind: 'ConfigMap', name: 'cfg' } });
    expect(first?.edit).toBe(`kubectl patch configmap cfg -n shop --type=json -p '[{"op":"copy","from":"/data/log-level","path":"/data/log-mode"}]'`);
  });

  it('missing credentials for the same repository', () => {
    const evidence = rollout(spec({ image: 'shop/api:2' }), { waiting: { reason: 'ErrImagePull', message: 'authorization failed: no basic auth credentials' } });
    expect(diagnoseAll(evidence)[0]).toMatchObject({ cause: 'image.unauthorized', conclusion: 'needs_person' });
  });

  it('a variable that came from content which changed under both revisions', () => {
    const from = spec({ envFrom: [{ configMapRef: { name: 'cfg' } }] });
    const evidence = rollout({ podSpec: { ...from.podSpec, hostname: 'x' } }, crash, { earlier: { ...from, available: 1 }, lines: ['fatal: required environment variable MODE is not set'] });
    expect(diagnoseAll(evidence).some((f) => f.proposals.length > 0)).toBe(false);
  });

  it('a crash after the revision had come up, when its configuration was changed later', () => {
    const evidence = rollout(spec({ image: 'shop/api:2', envFrom: [{ configMapRef: { name: 'cfg' } }] }), crash, { completed: true });
    const changed = object('v1', 'ConfigMap', 'cfg', {}, { managedFields: [{ manager: 'kubectl', time: ago(5) }] });
    expect(diagnoseAll({ ...evidence, objects: [...evidence.objects, changed] }).some((f) => f.cause.startsWith('bad_rollout'))).toBe(false);
  });

  it('a crash after a mere restart, while the same template serves: an older image is no way out', () => {
    const two = spec({ image: 'shop/api:2' });
    const { deployment: d, sets } = deployment('api', [{}, { ...two, available: 2 }, two]);
    const bad = pod(sets[2]!, crash);
    const evidence = evidenceOf(d, [sets, bad, pod(sets[1]!, { ready: true })], { logs: [log(bad, ['fatal: required environment variable MODE is not set'])] });
    expect(diagnoseAll(evidence).some((f) => f.proposals.length > 0)).toBe(false);
  });

  it('a crash that names a mounted file which both revisions mount alike', () => {
    const mounted = (image: string): Revision => ({ podSpec: { containers: [container({ image, volumeMounts: [{ name: 'v', mountPath: '/etc/api' }] })], volumes: [{ name: 'v', configMap: { name: 'cfg' } }] } });
    const lines = ['fatal: /etc/api/app.yaml: invalid configuration, "listen:" not found'];
    const after = (completed: boolean) => diagnoseAll(rollout(mounted('shop/api:2'), crash, { earlier: { ...mounted('shop/api:1'), available: 1 }, completed, lines }));
    expect(after(true).some((f) => f.proposals.length > 0)).toBe(false);
    // a revision that never came up may well need another content than the earlier one
    expect(after(false)[0]?.proposals[0]).toMatchObject({ action: 'rollback_deployment' });
  });

  it('an image that served and then went missing without a rollout', () => {
    const { deployment: d, sets } = deployment('api', [{}, { ...spec({ image: 'shop/api:2' }), available: 2 }], { completed: true, replicas: 3 });
    sets[1]!.status.readyReplicas = 2;
    const evidence = evidenceOf(d, [sets, pod(sets[1]!, { ready: true }), pod(sets[1]!, { waiting: { reason: 'ImagePullBackOff', message: 'shop/api:2: not found' } })]);
    expect(diagnoseAll(evidence)[0]).toMatchObject({ conclusion: 'needs_person', proposals: [] });
  });

  it('a revision that ran for days', () => {
    const { deployment: d, sets } = deployment('api', [{ ageS: 900_000 }, { ...spec({ image: 'shop/api:2' }), ageS: 400_000 }], { completed: true });
    expect(diagnoseAll(evidenceOf(d, [sets, pod(sets[1]!, crash)])).map((f) => f.cause)).toEqual(['crash.exits', 'unwell.crash']);
  });
});

describe('a normal rollout is no trouble', () => {
  it('pods that are still starting within the deadline', () => {
    const [first] = diagnoseAll(rollout(spec({ image: 'shop/api:2' }), { ageS: 5 }));
    expect(first).toMatchObject({ cause: 'in_progress', conclusion: 'inconclusive', proposals: [] });
  });
});
