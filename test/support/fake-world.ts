import { imageTableOf, parseImages } from '../../sandbox/images.js';
import type { Container, Kind, KindMap, Pod, Probe } from '../../sandbox/simulator/kube-types.js';
import { podStatusOf, type PodOutcome } from '../../sandbox/simulator/pod-status.js';
import type { PodEvent, PodMemory } from '../../sandbox/simulator/memory.js';
import type { AccessQuestion, World } from '../../sandbox/simulator/world.js';

interface Named {
  kind: Kind;
  metadata: { name: string; namespace?: string };
}

export interface FakeWorld extends World {
  put(object: object): void;
  remove(kind: Kind, name: string, namespace?: string): void;
}

/** The cluster as plain objects: `{ kind, metadata: { name, namespace }, … }`. */
export function worldOf(images = 'images: []', objects: object[] = [], denied: string[] = []): FakeWorld {
  const all = new Map<string, Named>();
  const key = (kind: Kind, namespace: string | undefined, name: string): string => `${kind}|${namespace ?? ''}|${name}`;
  const world: FakeWorld = {
    images: imageTableOf(parseImages(images)),
    isAllowed: (question: AccessQuestion) => !denied.includes(`${question.verb} ${question.resource}`),
    get: <K extends Kind>(kind: K, namespace: string | undefined, name: string) => all.get(key(kind, namespace, name)) as KindMap[K] | undefined,
    list: <K extends Kind>(kind: K, namespace?: string) =>
      [...all.values()].filter((one) => one.kind === kind && (namespace === undefined || one.metadata.namespace === namespace)) as unknown as KindMap[K][],
    put: (object) => {
      const named = object as Named;
      all.set(key(named.kind, named.metadata.namespace, named.metadata.name), named);
    },
    remove: (kind, name, namespace) => void all.delete(key(kind, namespace, name)),
  };
  for (const object of objects) world.put(object);
  return world;
}

export const inShop = (kind: Kind, name: string, rest: object = {}): object => ({ kind, metadata: { name, namespace: 'shop', uid: `${kind}-${name}` }, ...rest });

export const probe = (port: number | string, more: Partial<Probe> & { path?: string } = {}): Probe => {
  const { path = '/healthz', ...rest } = more;
  return { httpGet: { port, path }, ...rest };
};

/** A pod of namespace shop, scheduled, with one container `main`. */
export function podOf(container: Partial<Container> = {}, spec: Partial<Pod['spec']> = {}, labels: Record<string, string> = { app: 'app' }): Pod {
  return {
    metadata: { name: 'app-1', namespace: 'shop', uid: 'uid-1', labels },
    spec: { nodeName: 'node-1', containers: [{ name: 'main', image: 'app:1', ...container }], ...spec },
  };
}

/** The same pod as the world sees it once it is Ready. */
export function readyPod(name: string, labels: Record<string, string>, container: Partial<Container> = {}, namespace = 'shop'): object {
  const pod = podOf(container, {}, labels);
  const running = { state: { running: { startedAt: '2026-01-01T00:00:00Z' } } };
  return {
    kind: 'Pod',
    ...pod,
    metadata: { ...pod.metadata, name, namespace, uid: `uid-${name}` },
    status: { phase: 'Running', podIP: '10.244.0.9', conditions: [{ type: 'Ready', status: 'True' }], containerStatuses: [{ name: 'main', ready: true, restartCount: 0, lastState: {}, ...running }] },
  };
}

export interface Life {
  pod: Pod;
  outcome: PodOutcome;
  events: PodEvent[];
  /** Plays the pod's kubelet until `ms` after its start, looking whenever the rules ask for it. */
  until(ms: number): PodOutcome;
}

export const startMs = Date.parse('2026-01-01T00:00:00Z');

/** A kubelet with a clock that is turned by hand. */
export function lifeOf(pod: Pod, world: World): Life {
  let memory: PodMemory = { containers: {}, volumes: {}, podIP: '10.244.0.1' };
  let now = startMs;
  const life: Life = {
    pod,
    events: [],
    outcome: { status: {}, memory, events: [], nextCheckAtMs: startMs },
    until(ms) {
      const end = startMs + ms;
      for (;;) {
        const outcome = podStatusOf(life.pod, world, memory, now);
        memory = outcome.memory;
        life.outcome = outcome;
        life.events.push(...outcome.events);
        life.pod = { ...life.pod, status: outcome.status };
        if (outcome.nextCheckAtMs > end) break;
        now = Math.max(now + 1, outcome.nextCheckAtMs);
      }
      now = end;
      return life.outcome;
    },
  };
  return life;
}
