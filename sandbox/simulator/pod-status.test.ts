import { describe, expect, it } from '@jest/globals';
import { inShop, lifeOf, podOf, probe, readyPod, worldOf } from '../../test/support/fake-world.js';
import type { Container, Pod } from './kube-types.js';
import type { World } from './world.js';

const main = (pod: Pod) => pod.status?.containerStatuses?.[0];
const waiting = (pod: Pod): string | undefined => main(pod)?.state.waiting?.reason;
const isReady = (pod: Pod): boolean => pod.status?.conditions?.some((one) => one.type === 'Ready' && one.status === 'True') ?? false;

function after(ms: number, world: World, container: Partial<Container> = {}, spec: Partial<Pod['spec']> = {}): ReturnType<typeof lifeOf> {
  const life = lifeOf(podOf(container, spec), world);
  life.until(ms);
  return life;
}

describe('a pod without trouble', () => {
  it('is Running at once and Ready after its startup', () => {
    const life = lifeOf(podOf(), worldOf('images: [{ image: "app:1", logs: [hello] }]'));
    life.until(900);
    expect(life.pod.status?.phase).toBe('Running');
    expect(isReady(life.pod)).toBe(false);
    const { nextCheckAtMs, memory } = life.until(1100);
    expect(isReady(life.pod)).toBe(true);
    expect(nextCheckAtMs).toBe(Infinity);
    expect(memory.containers['main']?.log.map((line) => line.text)).toEqual(['starting app:1', 'hello']);
    expect(life.events.map((event) => event.reason)).toEqual(['Pulled', 'Created', 'Started']);
  });

  it('does not change its status when looked at again', () => {
    const life = after(2000, worldOf());
    const before = JSON.stringify(life.pod.status);
    life.until(60_000);
    expect(JSON.stringify(life.pod.status)).toBe(before);
  });
});

describe('back-off', () => {
  it('grows from a second to ten and counts restarts', () => {
    const world = worldOf('images: [{ image: "app:1", exit: { code: 4, log: boom } }]');
    const life = lifeOf(podOf(), world);
    const restarts = [2000, 6000, 20_000, 60_000].map((ms) => {
      life.until(ms);
      return main(life.pod)?.restartCount ?? 0;
    });
    expect(restarts[0]).toBeGreaterThanOrEqual(1);
    expect(restarts[1]).toBeGreaterThan(restarts[0] ?? 0);
    // capped near ten seconds: about four more in forty
    expect((restarts[3] ?? 0) - (restarts[2] ?? 0)).toBeGreaterThanOrEqual(3);
    expect((restarts[3] ?? 0) - (restarts[2] ?? 0)).toBeLessThanOrEqual(5);
    expect(main(life.pod)?.lastState.terminated).toMatchObject({ reason: 'Error', exitCode: 4 });
    expect(life.outcome.memory.containers['main']?.previousLog.at(-1)?.text).toBe('boom');
  });

  it('of a failing pull alternates between ErrImagePull and ImagePullBackOff', () => {
    const life = lifeOf(podOf(), worldOf('images: [{ image: "app:1", pull: not_found }]'));
    const seen = new Set<string | undefined>();
    for (let ms = 100; ms < 12_000; ms += 300) {
      life.until(ms);
      seen.add(waiting(life.pod));
    }
    expect([...seen].sort()).toEqual(['ErrImagePull', 'ImagePullBackOff']);
    expect(life.pod.status?.phase).toBe('Pending');
  });
});

describe('the first rule of the table that applies', () => {
  const bad = 'images: [{ image: "app:1", pull: not_found, command: [app], env: [A], memory: 1Gi }]';
  const pulled = bad.replace('pull: not_found, ', '');
  it.each<[string, string, Partial<Container>, (pod: Pod) => unknown, unknown]>([
    ['pull before references', bad, { envFrom: [{ secretRef: { name: 'x' } }], command: ['no'] }, (pod) => waiting(pod), 'ErrImagePull'],
    ['references before command', pulled, { envFrom: [{ secretRef: { name: 'x' } }], command: ['no'] }, (pod) => waiting(pod), 'CreateContainerConfigError'],
    ['command before environment', pulled, { command: ['no'] }, (pod) => main(pod)?.state.terminated?.reason, 'StartError'],
    ['environment before memory', pulled, { resources: { limits: { memory: '1Mi' } } }, (pod) => main(pod)?.state.terminated?.exitCode, 1],
  ])('%s', (_name, images, container, look, wanted) => {
    expect(look(after(350, worldOf(images), container).pod)).toBe(wanted);
  });
});

