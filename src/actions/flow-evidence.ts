import { COMPLAINT } from '../domain/complaint.js';
import type { Evidence } from '../domain/evidence.js';
import { isPodReady, selects, type KubeObject, type World } from '../domain/kube.js';
import { livePodsOf, type WantedFlow } from './network-flow.js';
import { podSpecOf } from './workload.js';

/** One thing that says that exactly these two talk: who says it, and how. */
export interface Witness {
  from: 'log' | 'event' | 'template';
  quote: string;
}

/**
 * Somebody has to say that this very flow is missed: a complaint about a connection, in a log or an event of a pod of the
 * source, that names the destination; or a source whose template names it and whose pods are not Ready.
 */
export function witnessOf(flow: WantedFlow, { world, evidence }: { world: World; evidence: Evidence }): Witness | undefined {
  const names = namesOf(flow, world);
  const pods = livePodsOf(world, flow.from);
  const heard = [...linesOf(pods, evidence), ...eventsOf(pods, evidence)].find((w) => COMPLAINT.test(w.quote) && names.some((name) => mentions(w.quote, name)));
  if (heard) return { ...heard, quote: heard.quote.slice(0, 160) };
  if (pods.every(isPodReady)) return undefined;
  const wanted = textsOf(flow.from).find((text) => names.some((name) => mentions(text, name)));
  return wanted === undefined ? undefined : { from: 'template', quote: wanted.slice(0, 160) };
}

/** A host by which the source may call the destination, and the ports behind which the wanted one is. */
interface Named {
  host: string;
  ports: number[];
}

interface ServicePort {
  port: number;
  targetPort?: number | string;
}

function namesOf({ from, to, port }: WantedFlow, world: World): Named[] {
  const pods = livePodsOf(world, to);
  const services = world
    .list('Service', to.metadata.namespace)
    .filter((s) => Object.keys(s.spec?.selector ?? {}).length > 0 && selects({ matchLabels: s.spec.selector }, to.spec?.template?.metadata?.labels));
  const namespace = to.metadata.namespace!;
  const isNear = namespace === from.metadata.namespace;
  const ofService = services.flatMap((s): Named[] => {
    const ports = ((s.spec?.ports ?? []) as ServicePort[]).filter((p) => s.spec?.clusterIP === 'None' || isPort(p.targetPort ?? p.port, port, to)).map((p) => p.port);
    if (ports.length === 0) return [];
    const hosts = [...(isNear ? [s.metadata.name] : []), `${s.metadata.name}.${namespace}`, ...(/\d/.test(s.spec?.clusterIP ?? '') ? [s.spec.clusterIP as string] : [])];
    return hosts.map((host) => ({ host, ports: [...ports, port] }));
  });
  const ofPods = pods.flatMap((p): Named[] => (p.status?.podIP ? [{ host: p.status.podIP as string, ports: [port] }] : []));
  return [...ofService, ...ofPods];
}

function isPort(target: number | string, port: number, workload: KubeObject): boolean {
  if (typeof target === 'number') return target === port;
  const containers: { ports?: { name?: string; containerPort: number }[] }[] = podSpecOf(workload)?.containers ?? [];
  return containers.some((c) => c.ports?.some((p) => p.name === target && p.containerPort === port));
}

/** `db`, `db.svc.cluster.local`, `db:5432`, `http://db/`; not `db-2`, `mydb`, `db.elsewhere`, nor `db` with the port of something else. */
function mentions(text: string, { host, ports }: Named): boolean {
  const word = new RegExp(`(?<![\\w.-])${host.replaceAll('.', '\\.')}(?:\\.svc(?:\\.[\\w-]+)*)?(?::(\\d{1,5}))?(?!\\.?[\\w-])`, 'gi');
  return [...text.slice(0, 2000).matchAll(word)].some(([, port]) => port === undefined || ports.includes(Number(port)));
}

const linesOf = (pods: readonly KubeObject[], { logs }: Evidence): Witness[] =>
  logs.filter((l) => pods.some((p) => p.metadata.name === l.pod)).flatMap((l) => l.lines.map((quote) => ({ from: 'log' as const, quote })));

const eventsOf = (pods: readonly KubeObject[], { events }: Evidence): Witness[] =>
  events
    .filter((e) => e.type === 'Warning' && e.object.kind === 'Pod' && pods.some((p) => p.metadata.name === e.object.name && p.metadata.namespace === e.object.namespace))
    .map((e) => ({ from: 'event' as const, quote: e.message }));

function textsOf(workload: KubeObject): string[] {
  const spec = podSpecOf(workload);
  const containers: { env?: { value?: string }[]; command?: string[]; args?: string[] }[] = [...(spec?.containers ?? []), ...(spec?.initContainers ?? [])];
  return containers.flatMap((c) => [...(c.env ?? []).flatMap((e) => e.value ?? []), ...(c.command ?? []), ...(c.args ?? [])]);
}
