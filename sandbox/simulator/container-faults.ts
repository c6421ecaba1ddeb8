import type { ImageEntry } from '../images.js';
import type { Container, Pod } from './kube-types.js';
import type { Run } from './memory.js';
import { isBroken } from './node-status.js';
import { patienceMs, probeFailure, shortPatienceMs } from './probes.js';
import { quantityOf } from './quantity.js';
import { connectTo } from './reachability.js';
import { fileAt, type VolumeContent } from './volumes.js';
import type { World } from './world.js';

export interface Surroundings {
  container: Container;
  pod: Pod;
  world: World;
  image: ImageEntry;
  volumes: Record<string, VolumeContent>;
  isInit: boolean;
  now: number;
}

export interface Death {
  atMs: number;
  exitCode: number;
  reason: 'Error' | 'OOMKilled' | 'Completed';
  log?: string;
  /** Set when the kubelet kills: the event it writes. */
  killing?: string;
}

/** Long enough to be seen Running, short enough not to wait for. */
const crashDelayMs = 300;
const oomDelayMs = 700;

export const startupMsOf = (image: ImageEntry, isInit: boolean): number => image.startupMs ?? (isInit ? 300 : 1000);

function unmetRequirement(run: Run, around: Surroundings): string | undefined {
  const { image, container, volumes } = around;
  const name = image.env.find((one) => !run.env[one]);
  if (name) return `fatal: required environment variable ${name} is not set`;
  const wrong = Object.entries(image.envEquals).find(([key, value]) => run.env[key] !== value);
  if (wrong) return `fatal: environment variable ${wrong[0]} is "${run.env[wrong[0]] ?? ''}", want "${wrong[1]}"`;
  const file = image.files.find((path) => !fileAt(path, container, volumes, run.frozen).isPresent);
  if (file) return `fatal: open ${file}: no such file or directory`;
  for (const [path, wanted] of Object.entries(image.fileContains)) {
    const found = fileAt(path, container, volumes, run.frozen);
    if (!found.isPresent) return `fatal: open ${path}: no such file or directory`;
    const lacking = found.content === undefined ? undefined : wanted.find((text) => !found.content?.includes(text));
    if (lacking !== undefined) return `fatal: ${path}: invalid configuration, "${lacking}" not found`;
  }
  return undefined;
}

export function memoryLimitOf(container: Container): number {
  return quantityOf(container.resources?.limits?.['memory']);
}

function ownExit(run: Run, around: Surroundings): Death | undefined {
  const { image, now, pod, world } = around;
  const requirement = isBroken(world.get('Node', undefined, pod.spec.nodeName ?? '')) ? 'fatal: read /usr/lib: input/output error' : unmetRequirement(run, around);
  if (requirement) {
    return { atMs: Math.max(run.startedMs + crashDelayMs, now), exitCode: image.exit?.code || 1, reason: 'Error', log: requirement };
  }
  if (!image.exit) return undefined;
  const { code, log, afterMs } = image.exit;
  return { atMs: run.startedMs + Math.max(afterMs, crashDelayMs), exitCode: code, reason: code === 0 ? 'Completed' : 'Error', log };
}

function outOfMemory(run: Run, around: Surroundings): Death | undefined {
  const needed = around.image.memoryBytes ?? 0;
  if (!(memoryLimitOf(around.container) < needed)) {
    run.oomSinceMs = undefined;
    return undefined;
  }
  run.oomSinceMs ??= around.now;
  return { atMs: run.oomSinceMs + oomDelayMs, exitCode: 137, reason: 'OOMKilled' };
}

/** Notes since when a probe fails; before the process is up nothing can be said. */
function noteFailure(run: Run, since: 'livenessFailingSinceMs' | 'startupFailingSinceMs', isFailing: boolean, upMs: number, now: number): void {
  if (!isFailing) run[since] = undefined;
  else if (now >= upMs) run[since] ??= now;
}

