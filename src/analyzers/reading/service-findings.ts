import type { KubeObject, ObjectRef, World } from '../../domain/kube.js';
import { selects } from '../../domain/kube.js';
import { policiesBlocking } from '../../domain/network-policy.js';
import type { Finding } from '../../domain/plan.js';
import { allowFlow, nameOf, rollback, targetOf, type Proposed } from './proposals.js';
import { containersOf, fallbackOf, revisionOf, rolloutOf } from './rollout.js';
import type { ServiceState } from './service-state.js';

type Told = Omit<Finding, 'analyzer' | 'confidence'>;

/** What is wrong with a Service itself, and what puts it right: an earlier revision of the workload behind it, or a person's edit. */
export function findingOfService(state: ServiceState, world: World, from?: KubeObject): Told | undefined {
  switch (state.kind) {
    case 'missing':
      return missing(state, world);
    case 'port_missing':
      return portMissing(state);
    case 'selector_mismatch':
      return selectorMismatch(state, world);
    case 'target_port':
      return targetPort(state, world);
    case 'policy':
      return from && policy(state, world, from);
    default:
      return undefined;
  }
}

const at = (o: KubeObject): string => `${o.metadata.name} -n ${o.metadata.namespace}`;
const forPerson = { proposals: [], conclusion: 'needs_person' as const };

function missing(state: Extract<ServiceState, { kind: 'missing' }>, world: World): Told {
  const target: ObjectRef = { apiVersion: 'v1', kind: 'Service', namespace: state.namespace, name: state.name };
  const behind = ['Deployment', 'StatefulSet'].map((kind) => world.get(kind, state.namespace, state.name)).find((o) => o !== undefined);
  const port = containersOf(behind).flatMap((c) => c.ports ?? [])[0]?.containerPort;
  return {
    cause: 'service.missing',
    summary: `service ${state.namespace}/${state.name} does not exist`,
    target,
    evidence: [`no Service ${state.name} in ${state.namespace}`],
    ...forPerson,
    edit: behind
      ? `kubectl expose ${behind.kind.toLowerCase()} ${at(behind)} --name=${state.name} --port=${port ?? 'PORT'}`
      : `kubectl create service clusterip ${state.name} -n ${state.namespace} --tcp=PORT:PORT`,
  };
}

function portMissing({ service, port }: Extract<ServiceState, { kind: 'port_missing' }>): Told {
  const ports: { port: number }[] = service.spec?.ports ?? [];
  return {
    cause: 'service.port_missing',
    summary: `${nameOf(service)} has no port ${port}`,
    target: targetOf(service),
    evidence: [`ports: ${ports.map((p) => p.port).join(', ')}`],
    ...forPerson,
    edit: `kubectl patch service ${at(service)} --type=json -p '${JSON.stringify([ports.length === 1 ? { op: 'replace', path: '/spec/ports/0/port', value: port } : { op: 'add', path: '/spec/ports/-', value: { name: `p${port}`, port, targetPort: port } }])}'`,
  };
}

function selectorMismatch({ service, meant }: Extract<ServiceState, { kind: 'selector_mismatch' }>, world: World): Told {
  const selector: Record<string, string> = service.spec.selector;
  const labels = labelsOf(meant);
  const base = {
    cause: 'service.selector_mismatch',
    summary: `${nameOf(service)} selects no pods${meant ? `: the labels of ${nameOf(meant)} are others` : ''}`,
    target: targetOf(service),
    evidence: [`selector ${JSON.stringify(selector)}`, ...(meant ? [`labels of ${meant.metadata.name}: ${JSON.stringify(labels)}`] : [])],
  };
  const to = meant && earlierWith(world, meant, (rs) => selects({ matchLabels: selector }, labelsOf(rs)));
  if (meant && to) {
    return { ...base, cause: 'bad_rollout.labels', target: targetOf(meant), proposals: [rollback(meant, to, 0.94, `pods of revision ${revisionOf(to)} carry the labels that ${service.metadata.name} selects`)] };
  }
  return { ...base, ...forPerson, edit: meant ? `kubectl patch service ${at(service)} --type=json -p '${JSON.stringify([{ op: 'replace', path: '/spec/selector', value: rightSelector(selector, meant) }])}'` : `kubectl edit service ${at(service)}` };
}

const labelsOf = (o: KubeObject | undefined): Record<string, string> => o?.spec?.template?.metadata?.labels ?? {};

const earlierWith = (world: World, workload: KubeObject, isRight: (rs: KubeObject) => boolean): KubeObject | undefined =>
  workload.kind === 'Deployment' ? fallbackOf(rolloutOf(world, workload), isRight) : undefined;

/** The same keys with the workload's values; what the workload does not carry is dropped. */
function rightSelector(selector: Record<string, string>, meant: KubeObject): Record<string, string> {
  const labels = labelsOf(meant);
  const kept = Object.fromEntries(Object.keys(selector).filter((k) => labels[k] !== undefined).map((k) => [k, labels[k]!]));
  return Object.keys(kept).length > 0 ? kept : (meant.spec?.selector?.matchLabels ?? labels);
}

