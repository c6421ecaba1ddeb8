import { durationMs } from '../domain/duration.js';
import type { KubeObject, ObjectRef } from '../domain/kube.js';
import type { ActionPolicy } from '../domain/policy.js';
import { isMasked } from '../domain/redact-object.js';
import type { ActionFacts, Progress } from './define.js';
import { OURS } from './claim-snapshot.js';
import { textLimit } from './limits.js';
import { refuse } from './workload.js';

/** The name that our Role may read; another one in the policy needs a grant of its own. */
export const HOOK_CONFIG_MAP = 'kubernaut-hooks';
/** Which ConfigMap a Job of ours was made from; admission allows no Job without it. */
export const HOOK_LABEL = 'kubernaut.io/hook';
/** The only thing we tell a hook: which member it is for. */
export const MEMBER_VARIABLE = 'KUBERNAUT_MEMBER';
const DEFAULT_DEADLINE = '10m';
const MAX_DEADLINE_S = 3600;
const KEEP_S = 86_400;
const NAME = /^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$/;

/** The ConfigMap that the policy names (`hookConfigMap`), in the namespace it acts in. */
export function hookRef(namespace: string, limits: ActionPolicy): ObjectRef | undefined {
  const name = textLimit(limits, 'hookConfigMap');
  if (name === undefined) return undefined;
  return NAME.test(name) ? { apiVersion: 'v1', kind: 'ConfigMap', namespace, name } : refuse('PolicyDenied', `the policy limit hookConfigMap is ${JSON.stringify(name)}, which is no name; correct the policy`);
}

/** For `reads`: nothing is read where no policy names a hook, and a policy that is wrong is told by the plan. */
export function hookReads(target: KubeObject, limits: ActionPolicy): ObjectRef[] {
  const namespace = target.kind === 'Namespace' ? target.metadata.name : target.metadata.namespace;
  const name = limits['hookConfigMap'];
  return namespace !== undefined && typeof name === 'string' && NAME.test(name) ? [{ apiVersion: 'v1', kind: 'ConfigMap', namespace, name }] : [];
}

export interface Hook {
  configMap: string;
  /** The Job's `spec.template.spec`, as its owner wrote it. */
  podSpec: PodSpec;
  /** Seconds, within the cap. */
  deadlineS: number;
}

interface Container {
  name: string;
  env?: { name: string }[];
  resources?: { requests?: object; limits?: Record<string, string> };
  securityContext?: { privileged?: boolean; allowPrivilegeEscalation?: boolean };
}
interface PodSpec {
  containers?: Container[];
  initContainers?: Container[];
  volumes?: { hostPath?: object }[];
  [field: string]: unknown;
}

/** The texts under the ConfigMap's keys; undefined when the policy names none or nobody made it. */
export function hooksIn(namespace: string, { world, limits }: ActionFacts): { configMap: string; texts: Record<string, string> } | undefined {
  const ref = hookRef(namespace, limits);
  const found = ref && world.get('ConfigMap', namespace, ref.name);
  return found && { configMap: found.metadata.name, texts: (found.data ?? {}) as Record<string, string> };
}

/** A Job as JSON, written by the owner of the namespace. Nobody else has a say in what it runs. */
export function hookFrom(configMap: string, key: string, text: string, at: string): Hook {
  const where = `${at}: hook ${key} of ConfigMap ${configMap}`;
  const job = parsed(text, where);
  const podSpec = job.spec?.template?.spec as PodSpec | undefined;
  if (!podSpec?.containers?.length) return refuse('Unsupported', `${where} is no Job with containers; store the whole Job as JSON`);
  if (isMasked(podSpec)) refuse('Unsupported', `${where} holds a secret in plain text; refer to a Secret instead (secretKeyRef)`);
  checkReach(podSpec, where);
  return { configMap, podSpec, deadlineS: deadlineOf(job) };
}

function parsed(text: string, where: string): KubeObject {
  try {
    const job: unknown = JSON.parse(text);
    if (job !== null && typeof job === 'object' && (job as KubeObject).kind === 'Job') return job as KubeObject;
  } catch {
    // told below: the text itself may hold what must not be repeated
  }
  return refuse('Unsupported', `${where} is no Job in JSON; store one`);
}

const HOST_DOORS = ['hostNetwork', 'hostPID', 'hostIPC'];

/** Who may write a ConfigMap shall not reach the node through us. */
function checkReach(podSpec: PodSpec, where: string): void {
  const isOut = HOST_DOORS.some((door) => podSpec[door] === true) || (podSpec.volumes ?? []).some((v) => v.hostPath !== undefined);
  const isPrivileged = [...(podSpec.containers ?? []), ...(podSpec.initContainers ?? [])].some((c) => c.securityContext?.privileged === true);
  const account = podSpec['serviceAccountName'] ?? 'default';
  if (account !== 'default' && !String(account).startsWith('kubernaut-hook-')) refuse('PolicyDenied', `${where} runs as service account ${String(account)}; give it one of its own, named kubernaut-hook-…`);
  if (isOut || isPrivileged) refuse('PolicyDenied', `${where} reaches for its node (host namespaces, hostPath, privileged); write it without`);
}

function deadlineOf(job: KubeObject): number {
  const asked = Number(job.spec?.activeDeadlineSeconds ?? durationMs(DEFAULT_DEADLINE) / 1000);
  return Number.isInteger(asked) && asked > 0 ? Math.min(asked, MAX_DEADLINE_S) : MAX_DEADLINE_S;
}

const BOUNDS = { cpu: '1', memory: '512Mi' };

/** Every container is bounded, also one whose owner forgot. */
const bounded = (c: Container): Container => ({ ...c, resources: { ...c.resources, limits: { ...BOUNDS, ...c.resources?.limits } } });

const withMember = (c: Container, member: string | undefined): Container =>
  member === undefined ? c : { ...c, env: [...(c.env ?? []).filter((e) => e.name !== MEMBER_VARIABLE), { name: MEMBER_VARIABLE, value: member } as { name: string }] };

/** The Job itself: runs once (no retry of its own), ends by its deadline, is kept for a day as a record. */
export function jobOf(hook: Hook, o: { name: string; namespace: string; action: string; member?: string }): KubeObject {
  const shape = (list: Container[] | undefined) => list?.map((c) => withMember(bounded(c), o.member));
  const labels = { ...OURS, [HOOK_LABEL]: hook.configMap, 'kubernaut.io/action': o.action };
  const initContainers = shape(hook.podSpec.initContainers);
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { name: o.name, namespace: o.namespace, labels },
    spec: {
      backoffLimit: 0,
      completions: 1,
      parallelism: 1,
      activeDeadlineSeconds: hook.deadlineS,
      ttlSecondsAfterFinished: KEEP_S,
      template: { metadata: { labels }, spec: { ...hook.podSpec, restartPolicy: 'Never', containers: shape(hook.podSpec.containers), ...(initContainers ? { initContainers } : {}) } },
    },
  };
}

interface Condition {
  type: string;
  status: string;
  message?: string;
}

export function jobProgress(job: KubeObject | undefined, name: string): Progress {
  const { conditions = [] } = (job?.status ?? {}) as { conditions?: Condition[] };
  const is = (type: string) => conditions.find((c) => c.type === type && c.status === 'True');
  if (is('Complete')) return { state: 'reached', detail: `job ${name} completed` };
  const failed = is('Failed');
  if (failed) return { state: 'failed', detail: `job ${name} failed: ${failed.message ?? 'no reason given'}` };
  return { state: 'waiting', detail: job ? `job ${name} runs` : `job ${name} is not seen` };
}
