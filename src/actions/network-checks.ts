import type { KubeObject, World } from '../domain/kube.js';
import { isMoving } from '../domain/safety/checks/rollout.js';
import type { ActionFacts } from './define.js';
import { tooManyBroken } from './daemon-nodes.js';
import { isOfComponent, NETWORK_COMPONENTS, type Component } from './network-components.js';
import { nameOf } from './scaling.js';
import { countOf, refuse } from './workload.js';

/** Everything row 2.18 asks before a network component may restart. */
export function checkNetworkRestart(object: KubeObject, component: Component, facts: ActionFacts): void {
  checkAlert(object, component, facts);
  checkOthers(object, facts.world);
  const broken = tooManyBroken(facts.world.list('Node'));
  if (broken) refuse('PreconditionChanged', `${nameOf(object)}: ${broken}; repair the nodes first, their network may be the symptom`);
  if (component === 'coredns') checkDns(object);
  checkOurPath(object, facts.world);
}

interface Alerting {
  alert: string;
  labels: Record<string, string>;
}

/** Names and labels only: annotations are free text. A person may ask without any alert. */
function checkAlert(object: KubeObject, component: Component, { evidence: { problems } }: ActionFacts): void {
  const speaksOfIt = ({ alert, labels }: Alerting): boolean => [alert, ...Object.values(labels)].some((text) => NETWORK_COMPONENTS[component].alerts.test(text));
  if (problems.length === 0 || problems.some(speaksOfIt)) return;
  refuse('PreconditionChanged', `${nameOf(object)}: no alert speaks of ${component} (${problems.map((p) => p.alert).slice(0, 3).join(', ')}); find the cause first`);
}

/** One component at a time. */
function checkOthers(object: KubeObject, world: World): void {
  const moving = [...world.list('Deployment'), ...world.list('DaemonSet')].find((o) => o.metadata.uid !== object.metadata.uid && isOfComponent(o) && isMoving(o, world));
  if (moving) refuse('PreconditionChanged', `${nameOf(object)}: ${nameOf(moving)} is rolling out, only one network component may restart at a time; wait for it`);
}

/** As the Deployment controller resolves it; a share is of `replicas`, rounded down. */
const maxUnavailableOf = ({ spec }: KubeObject): number => countOf(spec.strategy?.rollingUpdate?.maxUnavailable ?? '25%', spec.replicas ?? 1, Math.floor) ?? 0;

function checkDns(object: KubeObject): void {
  const ready: number = object.status?.readyReplicas ?? 0;
  if ((object.spec.replicas ?? 1) < 2 || ready < 2) {
    refuse('PreconditionChanged', `${nameOf(object)} has ${ready} Ready replicas of ${object.spec.replicas ?? 1}, names would not resolve while it restarts; it needs two`);
  }
  const away = maxUnavailableOf(object);
  if (away > 1) refuse('PreconditionChanged', `${nameOf(object)} may lose ${away} replicas at once while it restarts; set maxUnavailable to 1 first`);
}

const OUR_NAMESPACES = ['kubernaut', 'kubernaut-system', 'temporal'];
const OUR_PARTS = ['kubernaut', 'temporal'];

const isOurs = ({ metadata }: KubeObject): boolean =>
  OUR_NAMESPACES.includes(metadata.namespace ?? '') ||
  ['app.kubernetes.io/part-of', 'app.kubernetes.io/name'].some((key) => OUR_PARTS.includes(metadata.labels?.[key] ?? ''));

/**
 * We write, wait and report through the network that restarts. Where we run inside the cluster, our pods must not all depend
 * on one replica of it: one node's agent, or the only ingress controller that leads to us.
 */
function checkOurPath(object: KubeObject, world: World): void {
  const at = nameOf(object);
  const nodes = new Set(world.list('Pod').filter((p) => isOurs(p) && p.spec?.nodeName && p.status?.phase === 'Running').map((p) => p.spec.nodeName as string));
  if (object.kind === 'DaemonSet' && nodes.size === 1) refuse('PreconditionChanged', `${at}: all that Kubernaut runs on is on node ${[...nodes][0]}, whose network would go with it; spread it over two nodes first`);
  const leadsToUs = world.list('Ingress').some((i) => OUR_NAMESPACES.includes(i.metadata.namespace ?? ''));
  const isIngress = NETWORK_COMPONENTS.ingress.names.includes(object.metadata.name);
  if (object.kind === 'Deployment' && isIngress && leadsToUs && (object.status?.readyReplicas ?? 0) < 2) {
    refuse('PreconditionChanged', `${at} is the only replica on the way to Kubernaut; give it a second one first`);
  }
}
