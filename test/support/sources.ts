import { createHmac, createSign } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Access } from '../../src/sources/define.js';
import { stringToSign } from '../../src/sources/sns.js';
import type { Attempt, SourceUnderTest } from '../contract/checks/source-contract.js';

const read = (...path: string[]): Buffer => readFileSync(join('test/fixtures', ...path));

/** A recorded body of a source. */
export const recorded = (source: string, file: string): any => JSON.parse(read(source, `${file}.json`).toString('utf8'));
export const recordedBytes = (source: string, file: string): Buffer => read(source, `${file}.json`);
export const bodiesOf = (id: string): unknown[] => readdirSync(join('test/fixtures', id)).filter((f) => f.endsWith('.json')).sort().map((f) => JSON.parse(read(id, f).toString('utf8')));

/** When the recorded messages were sent, more or less. */
export const NOW = '2026-03-01T02:31:00.000Z';

export const hmacOf = (key: string, body: string | Buffer, before = ''): string => createHmac('sha256', key).update(before).update(body).digest('hex');

export const SNS_CERTIFICATE = read('cloudwatch', 'signing', 'test-only.crt.pem').toString('utf8');
export const SNS_TOPIC = 'arn:aws:sns:eu-west-1:123456789012:kubernaut-alarms';
const SNS_KEY = read('cloudwatch', 'signing', 'test-only.key.pem');

/** The message with these members changed, signed again by the key of the fixtures. */
export function signedAgain(message: Record<string, any>, changes: Record<string, unknown>): Record<string, any> {
  const changed = { ...message, ...changes } as any;
  const algorithm = changed.SignatureVersion === '1' ? 'RSA-SHA1' : 'RSA-SHA256';
  return { ...changed, Signature: createSign(algorithm).update(stringToSign(changed)).sign(SNS_KEY, 'base64'), ...('Signature' in changes ? { Signature: changes.Signature } : {}) };
}

export const CLOUDWATCH_SETTINGS = { topics: [SNS_TOPIC] };

/** For test/fixtures/custom/monitor-list.json. */
export const CUSTOM_MAPPING = {
  signals: '/events',
  fields: {
    alert: '/check/name',
    status: '/state',
    severity: { at: '/level', values: { 1: 'critical', 2: 'high', 3: 'info' }, default: 'warning' },
    startsAt: '/since', endsAt: '/until', fingerprint: '/id', url: '/check/url',
    cluster: { at: '/account/cluster', from: 'body' },
    kind: '/k8s/kind', namespace: '/k8s/namespace', name: '/k8s/name',
  },
  labelsFrom: '/tags',
  labels: { account: { at: '/account/name', from: 'body' }, origin: { const: 'monitor' } },
  annotations: { summary: '/message' },
} as const;

const attempt = (message: unknown, more: Partial<Access<Record<string, unknown>>> = {}): Attempt => ({
  raw: Buffer.from(JSON.stringify(message)), headers: {}, access: { settings: CLOUDWATCH_SETTINGS, evidence: SNS_CERTIFICATE, nowMs: Date.parse(NOW), ...more },
});

function snsAttempts(): SourceUnderTest['attempts'] {
  const one = recorded('cloudwatch', 'alarm-v1');
  const two = recorded('cloudwatch', 'ok-v2');
  return {
    right: [attempt(one), attempt(two), attempt({ ...two, extra: 'ignored' }), attempt(recorded('cloudwatch', 'control/subscription'))],
    wrong: [
      attempt({ ...one, Message: `${one.Message} ` }), attempt({ ...one, Subject: 'other' }), attempt({ ...one, MessageId: 'other' }), attempt({ ...one, SignatureVersion: '2' }),
      attempt({ ...one, SignatureVersion: '3' }), attempt({ ...one, SignatureVersion: 'toString' }), attempt({ ...one, Signature: '' }), attempt({ ...one, Signature: 'AAAA' }),
      attempt(one, { evidence: '' }), attempt(one, { evidence: 'not a certificate' }), attempt(one, { settings: { topics: [] } }), attempt({}), attempt(null),
    ],
  };
}

/** What the contract needs to know about a source beyond its definition. */
export const UNDER_TEST: Readonly<Record<string, Pick<SourceUnderTest, 'settings' | 'name' | 'attempts'>>> = {
  cloudwatch: { settings: CLOUDWATCH_SETTINGS, attempts: snsAttempts() },
  custom: { settings: CUSTOM_MAPPING as unknown as Record<string, unknown>, name: 'monitor' },
};
