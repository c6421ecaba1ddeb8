import type { KubeObject, ObjectRef } from '../../../src/domain/kube.js';
import { daemonSetOf, threeNodes } from '../objects.js';
import type { ActionCase, Refusal } from './action-case.js';
import { objectIn, type Stage } from './stage.js';

export const daemonSetRef = (ns: string, name = 'agent'): ObjectRef => ({ apiVersion: 'apps/v1', kind: 'DaemonSet', namespace: ns, name });
export const daemonSetPath = (ns: string, name = 'agent'): string => `/apis/apps/v1/namespaces/${ns}/daemonsets/${name}`;
export const THEIRS = { spec: { template: { metadata: { annotations: { 'kubectl.kubernetes.io/restartedAt': 'a person' } } } } };

/** A DaemonSet on every node, all of it available. */
export async function runDaemonSet(stage: Stage, ns: string, name = 'agent'): Promise<void> {
  const labels = { app: name };
  await stage.create({
    apiVersion: 'apps/v1', kind: 'DaemonSet', metadata: { namespace: ns, name },
    spec: { selector: { matchLabels: labels }, updateStrategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: 1 } }, template: { metadata: { labels }, spec: { terminationGracePeriodSeconds: 1, containers: [{ name: 'agent', image: `${ns}/${name}:1` }] } } },
  });
  await stage.seen((w) => {
    const { status, metadata } = w.get('DaemonSet', ns, name) ?? {};
    return status?.desiredNumberScheduled > 0 && status.numberAvailable === status.desiredNumberScheduled && status.observedGeneration === metadata?.generation;
  });
}

/** Breaks one node, which in a cluster of a few is more than a tenth. */
export const breakNode = (objects: KubeObject[]): void => {
  objects.find((o) => o.kind === 'Node')!.status.conditions = [{ type: 'Ready', status: 'Unknown' }];
};

const withPod = (when: string, pod: object): Refusal => ({
  when, code: 'PreconditionChanged',
  spoil: (objects, { ref }) => void Object.assign(objectIn(objects, ref).spec.template.spec, pod),
});
const hostPath = (path: string) => ({ volumes: [{ name: 'host', hostPath: { path } }] });

const refusals: Refusal[] = [
  { when: 'it replaces pods only when they are deleted', code: 'PreconditionChanged', spoil: (objects, { ref }) => void (objectIn(objects, ref).spec.updateStrategy = { type: 'OnDelete' }) },
  { when: 'more than a tenth of its nodes is not Ready', code: 'PreconditionChanged', spoil: breakNode },
  withPod('it writes CNI configuration', hostPath('/etc/cni/net.d')),
  withPod('it serves volumes', hostPath('/var/lib/kubelet/plugins_registry/')),
  withPod('it hands out devices', hostPath('/var/lib/kubelet/device-plugins')),
  withPod('Kubernetes calls it node critical', { priorityClassName: 'system-node-critical' }),
  { when: 'its spec was not observed', code: 'PreconditionChanged', spoil: (objects, { ref }) => void (objectIn(objects, ref).metadata.generation = 99) },
  { when: 'pods are named by label', code: 'InvalidParams', params: () => ({ labelSelector: 'app=agent' }) },
];

export const restartDaemonset: ActionCase = {
  fixture: { object: daemonSetOf('agent'), others: threeNodes(), params: { namespace: 'shop', name: 'agent' }, satisfied: 'a restart is a new timestamp; a repeat is caught by the pinned one' },
  live: [
    {
      async prepare(stage) {
        const ns = await stage.namespace();
        await runDaemonSet(stage, ns);
        return { ref: daemonSetRef(ns), params: { namespace: ns, name: 'agent' }, writes: ['patch daemonsets'], picture: (o) => o.spec, edit: () => stage.person(daemonSetPath(ns), THEIRS) };
      },
      refusals,
    },
  ],
};
