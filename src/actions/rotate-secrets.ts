import { Type } from '@sinclair/typebox';
import { refOf, type KubeObject, type ObjectRef } from '../domain/kube.js';
import { describeTarget } from '../domain/target.js';
import { certificateRotation } from './certificate.js';
import { defineAction, type ActionFacts, type Planned, type Progress } from './define.js';
import { externalSecretRotation } from './external-secret.js';
import { Name, Namespace } from './parameters.js';
import { planRollingRestart, verifyRollingRestart } from './rolling-restart.js';
import { isOurs, type Rotation } from './rotation.js';
import { rotate, type PinnedRotation } from './rotation-run.js';
import { checkConsumersKnown, consumersOf, strandedPod } from './secret-consumers.js';
import { refuse } from './workload.js';

const REFRESH_S = 300;
const MAX_TIMEOUT_S = 2 * 3600;
/** One after the other, more would take hours. Policy limit `maxConsumers`. */
const MAX_CONSUMERS = 20;

const rotationOf = (kind: string): Rotation => (kind === 'Certificate' ? certificateRotation : externalSecretRotation);

/** Either `externalSecret` or `certificate`: the object whose operator makes the Secret. Policy limits: `overlap`, `maxConsumers`. */
export const rotateSecrets = defineAction({
  id: 'rotate_secrets',
  summary: 'Have External Secrets or cert-manager publish a new value of a Secret, then restart what still uses the old one.',
  tier: 3,
  targets: ['ExternalSecret', 'Certificate'],
  params: Type.Object({ namespace: Namespace, externalSecret: Type.Optional(Name), certificate: Type.Optional(Name) }, { additionalProperties: false }),
  targetOf: ({ namespace, externalSecret, certificate }): ObjectRef =>
    certificate === undefined
      ? { apiVersion: 'external-secrets.io/v1', kind: 'ExternalSecret', namespace, name: externalSecret ?? '' }
      : { apiVersion: 'cert-manager.io/v1', kind: 'Certificate', namespace, name: certificate },
  locate({ kind, namespace = '', name }): Record<string, string> {
    return kind === 'Certificate' ? { namespace, certificate: name } : { namespace, externalSecret: name };
  },
  permissions: [
    { group: 'external-secrets.io', resource: 'externalsecrets', verbs: ['patch'], scope: 'namespace' },
    { group: 'cert-manager.io', resource: 'certificates', subresource: 'status', verbs: ['patch'], scope: 'namespace' },
    { group: 'apps', resource: 'deployments', verbs: ['patch'], scope: 'namespace' },
    { group: 'apps', resource: 'statefulsets', verbs: ['patch'], scope: 'namespace' },
    { group: 'apps', resource: 'daemonsets', verbs: ['patch'], scope: 'namespace' },
  ],
  undo: { irreversible: 'the new value is published and in use; nothing was revoked, so the old one still works at its provider, but pointing back to it is a decision for a person' },
  timeoutS: MAX_TIMEOUT_S,
  example: { namespace: 'shop', externalSecret: 'db-credentials' },

  applies: (object) => (isOurs(object) ? 'it is a credential of Kubernaut or of what it runs on' : true),

  plan(object, params, facts) {
    const { namespace, externalSecret, certificate } = params;
    if ((externalSecret === undefined) === (certificate === undefined)) {
      refuse('InvalidParams', `rotation in ${namespace}: name either one externalSecret or one certificate`);
    }
    const rotation = rotationOf(object.kind);
    const at = describeTarget(refOf(object));
    if (!(facts.evidence.apis ?? []).includes(rotation.api)) refuse('Unsupported', `${at}: this cluster does not serve ${rotation.api}; install its operator or rotate by hand`);
    if (isOurs(object)) refuse('PolicyDenied', `${at} is a credential of Kubernaut or of what it runs on; a person must rotate it`);
    rotation.check(object, facts, at);
    const restarts = restartsOf(consumersFor(object, rotation, facts, at), facts);
    return planned(object, rotation, params, facts, restarts);
  },

  execute: (changes, context, params) => rotate(rotationOf(changes[0] && 'ref' in changes[0] ? changes[0].ref.kind : ''), changes, context, params as object as PinnedRotation),

  verify(world, params, target, { changes }) {
    const object = world.get(target.kind, target.namespace, target.name);
    if (!object || object.metadata.uid !== target.uid) return { state: 'failed', detail: 'it is gone' };
    const { since, consumers } = params as object as PinnedRotation;
    const published = rotationOf(target.kind).progress(object, since);
    if (published.state !== 'reached') return published;
    const open = consumers.map((c, i): Progress => {
      const change = changes[i + 1];
      return change && 'ref' in change ? verifyRollingRestart(world, c, change.ref, [change]) : { state: 'reached', detail: '' };
    });
    const first = open.findIndex((p) => p.state !== 'reached');
    if (first >= 0) return { ...open[first]!, detail: `${consumers[first]!.kind.toLowerCase()} ${consumers[first]!.name}: ${open[first]!.detail}` };
    return { state: 'reached', detail: `${published.detail}, ${consumers.length} consumers restarted` };
  },
});

