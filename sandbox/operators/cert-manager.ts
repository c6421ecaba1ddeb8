import { randomBytes } from 'node:crypto';
import { tolerating } from '../simulator/kube-client.js';
import type { Hands, Operator, OperatorObject, Watched } from './define.js';
import { inSeconds, publishSecret, withCondition, type Condition } from './secret-writes.js';

const certificates: Watched = { apiVersion: 'cert-manager.io/v1', plural: 'certificates' };

/** On a Certificate: its issuer refuses with this text. */
export const issuerErrorAnnotation = 'sandbox.kubernaut.io/issuer-error';
const takesMs = 500;
const hourMs = 3_600_000;
/** cert-manager's default: 90 days. */
const defaultHours = 2160;

const conditionsOf = ({ status }: OperatorObject): Condition[] => (status?.conditions ?? []) as Condition[];
const issuingOf = (object: OperatorObject): Condition | undefined => conditionsOf(object).find((c) => c.type === 'Issuing');

/** The first time by itself, unless that failed; again when somebody asked for it in the status. */
export const isDue = (object: OperatorObject): boolean => {
  const issuing = issuingOf(object)?.status;
  return issuing === 'True' || (issuing === undefined && object.status?.revision === undefined);
};

/** Go's `2160h0m0s`, to the hour. */
const hoursOf = (duration: unknown): number => Number(/^(\d+)h/.exec(String(duration))?.[1] ?? defaultHours);

/** Looks like a certificate, and is none: nothing here opens a connection with it. */
const pem = (what: string): string => `-----BEGIN ${what}-----\n${randomBytes(96).toString('base64')}\n-----END ${what}-----\n`;

const at = (nowMs: number, hours: number): string => inSeconds(new Date(nowMs + hours * hourMs).toISOString());

function failed(object: OperatorObject, error: string, now: string): object {
  const message = `The certificate request has failed to complete and will be retried: ${error}`;
  return {
    lastFailureTime: now,
    failedIssuanceAttempts: Number(object.status?.failedIssuanceAttempts ?? 0) + 1,
    conditions: withCondition(conditionsOf(object), { type: 'Issuing', status: 'False', reason: 'Failed', message, observedGeneration: object.metadata.generation }, now),
  };
}

function issued(object: OperatorObject, now: string): object {
  const hours = hoursOf(object.spec?.duration);
  const others = conditionsOf(object).filter((c) => c.type !== 'Issuing');
  const ready = { type: 'Ready', status: 'True', reason: 'Ready', message: 'Certificate is up to date and has not expired', observedGeneration: object.metadata.generation };
  return {
    revision: Number(object.status?.revision ?? 0) + 1,
    notBefore: now, notAfter: at(Date.parse(now), hours), renewalTime: at(Date.parse(now), (hours * 2) / 3),
    lastFailureTime: null, failedIssuanceAttempts: null,
    conditions: withCondition(others, ready, now),
  };
}

async function issue(object: OperatorObject, hands: Hands): Promise<void> {
  const now = inSeconds(hands.now());
  const error = object.metadata.annotations?.[issuerErrorAnnotation];
  if (error !== undefined) return hands.setStatus(certificates, object, failed(object, error, now));
  const stringData = { 'tls.crt': pem('CERTIFICATE'), 'tls.key': pem('SANDBOX KEY'), 'ca.crt': pem('CERTIFICATE') };
  await publishSecret(object, { name: String(object.spec?.secretName), type: 'kubernetes.io/tls', stringData }, hands);
  await hands.setStatus(certificates, object, issued(object, now));
}

/** Issues half a second after a Certificate was made, and again when its status says Issuing. */
export const certManager: Operator = {
  id: 'cert-manager',
  crds: ['cert-manager'],
  watches: [certificates],
  react(object, hands) {
    const { namespace, name, uid } = object.metadata;
    if (object.metadata.deletionTimestamp || !isDue(object)) return Promise.resolve();
    hands.after(takesMs, async () => {
      const live = await tolerating([404], hands.client.request<OperatorObject>('GET', hands.pathOf(certificates, namespace, name)));
      if (live?.metadata.uid === uid && !live.metadata.deletionTimestamp && isDue(live)) await issue(live, hands);
    });
    return Promise.resolve();
  },
};