function targetPort({ service, pod, target }: Extract<ServiceState, { kind: 'target_port' }>, world: World): Told {
  const workload = world.topOwnerOf(pod);
  const serves = (o: KubeObject) => containersOf(o).flatMap((c) => c.ports ?? []).some((p) => p.name === target || p.containerPort === target);
  const base = {
    cause: 'service.target_port',
    summary: `${nameOf(service)} sends to port ${target}, which ${nameOf(workload)} does not serve`,
    target: targetOf(service),
    evidence: [`targetPort ${target}`, `ports of pod ${pod.metadata.name}: ${containersOf(pod).flatMap((c) => c.ports ?? []).map((p) => `${p.name ? `${p.name}=` : ''}${p.containerPort}`).join(', ')}`],
  };
  const to = earlierWith(world, workload, serves);
  if (to) return { ...base, cause: 'bad_rollout.port', target: targetOf(workload), proposals: [rollback(workload, to, 0.93, `pods of revision ${revisionOf(to)} serve port ${target}`)] };
  const index = (service.spec.ports as { targetPort?: number | string; port: number }[]).findIndex((p) => (p.targetPort ?? p.port) === target);
  const right = containersOf(pod).flatMap((c) => c.ports ?? [])[0]?.containerPort;
  return { ...base, ...forPerson, edit: `kubectl patch service ${at(service)} --type=json -p '${JSON.stringify([{ op: 'replace', path: `/spec/ports/${Math.max(0, index)}/targetPort`, value: right ?? 'PORT' }])}'` };
}

/** Both sides may be cut; the workload whose pods are to be opened is the one to act on. */
function policy({ service, policies, to, port }: Extract<ServiceState, { kind: 'policy' }>, world: World, from: KubeObject): Told {
  const sides = (['Ingress', 'Egress'] as const).filter((side) => policiesBlocking(world, { from, to, port }, side).length > 0);
  const subject = sides[0] === 'Egress' ? from : to;
  const proposal = flowProposal({ from: world.topOwnerOf(from), to: world.topOwnerOf(to), target: world.topOwnerOf(subject) }, { service, port });
  return {
    cause: 'network_policy.blocks',
    summary: `${nameOf(service)} is cut off by NetworkPolicy ${policies.map((p) => p.metadata.name).join(', ')}`,
    target: targetOf(policies[0]!),
    evidence: policies.map((p) => `${nameOf(p)} selects ${selects(p.spec?.podSelector ?? {}, to.metadata.labels) ? to.metadata.name : from.metadata.name} and allows no such flow`).slice(0, 3),
    ...(proposal ? { proposals: [proposal] } : forPerson),
    edit: `kubectl apply -f - <<'EOF'\n${sides.map((side) => JSON.stringify(allowance(side === 'Egress', from, to, port))).join('\n---\n')}\nEOF`,
  };
}

const SELECTING = ['Deployment', 'StatefulSet', 'DaemonSet'];

/** Only between workloads with a selector of their own, and for one port that is known. */
function flowProposal(ends: { from: KubeObject; to: KubeObject; target: KubeObject }, { service, port }: { service: KubeObject; port?: number }): Proposed | undefined {
  if (port === undefined || ![ends.from, ends.to].every((o) => SELECTING.includes(o.kind))) return undefined;
  const entry = ((service.spec?.ports ?? []) as { port: number; targetPort?: number | string; protocol?: string }[]).find((p) => [p.targetPort, p.port].includes(port));
  return allowFlow({ ...ends, port, protocol: entry?.protocol ?? 'TCP' }, 0.9, `nothing allows ${nameOf(ends.from)} to reach port ${port} of ${nameOf(ends.to)}, which it needs`);
}

const appOf = (o: KubeObject | undefined): string => o?.metadata.labels?.['app'] ?? o?.metadata.labels?.['app.kubernetes.io/name'] ?? 'app';

/** A pod's own labels, without what a controller stamps on each revision. */
function podSelectorOf(o: KubeObject | undefined): { matchLabels: Record<string, string> } {
  const { 'pod-template-hash': _hash, 'controller-revision-hash': _revision, 'statefulset.kubernetes.io/pod-name': _name, ...rest } = o?.metadata.labels ?? {};
  return { matchLabels: rest };
}

const peer = (o: KubeObject | undefined) => ({
  namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': o?.metadata.namespace ?? '' } },
  podSelector: podSelectorOf(o),
});

/** The narrow addition that lets exactly this flow through; the policy in the way stays as it is. */
function allowance(isEgress: boolean, from: KubeObject | undefined, to: KubeObject, port: number | undefined): KubeObject {
  const ports = port === undefined ? {} : { ports: [{ port, protocol: 'TCP' }] };
  const [subject, other] = isEgress ? [from, to] : [to, from];
  const rule = isEgress ? { egress: [{ to: [peer(other)], ...ports }] } : { ingress: [{ from: [peer(other)], ...ports }] };
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: { name: `allow-${appOf(from)}-to-${appOf(to)}`, namespace: subject?.metadata.namespace },
    spec: { podSelector: podSelectorOf(subject), policyTypes: [isEgress ? 'Egress' : 'Ingress'], ...rule },
  };
}
