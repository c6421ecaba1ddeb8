import type { Evidence } from '../domain/evidence.js';
import type { KubeObject, World } from '../domain/kube.js';
import type { Finding } from '../domain/plan.js';
import { defineAnalyzer } from './define.js';
import { cut, describeTrouble, type Trouble } from './reading/container-trouble.js';
import { endsOf } from './reading/ends.js';
import { inKubectl, needsPerson, patchContainer, templatePatch } from './reading/person.js';
import { containerOf } from './reading/rollout.js';
import { logLinesOf, troublesOf, workloadsInScope } from './reading/scene.js';

interface Refusal {
  cause: string;
  what: string;
  edit: string;
  confidence: number;
}

interface Seen {
  workload: KubeObject;
  trouble: Trouble;
  /** Log lines, the kubelet's message and the end's, newest last. */
  text: string;
  exitCode?: number;
}

/** Node or image do not let the process start: no such program, not executable, a read-only file system, root where none may be. */
export const containerRefused = defineAnalyzer({
  id: 'container_refused',
  summary: 'A container is not allowed or not able to start its process: entrypoint, permissions, read-only file system, user, port in use.',
  looksAt: ['deployments', 'statefulsets', 'daemonsets', 'jobs', 'pods', 'logs'],
  diagnose: (evidence, world) => workloadsInScope(evidence, world).flatMap((w) => findingOf(w, evidence, world)),
});

function findingOf(workload: KubeObject, evidence: Evidence, world: World): Finding[] {
  for (const trouble of troublesOf(world, workload, evidence).filter((t) => ['start', 'crash', 'config'].includes(t.kind))) {
    const lines = logLinesOf(evidence, trouble.pod, trouble.container).slice(-5);
    const exitCode = endsOf(trouble.pod).find((e) => e.container === trouble.container)?.exitCode;
    const seen: Seen = { workload, trouble, text: [trouble.message, ...lines].join('\n'), ...(exitCode === undefined ? {} : { exitCode }) };
    const refusal = RULES.map((rule) => rule(seen)).find((r) => r !== undefined);
    if (!refusal) continue;
    const { what, ...rest } = refusal;
    const last = lines.at(-1);
    return [needsPerson({ analyzer: 'container_refused', of: workload, what: `${trouble.container} ${what}`, evidence: [describeTrouble(trouble), ...(exitCode === undefined ? [] : [`exit code ${exitCode}`]), ...(last ? [cut(`log: ${last}`)] : [])], ...rest })];
  }
  return [];
}

type Rule = (seen: Seen) => Refusal | undefined;

const notRoot: Rule = ({ workload, text }) =>
  /runAsNonRoot and image (?:will run as root|has non-numeric user)/.test(text)
    ? { cause: 'container.runs_as_root', what: 'would run as root, which its security context forbids', confidence: 0.9, edit: templatePatch(workload, { securityContext: { runAsNonRoot: true, runAsUser: 65534 } }) }
    : undefined;

/** `open /var/cache/x: read-only file system` → a writable folder there. */
const readOnly: Rule = ({ workload, trouble, text }) => {
  const found = /(?<![\w/])(\/[\w./-]{1,200}): [Rr]ead-only file ?system|[Rr]ead-only file ?system:? ['"]?(\/[\w./-]{1,200})/.exec(text);
  const path = found?.[1] ?? found?.[2];
  if (!path && !/[Rr]ead-only file ?system/.test(text)) return undefined;
  const folder = path ? path.replace(/\/[^/]*$/, '') || path : '/PATH';
  return {
    cause: 'container.read_only', what: `writes to ${path ?? 'a file system'} that is read-only`, confidence: 0.74,
    edit: templatePatch(workload, { containers: [{ name: trouble.container, volumeMounts: [{ name: 'writable', mountPath: folder }] }], volumes: [{ name: 'writable', emptyDir: {} }] }),
  };
};

const portTaken: Rule = ({ workload, trouble, text }) => {
  const isDenied = /bind: permission denied/i.test(text);
  if (!isDenied && !/address already in use|EADDRINUSE/i.test(text)) return undefined;
  const port = /:(\d{2,5})(?=\D|$)/.exec(text.split('\n').findLast((l) => /bind|EADDRINUSE|in use/i.test(l)) ?? '')?.[1];
  const ports = JSON.stringify(containerOf(trouble.pod, trouble.container)?.ports ?? []);
  return {
    cause: isDenied ? 'container.port_denied' : 'container.port_in_use', what: `cannot listen${port ? ` on port ${port}` : ''}: ${whyTaken(trouble.pod, isDenied)}`, confidence: 0.76,
    edit: `kubectl edit ${workload.kind.toLowerCase()} ${workload.metadata.name} -n ${workload.metadata.namespace}   # containers[${trouble.container}].ports: ${ports} → a free port${isDenied ? ' above 1023' : ''}`,
  };
};

function whyTaken(pod: KubeObject, isDenied: boolean): string {
  if (isDenied) return 'without root so low a port is not given';
  return pod.spec?.hostNetwork ? 'it shares the network of its node, where another process has the port' : 'the port is taken, most likely by another container of the same pod';
}

const MISSING = /executable file not found|no such file or directory: unknown|command not found/i;
const FORBIDDEN = /exec: "[^"]*": permission denied|exec format error/i;

const entrypoint: Rule = ({ workload, trouble, text, exitCode }) => {
  const isForbidden = exitCode === 126 || FORBIDDEN.test(text);
  if (trouble.kind === 'config' || !(isForbidden || exitCode === 127 || MISSING.test(text))) return undefined;
  const argv = commandOf(containerOf(trouble.pod, trouble.container));
  return {
    cause: isForbidden ? 'container.entrypoint_denied' : 'container.entrypoint_missing', what: `${whyNot(text, isForbidden)}${argv ? `: ${argv}` : ''}`, confidence: 0.68,
    edit: argv ? patchContainer(workload, trouble.container, { command: ['RIGHT-PROGRAM'] }, trouble.isInit) : `kubectl set image ${inKubectl(workload)} ${trouble.container}=IMAGE   # its own entrypoint cannot be started`,
  };
};

function whyNot(text: string, isForbidden: boolean): string {
  if (/exec format error/i.test(text)) return 'has a program for another processor, or a script without an interpreter';
  return isForbidden ? 'has an entrypoint that may not be executed' : 'names a program that its image does not have';
}

const denied: Rule = ({ workload, text }) => {
  const path = /(?<![\w/])(\/[\w./-]{1,200}): [Pp]ermission denied|EACCES: permission denied,? \w+ '(\/[\w./-]{1,200})'/.exec(text);
  if (!path) return undefined;
  return { cause: 'container.file_denied', what: `may not use ${path[1] ?? path[2]}`, confidence: 0.66, edit: templatePatch(workload, { securityContext: { fsGroup: 65534 } }) };
};

const RULES: readonly Rule[] = [notRoot, readOnly, portTaken, entrypoint, denied];

const commandOf = (container: { command?: string[]; args?: string[] } | undefined): string => [...(container?.command ?? []), ...(container?.args ?? [])].join(' ').slice(0, 80);
