import { Type } from '@sinclair/typebox';
import { conditionOf, isNodeReady, type KubeObject, type ObjectRef, type World } from '../domain/kube.js';
import { defineAction, type Planned, type Progress } from './define.js';
import { daemonTimeoutS } from './restart-daemonset.js';
import { readyEndpoints, servicesTo } from './endpoints.js';
import { checkNetworkRestart } from './network-checks.js';
import { componentOf, namesOfKind, usualRef, type Component } from './network-components.js';
import { Name, Namespace } from './parameters.js';
import { planRollingRestart, verifyRollingRestart } from './rolling-restart.js';
import { rolloutTimeoutS } from './rollout.js';
import { nameOf } from './scaling.js';
import { refuse } from './workload.js';

const COMPONENTS = ['coredns', 'kube-proxy', 'cni', 'ingress'] as const;
const KINDS = ['Deployment', 'DaemonSet'] as const;

/**
 * One component of the cluster's network, by a rolling restart. People name the `component`; the proposal's target says which
 * discovered object that is, and only one of our list is taken. `kind`, `namespace` and `name` pin it: the planner and a
 * model's choice fill them in.
 */
export const restartNetwork = defineAction({
  id: 'restart_network',
  summary: 'Restart one network component (CoreDNS, kube-proxy, the CNI agent or the ingress controller), pod after pod.',
  tier: 3,
  targets: ['Deployment', 'DaemonSet'],
  params: Type.Object(
    {
      component: Type.Union(COMPONENTS.map((c) => Type.Literal(c))),
      kind: Type.Optional(Type.Union(KINDS.map((k) => Type.Literal(k)))),
      namespace: Type.Optional(Namespace),
      name: Type.Optional(Name),
    },
    { additionalProperties: false },
  ),
  targetOf: (params, asked) => refOfComponent(params as Asked, asked),
  locate({ kind, namespace = '', name }): Record<string, string> {
    const component = componentOf({ kind, namespace, name });
    return { ...(component ? { component } : {}), kind, namespace, name };
  },
  permissions: [
    { group: 'apps', resource: 'deployments', verbs: ['patch'], scope: 'namespace', names: namesOfKind('Deployment') },
    { group: 'apps', resource: 'daemonsets', verbs: ['patch'], scope: 'namespace', names: namesOfKind('DaemonSet') },
  ],
  undo: { irreversible: 'nothing to undo: the pods run the same template as before' },
  timeoutS: 900,
  example: { component: 'coredns' },

  applies: (object) => (componentOf(locatedAt(object)) ? true : `it is not a network component that this action knows; use ${object.kind === 'DaemonSet' ? 'restart_daemonset' : 'restart_pod'}`),

  plan(object, params, facts) {
    const { component } = params;
    const at = nameOf(object);
    if (componentOf(locatedAt(object)) !== component) refuse('InvalidParams', `${at} is not the ${component} of a cluster by any name this action knows; choose an object of that component`);
    checkNetworkRestart(object, component as Component, facts);
    const planned = planRollingRestart(object, { ...params, ...locatedAt(object) }, facts);
    return { ...planned, summary: `restart ${component} (${at}) one pod after the other`, timeoutS: object.kind === 'DaemonSet' ? daemonTimeoutS(object) : rolloutTimeoutS(object), actsInProtected: true, ...approvalFor(component) };
  },

  verify(world, params, target, { changes }): Progress {
    const progress = verifyRollingRestart(world, params, target, changes);
    if (progress.state !== 'reached') return progress;
    const open = openTrouble(world, world.get(target.kind, target.namespace, target.name)!);
    return open ? { state: 'waiting', detail: open } : progress;
  },
});

interface Asked {
  component: Component;
  kind?: 'Deployment' | 'DaemonSet';
  namespace?: string;
  name?: string;
}

function refOfComponent({ component, kind, namespace, name }: Asked, asked: ObjectRef | undefined): ObjectRef {
  if (asked && name === undefined && componentOf(asked) === component) return asked;
  const usual = usualRef(component);
  return { ...usual, ...(kind ? { kind } : {}), ...(namespace ? { namespace } : {}), ...(name ? { name } : {}) };
}

const locatedAt = ({ kind, metadata }: KubeObject) => ({ kind, namespace: metadata.namespace ?? '', name: metadata.name });

/** All pods of a node hang on these two: no policy lets them restart unseen. */
const approvalFor = (component: string): Pick<Planned, 'needsApproval'> =>
  component === 'cni' || component === 'kube-proxy' ? { needsApproval: `all pods of every node hang on ${component}` } : {};

/** The rollout is done; is the network? Its Services have somebody to answer, and no node lost its network over it. */
function openTrouble(world: World, object: KubeObject): string | undefined {
  const silent = servicesTo(world, object).find((s) => readyEndpoints(world, object.metadata.namespace!, s.metadata.name) === 0);
  if (silent) return `service ${silent.metadata.name} has no ready endpoint yet`;
  const cut = world.list('Node').find((n) => isNodeReady(n) && conditionOf(n, 'NetworkUnavailable')?.status === 'True');
  return cut && `node ${cut.metadata.name} reports NetworkUnavailable`;
}