describe('liveness', () => {
  const images = (more: string): string => `images: [{ image: "app:1", listens: [8080], ${more} }]`;
  it.each<[string, string, Partial<Container>, boolean]>([
    ['on a port nobody serves kills', '', { livenessProbe: probe(9090, { periodSeconds: 1, failureThreshold: 1 }) }, true],
    ['that is served does not', '', { livenessProbe: probe(8080) }, false],
    ['kills a slow start it does not wait for', 'startup: 10s', { livenessProbe: probe(8080, { periodSeconds: 1, failureThreshold: 3 }) }, true],
    ['waits for a slow start as long as written', 'startup: 10s', { livenessProbe: probe(8080, { initialDelaySeconds: 15 }) }, false],
    ['is held back by a startup probe', 'startup: 10s', { livenessProbe: probe(8080, { periodSeconds: 1 }), startupProbe: probe(8080, { periodSeconds: 10, failureThreshold: 30 }) }, false],
    ['by a startup probe that fails kills too', '', { startupProbe: probe(1, { periodSeconds: 1, failureThreshold: 2 }) }, true],
  ])('%s', (_name, more, container, kills) => {
    const life = after(13_000, worldOf(images(more)), container);
    expect((main(life.pod)?.restartCount ?? 0) > 0).toBe(kills);
    expect(isReady(life.pod)).toBe(!kills);
    expect(life.events.some((event) => event.reason === 'Killing')).toBe(kills);
  });
});

describe('init containers', () => {
  const inits = { initContainers: [{ name: 'first', image: 'one:1' }, { name: 'second', image: 'two:1' }] };
  it('run one after the other, then the containers start', () => {
    const life = lifeOf(podOf({}, inits), worldOf());
    life.until(100);
    expect(life.pod.status?.initContainerStatuses?.map((one) => Object.keys(one.state)[0])).toEqual(['running', 'waiting']);
    expect(waiting(life.pod)).toBe('PodInitializing');
    life.until(2000);
    expect(life.pod.status?.initContainerStatuses?.every((one) => one.ready && one.state.terminated?.exitCode === 0)).toBe(true);
    expect(isReady(life.pod)).toBe(true);
  });

  it('that fail in a pod that never restarts fail the pod', () => {
    const life = after(1000, worldOf('images: [{ image: "one:1", exit: { code: 1 } }]'), {}, { ...inits, restartPolicy: 'Never' });
    expect(life.pod.status?.phase).toBe('Failed');
  });

  it('with restartPolicy Always run beside the containers', () => {
    const sidecar = { initContainers: [{ name: 'proxy', image: 'proxy:1', restartPolicy: 'Always' }] };
    const life = after(3000, worldOf(), {}, sidecar);
    expect(life.pod.status?.initContainerStatuses?.[0]?.state.running).toBeDefined();
    expect(isReady(life.pod)).toBe(true);
  });
});

describe('pods that end', () => {
  it.each([
    [0, 'Never', 'Succeeded'],
    [1, 'Never', 'Failed'],
    [0, 'OnFailure', 'Succeeded'],
    [1, 'OnFailure', 'Running'],
    [0, 'Always', 'Running'],
  ])('with exit code %i and restartPolicy %s are %s', (code, restartPolicy, phase) => {
    const world = worldOf(`images: [{ image: "app:1", exit: { code: ${String(code)} } }]`);
    expect(after(8000, world, {}, { restartPolicy }).pod.status?.phase).toBe(phase);
  });

  it('run for ever when the image does not exit', () => {
    expect(after(600_000, worldOf(), {}, { restartPolicy: 'Never' }).pod.status?.phase).toBe('Running');
  });

  it('keep their own deadline', () => {
    expect(after(6000, worldOf(), {}, { activeDeadlineSeconds: 5 }).pod.status).toMatchObject({ phase: 'Failed', reason: 'DeadlineExceeded' });
  });
});

