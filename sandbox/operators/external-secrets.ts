import { createHash, randomBytes } from 'node:crypto';
import { tolerating } from '../simulator/kube-client.js';
import type { Hands, Operator, OperatorObject, Watched } from './define.js';
import { inSeconds, publishSecret, withCondition, type Condition } from './secret-writes.js';

const externalSecrets: Watched = { apiVersion: 'external-secrets.io/v1', plural: 'externalsecrets' };

/** On an ExternalSecret: the provider answers every fetch with this text. */
export const providerErrorAnnotation = 'sandbox.kubernaut.io/provider-error';
const takesMs = 500;

/**
 * As the operator has it: generation and a hash of labels and annotations. A new annotation is a new state, and is fetched for; what
 * only the sandbox is told is none.
 */
export function stateOf({ metadata }: OperatorObject): string {
  const annotations = Object.entries(metadata.annotations ?? {}).filter(([key]) => !key.startsWith('sandbox.kubernaut.io/'));
  const meta = JSON.stringify([annotations.sort(), Object.entries(metadata.labels ?? {}).sort()]);
  return `${metadata.generation ?? 0}-${createHash('sha256').update(meta).digest('hex').slice(0, 32)}`;
}

const conditionsOf = ({ status }: OperatorObject): Condition[] => (status?.conditions ?? []) as Condition[];
const isZero = (interval: unknown): boolean => interval !== undefined && !/[1-9]/.test(String(interval));

/** Does its policy let it fetch a second time? The passing of the interval is not played: nobody here waits an hour. */
function fetchesAgain(spec: { refreshPolicy?: string; refreshInterval?: string; target?: { immutable?: boolean } }): boolean {
  if (spec.refreshPolicy === 'CreatedOnce' || spec.target?.immutable === true) return false;
  return spec.refreshPolicy === 'OnChange' || !isZero(spec.refreshInterval);
}

export function isDue(object: OperatorObject): boolean {
  const { refreshTime, syncedResourceVersion } = (object.status ?? {}) as { refreshTime?: string; syncedResourceVersion?: string };
  if (!refreshTime || !syncedResourceVersion) return true;
  return syncedResourceVersion !== stateOf(object) && fetchesAgain(object.spec ?? {});
}

/** The source gives another value every time, as a rotated one does. */
const fetched = ({ spec }: OperatorObject): Record<string, string> => {
  const keys = ((spec?.data ?? []) as { secretKey: string }[]).map((d) => d.secretKey);
  return Object.fromEntries((keys.length ? keys : ['value']).map((key) => [key, randomBytes(16).toString('hex')]));
};

async function sync(object: OperatorObject, hands: Hands): Promise<void> {
  const now = inSeconds(hands.now());
  const error = object.metadata.annotations?.[providerErrorAnnotation];
  const ready = (condition: Omit<Condition, 'type'>): Condition[] => withCondition(conditionsOf(object), { type: 'Ready', ...condition }, now);
  if (error !== undefined) {
    const message = `could not get secret data from provider: ${error}`;
    if (conditionsOf(object).some((c) => c.status === 'False' && c.message === message)) return;
    return hands.setStatus(externalSecrets, object, { conditions: ready({ status: 'False', reason: 'SecretSyncedError', message }) });
  }
  const { target = {} } = (object.spec ?? {}) as { target?: { name?: string; immutable?: boolean; creationPolicy?: string; template?: { type?: string } } };
  const name = target.name ?? object.metadata.name;
  if (target.creationPolicy !== 'None') {
    const labels = { 'reconcile.external-secrets.io/managed': 'true' };
    await publishSecret(object, { name, type: target.template?.type ?? 'Opaque', stringData: fetched(object), labels, isImmutable: target.immutable === true }, hands);
  }
  await hands.setStatus(externalSecrets, object, {
    refreshTime: now, syncedResourceVersion: stateOf(object), binding: { name },
    conditions: ready({ status: 'True', reason: 'SecretSynced', message: 'secret synced' }),
  });
}

/** Fetches half a second after an ExternalSecret was made or changed, as its policy says. */
export const externalSecretsOperator: Operator = {
  id: 'external-secrets',
  crds: ['external-secrets'],
  watches: [externalSecrets],
  react(object, hands) {
    const { namespace, name, uid } = object.metadata;
    if (object.metadata.deletionTimestamp || !isDue(object)) return Promise.resolve();
    hands.after(takesMs, async () => {
      const live = await tolerating([404], hands.client.request<OperatorObject>('GET', hands.pathOf(externalSecrets, namespace, name)));
      if (live?.metadata.uid === uid && !live.metadata.deletionTimestamp && isDue(live)) await sync(live, hands);
    });
    return Promise.resolve();
  },
};