/** All that must be restarted; refuses where one could be overlooked or would keep the old value. */
function consumersFor(object: KubeObject, rotation: Rotation, { world, evidence, limits }: ActionFacts, at: string): KubeObject[] {
  const namespace = object.metadata.namespace ?? '';
  const secret = rotation.secretOf(object);
  checkConsumersKnown(evidence, namespace, at);
  const stranded = strandedPod(world, namespace, secret);
  if (stranded) refuse('PreconditionChanged', `${at}: pod ${namespace}/${stranded.metadata.name} would keep the old value, and no Deployment, StatefulSet or DaemonSet replaces it; a person must decide`);
  const consumers = consumersOf(world, namespace, secret);
  const ours = consumers.find(isOurs);
  if (ours) refuse('PolicyDenied', `${at}: ${ours.kind.toLowerCase()} ${namespace}/${ours.metadata.name} uses it and is a part of Kubernaut; a person must rotate it`);
  const most = typeof limits.maxConsumers === 'number' ? limits.maxConsumers : MAX_CONSUMERS;
  if (consumers.length > most) refuse('PolicyDenied', `${at}: ${consumers.length} workloads use its Secret, over maxConsumers ${most}; a person must roll them in turns`);
  return consumers;
}

interface Restart {
  consumer: KubeObject;
  plan: Planned;
}

const restartsOf = (consumers: readonly KubeObject[], facts: ActionFacts): Restart[] =>
  consumers
    .map((consumer) => ({ consumer, plan: planRollingRestart(consumer, { namespace: consumer.metadata.namespace ?? '', workload: consumer.metadata.name }, facts) }))
    // one that was restarted at this very moment has an empty plan
    .filter(({ plan }) => plan.changes.length > 0);

function planned(object: KubeObject, rotation: Rotation, params: object, facts: ActionFacts, restarts: readonly Restart[]): Planned {
  const names = restarts.map(({ consumer }) => `${consumer.kind.toLowerCase()}/${consumer.metadata.name}`);
  const deadlineS = Math.min(MAX_TIMEOUT_S, REFRESH_S + restarts.reduce((sum, { plan }) => sum + (plan.timeoutS ?? REFRESH_S), 0));
  const consumers = restarts.map(({ consumer, plan }) => ({ kind: consumer.kind, name: consumer.metadata.name, ...staleIn(plan) }));
  return {
    changes: [rotation.trigger(object, facts), ...restarts.flatMap(({ plan }) => plan.changes)],
    summary: `rotate secret ${object.metadata.namespace ?? ''}/${rotation.secretOf(object)} through ${object.kind.toLowerCase()} ${object.metadata.name}, ${names.length ? `then restart ${names.join(', ')}` : 'no workload holds its old value'}`,
    parameters: { ...params, deadlineS, ...({ since: rotation.sinceOf(object), consumers } satisfies PinnedRotation) },
    timeoutS: deadlineS,
  };
}

const staleIn = ({ parameters }: Planned): { staleDeadline?: string } =>
  typeof parameters?.staleDeadline === 'string' ? { staleDeadline: parameters.staleDeadline } : {};