describe('what a running container reads', () => {
  const settings = (text: string): object => inShop('ConfigMap', 'settings', { data: { mode: text, 'app.yaml': text } });
  const volumes = [{ name: 'v', configMap: { name: 'settings' } }];
  const cases: [string, string, Partial<Container>, boolean][] = [
    ['a mounted file changes under it', 'fileContains: { /etc/app/app.yaml: good }', { volumeMounts: [{ name: 'v', mountPath: '/etc/app' }] }, true],
    ['a subPath file stays', 'fileContains: { /etc/app.yaml: good }', { volumeMounts: [{ name: 'v', mountPath: '/etc/app.yaml', subPath: 'app.yaml' }] }, false],
    ['a variable stays', 'envEquals: { MODE: good }', { env: [{ name: 'MODE', valueFrom: { configMapKeyRef: { name: 'settings', key: 'mode' } } }] }, false],
  ];
  it.each(cases)('%s', (_name, rule, container, crashes) => {
    const world = worldOf(`images: [{ image: "app:1", ${rule} }]`, [settings('good')]);
    const life = lifeOf(podOf(container, { volumes }), world);
    life.until(2000);
    expect(isReady(life.pod)).toBe(true);
    world.put(settings('bad'));
    life.until(6000);
    expect((main(life.pod)?.restartCount ?? 0) > 0).toBe(crashes);
  });

  it('of a deleted ConfigMap stays as it was', () => {
    const world = worldOf('images: [{ image: "app:1", files: [/etc/app/app.yaml] }]', [settings('good')]);
    const life = lifeOf(podOf({ volumeMounts: [{ name: 'v', mountPath: '/etc/app' }] }, { volumes }), world);
    life.until(2000);
    world.remove('ConfigMap', 'settings', 'shop');
    life.until(9000);
    expect(isReady(life.pod)).toBe(true);
  });
});

describe('readiness', () => {
  it('is lost about a second after a dependency is, and comes back at once', () => {
    const world = worldOf('images: [{ image: "app:1", dependsOn: ["db:5432"] }]', [
      inShop('Service', 'db', { spec: { selector: { role: 'db' }, ports: [{ port: 5432 }] } }),
      readyPod('db-1', { role: 'db' }),
    ]);
    const life = lifeOf(podOf(), world);
    life.until(2000);
    expect(isReady(life.pod)).toBe(true);
    world.remove('Pod', 'db-1', 'shop');
    life.until(2500);
    expect(isReady(life.pod)).toBe(true);
    life.until(4000);
    expect(isReady(life.pod)).toBe(false);
    world.put(readyPod('db-2', { role: 'db' }));
    life.until(4001);
    expect(isReady(life.pod)).toBe(true);
  });

  it('never comes to an image that exits, however late', () => {
    const life = after(5000, worldOf('images: [{ image: "app:1", exit: { code: 0, after: 1h } }]'));
    expect(isReady(life.pod)).toBe(false);
    expect(main(life.pod)?.state.running).toBeDefined();
  });

  it('needs the access the image asks for', () => {
    const life = after(3000, worldOf('images: [{ image: "app:1", access: ["get configmaps"] }]', [], ['get configmaps']));
    expect(isReady(life.pod)).toBe(false);
    expect(life.outcome.memory.containers['main']?.log.at(-1)?.text).toContain('403 Forbidden: configmaps is forbidden: User "system:serviceaccount:shop:default" cannot get resource');
  });

  it('waits for a readiness gate', () => {
    const life = after(3000, worldOf(), {}, { readinessGates: [{ conditionType: 'example.com/gate' }] });
    expect(isReady(life.pod)).toBe(false);
  });
});

it('a changed image in the spec of a running pod replaces the container', () => {
  const life = lifeOf(podOf(), worldOf('images: [{ image: "app:2", pull: not_found }]'));
  life.until(2000);
  life.pod = { ...podOf({ image: 'app:2' }), status: life.pod.status };
  life.until(3500);
  expect(waiting(life.pod)).toBe('ImagePullBackOff');
  expect(life.events.some((event) => event.reason === 'Killing' && event.message.includes('definition changed'))).toBe(true);
});