/** While the process starts, only the pace written in the spec counts, so that a patient probe never kills a slow start. */
function killedByProbe(run: Run, around: Surroundings, which: 'liveness' | 'startup'): Death | undefined {
  const { container, image, pod, now } = around;
  const probe = which === 'liveness' ? container.livenessProbe : container.startupProbe;
  if (!probe) return undefined;
  const since = `${which}FailingSinceMs` as const;
  const upMs = run.startedMs + startupMsOf(image, false);
  const isFailing = probeFailure(probe, container, image, pod) !== undefined;
  noteFailure(run, since, isFailing, upMs, now);
  const killAt = (atMs: number): Death => ({ atMs, exitCode: 137, reason: 'Error', killing: `Container ${container.name} failed ${which} probe, will be restarted` });
  const isFirst = which === 'startup' || !container.startupProbe;
  const spentMs = run.startedMs + patienceMs(probe);
  if (isFirst && spentMs < upMs) return killAt(spentMs);
  return isFailing ? killAt((run[since] ?? upMs) + shortPatienceMs(probe)) : undefined;
}

/** A startup probe holds the liveness probe back until it passed. */
function killedByKubelet(run: Run, around: Surroundings): Death | undefined {
  if (around.isInit) return undefined;
  const startup = killedByProbe(run, around, 'startup');
  if (startup) return startup;
  const isHeldBack = around.container.startupProbe !== undefined && around.now < run.startedMs + startupMsOf(around.image, false);
  return isHeldBack ? undefined : killedByProbe(run, around, 'liveness');
}

/** A command in the container was too much for it: it did not answer its liveness probe meanwhile. */
const killedInside = ({ killedAtMs }: Run, { container }: Surroundings): Death | undefined =>
  killedAtMs === undefined ? undefined : { atMs: killedAtMs, exitCode: 137, reason: 'Error', killing: `Container ${container.name} failed liveness probe, will be restarted` };

/** When and how this run ends, first rule of the table that applies; undefined = not foreseeable. */
export const deathOf = (run: Run, around: Surroundings): Death | undefined =>
  killedInside(run, around) ?? ownExit(run, around) ?? outOfMemory(run, around) ?? killedByKubelet(run, around);

export interface Unreadiness {
  /** What the application logs. */
  log?: string;
  /** What a readiness probe reports. */
  probe?: string;
}

function unmetAccess(around: Surroundings): string | undefined {
  const { pod, world, image } = around;
  const namespace = pod.metadata.namespace ?? 'default';
  const serviceAccount = pod.spec.serviceAccountName ?? 'default';
  const denied = image.access.find((rule) => {
    const [verb = '', resource = ''] = rule.split(/\s+/);
    return !world.isAllowed({ namespace, serviceAccount, verb, resource });
  });
  if (!denied) return undefined;
  const [verb = '', resource = ''] = denied.split(/\s+/);
  const [plural = '', ...group] = resource.split('/')[0]?.split('.') ?? [];
  return `403 Forbidden: ${plural} is forbidden: User "system:serviceaccount:${namespace}:${serviceAccount}" cannot ${verb} resource "${plural}" in API group "${group.join('.')}" in the namespace "${namespace}"`;
}

/** The first dependency that cannot be reached, or access that is denied, as the application would log it. */
export function unmetDependency(around: Surroundings): string | undefined {
  for (const address of around.image.dependsOn) {
    const why = connectTo(address, around.pod, around.world);
    if (why === 'no such host') return `cannot connect to ${address}: dial tcp: lookup ${address.split(':')[0] ?? ''}: no such host`;
    if (why) return `cannot connect to ${address}: dial tcp ${address}: ${why === 'connection refused' ? 'connect: connection refused' : why}`;
  }
  return unmetAccess(around);
}

/** Why a running container that is up is not Ready; undefined = it is. */
export function unreadinessOf(around: Surroundings): Unreadiness | undefined {
  const { container, image, pod } = around;
  const dependency = unmetDependency(around);
  if (dependency) return { log: dependency, probe: container.readinessProbe && 'HTTP probe failed with statuscode: 503' };
  const probe = container.readinessProbe && probeFailure(container.readinessProbe, container, image, pod);
  if (probe) return { probe };
  return image.exit ? {} : undefined;
}
