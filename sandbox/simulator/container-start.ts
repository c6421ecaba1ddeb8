import { environmentOf, expand } from './environment.js';
import type { Surroundings } from './container-faults.js';
import type { ContainerMemory, PodEvent, Run } from './memory.js';
import { timeText, withLines } from './memory.js';
import { frozenFiles } from './volumes.js';

export interface Step {
  memory: ContainerMemory;
  events: PodEvent[];
}

/** Bare names live on Docker Hub, as container runtimes spell them in messages. */
function fullName(image: string): string {
  const first = image.split('/')[0] ?? '';
  if (!image.includes('/')) return `docker.io/library/${image}`;
  return first.includes('.') || first.includes(':') || first === 'localhost' ? image : `docker.io/${image}`;
}

/** Pull secrets count only when the pod's own spec names them: admission copied the service account's at creation. */
function pullProblem({ image, container, pod, world }: Surroundings): string | undefined {
  const name = fullName(container.image);
  const reference = `Failed to pull image "${container.image}": rpc error: code = NotFound desc = failed to pull and unpack image "${name}": failed to resolve reference "${name}"`;
  if (image.pull === 'not_found') return `${reference}: ${name}: not found`;
  const hasSecret = pod.spec.imagePullSecrets?.some((one) => one.name && world.get('Secret', pod.metadata.namespace, one.name)) ?? false;
  if (image.pull !== 'unauthorized' || hasSecret) return undefined;
  return `${reference.replace('code = NotFound', 'code = Unknown')}: pull access denied, repository does not exist or may require authorization: authorization failed: no basic auth credentials`;
}

/** Deterministic id in the shape of a runtime's: 64 hex digits from the pod, the container and the life. */
function runtimeId(seed: string): string {
  let hash = 2166136261;
  let text = '';
  for (let round = 0; text.length < 64; round++) {
    for (const char of `${seed}/${String(round)}`) hash = Math.imul(hash ^ char.charCodeAt(0), 16777619) >>> 0;
    text += hash.toString(16).padStart(8, '0');
  }
  return `containerd://${text.slice(0, 64)}`;
}

const about = (around: Surroundings, type: PodEvent['type'], reason: string, message: string): PodEvent => ({
  type,
  reason,
  message,
  container: around.container.name,
  isInit: around.isInit,
});

export const eventAbout = about;

/** Said before the pull, which then may work or not. */
function withoutSecrets(around: Surroundings): PodEvent[] {
  const { pod, world } = around;
  const missing = (pod.spec.imagePullSecrets ?? []).flatMap((one) => (one.name && !world.get('Secret', pod.metadata.namespace, one.name) ? [one.name] : []));
  return missing.length === 0 ? [] : [about(around, 'Warning', 'FailedToRetrieveImagePullSecret', `Unable to retrieve some image pull secrets (${missing.join(', ')}); attempting to pull the image may not succeed.`)];
}

function pullFailed(memory: ContainerMemory, around: Surroundings, problem: string): Step {
  return {
    memory: { ...memory, stage: 'pull_failed', sinceMs: around.now, pullFailures: memory.pullFailures + 1, problem: problem.replace(/^Failed to pull image "[^"]*": /, '') },
    events: [
      ...withoutSecrets(around),
      about(around, 'Normal', 'Pulling', `Pulling image "${around.container.image}"`),
      about(around, 'Warning', 'Failed', problem),
      about(around, 'Warning', 'Failed', 'Error: ErrImagePull'),
    ],
  };
}

function commandNotFound(memory: ContainerMemory, around: Surroundings, argv0: string): Step {
  const { now, pod, container } = around;
  const message = `failed to create containerd task: failed to create shim task: OCI runtime create failed: runc create failed: unable to start container process: exec: "${argv0}": executable file not found in $PATH: unknown`;
  const creations = memory.creations + 1;
  const containerID = runtimeId(`${pod.metadata.uid}/${container.name}/${String(creations)}`);
  const exited = { exitCode: 128, reason: 'StartError', message, startedAt: '1970-01-01T00:00:00Z', finishedAt: timeText(now), containerID };
  return {
    memory: { ...memory, stage: 'crashed', sinceMs: now, creations, crashes: memory.crashes + 1, exited, last: memory.exited ?? memory.last, run: undefined },
    events: [about(around, 'Normal', 'Created', `Created container: ${container.name}`), about(around, 'Warning', 'Failed', `Error: ${message}`)],
  };
}

function started(memory: ContainerMemory, around: Surroundings, env: Record<string, string>): Step {
  const { container, pod, now } = around;
  const creations = memory.creations + 1;
  const run: Run = {
    id: runtimeId(`${pod.metadata.uid}/${container.name}/${String(creations)}`),
    startedMs: now,
    env,
    frozen: frozenFiles(container, around.volumes),
    isReady: false,
    hasAnnouncedStart: false,
  };
  const commandLine = [...(container.command ?? []), ...(container.args ?? [])].join(' ');
  return {
    memory: {
      ...memory,
      stage: 'running',
      sinceMs: now,
      creations,
      run,
      last: memory.exited ?? memory.last,
      exited: undefined,
      previousLog: memory.creations > 0 ? memory.log : memory.previousLog,
      log: withLines([], now, `starting ${commandLine || container.image}`),
    },
    events: [
      about(around, 'Normal', 'Created', `Created container: ${container.name}`),
      about(around, 'Normal', 'Started', `Started container ${container.name}`),
    ],
  };
}

/** References, command, start: what follows once image and volumes are there. */
function createContainer(memory: ContainerMemory, around: Surroundings): Step {
  const { container, pod, world, image, now } = around;
  const environment = environmentOf(container, pod, world);
  if (environment.problem) {
    const failed = about(around, 'Warning', 'Failed', `Error: ${environment.problem}`);
    return { memory: { ...memory, stage: 'config_error', sinceMs: now, problem: environment.problem }, events: [failed] };
  }
  const argv0 = container.command?.[0] && expand(container.command[0], environment.values);
  const isKnown = argv0 === undefined || !image.command || image.command.includes(argv0);
  return isKnown ? started(memory, around, environment.values) : commandNotFound(memory, around, argv0);
}

/** Tries to start a container: pull, volumes, references, command, in the order of the table. */
export function startContainer(memory: ContainerMemory, around: Surroundings, mountProblem: string | undefined): Step {
  const problem = memory.isPulled ? undefined : pullProblem(around);
  if (problem) return pullFailed(memory, around, problem);
  const pulled = { ...memory, isPulled: true, problem: undefined, pullFailures: 0 };
  if (mountProblem) return { memory: { ...pulled, stage: 'creating', sinceMs: around.now }, events: [] };
  const step = createContainer(pulled, around);
  if (memory.isPulled) return step;
  const event = about(around, 'Normal', 'Pulled', `Container image "${around.container.image}" already present on machine`);
  return { memory: step.memory, events: [event, ...step.events] };
}
