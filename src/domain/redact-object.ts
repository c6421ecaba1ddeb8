import { isSecretName, MASK, MASKED, redactText } from './redact.js';
import { sha256 } from './sha256.js';

const MAX_DEPTH = 64;

/** Fields of Kubernetes objects whose names end like a secret's but that hold references. */
const REFERENCES = new Set(['key', 'topologyKey', 'secretName', 'matchLabelKeys']);

/** Identities: decisions compare them letter by letter, and the API server already bounds what they may contain. */
const IDENTITIES = new Set([
  'name', 'namespace', 'uid', 'kind', 'apiVersion', 'resourceVersion', 'image', 'imageID', 'containerID', 'nodeName', 'podIP', 'hostIP',
  'providerID', 'systemUUID', 'machineID', 'bootID', 'claimName', 'volumeName', 'serviceAccountName', 'currentRevision', 'updateRevision',
  'pod-template-hash', 'controller-revision-hash', 'revision', 'fingerprint',
]);

/** A copy of the whole applied manifest, environment included. */
const LAST_APPLIED = 'kubectl.kubernetes.io/last-applied-configuration';

/** Kubernetes allows no free text in them, selectors must match them, and nobody may keep secrets there. */
const LABELS = new Set(['labels', 'matchLabels', 'selector', 'nodeSelector']);

/**
 * Twelve bits of the secret's hash: two revisions whose password differs must not look alike to a diff, while 4096 candidates per
 * mask tell nothing worth knowing about the password.
 */
const fingerprinted = (secret: string): string => (ONLY_MASK.test(secret) ? secret : `<redacted:${sha256(secret).slice(0, 3)}>`);
const ONLY_MASK = new RegExp(`^${MASKED.source}$`);

/** Does a value, anywhere inside, carry a mask instead of what it really is? */
export function isMasked(value: unknown): boolean {
  if (typeof value === 'string') return MASKED.test(value);
  return value !== null && typeof value === 'object' && Object.values(value).some(isMasked);
}

/** A copy with every secret value masked: environment values by name, Secret data, flags of commands, anything that looks like a secret. */
export function redactObject<T>(value: T): T {
  return redacted(value, undefined, 0) as T;
}

function redacted(value: unknown, key: string | undefined, depth: number): unknown {
  if (typeof value === 'string') return redactedString(value, key);
  if (value === null || typeof value !== 'object') return value;
  if (depth > MAX_DEPTH) return MASK;
  if (Array.isArray(value)) return redactedList(value, key, depth);
  return redactedRecord(value as Record<string, unknown>, depth);
}

function redactedString(value: string, key: string | undefined): string {
  if (key === undefined) return redactText(value, fingerprinted);
  if (key === LAST_APPLIED) return MASK;
  if (IDENTITIES.has(key) || REFERENCES.has(key)) return value;
  return isSecretName(key) && value !== '' ? fingerprinted(value) : redactText(value, fingerprinted);
}

function redactedRecord(record: Record<string, unknown>, depth: number): Record<string, unknown> {
  const isSecret = record.kind === 'Secret';
  const holdsSecret = typeof record.name === 'string' && typeof record.value === 'string' && isSecretName(record.name);
  const entries = Object.entries(record).map(([key, value]): [string, unknown] => {
    if (isSecret && (key === 'data' || key === 'stringData')) return [key, masked(value)];
    if (holdsSecret && key === 'value') return [key, value === '' ? value : fingerprinted(value as string)];
    if (LABELS.has(key)) return [key, value];
    return [key, redacted(value, key, depth + 1)];
  });
  return Object.fromEntries(entries);
}

const masked = (data: unknown): unknown =>
  data !== null && typeof data === 'object' ? Object.fromEntries(Object.keys(data).map((k) => [k, MASK])) : MASK;

/** `--password`, `hunter2` as two arguments of a command. */
function redactedList(list: unknown[], key: string | undefined, depth: number): unknown[] {
  return list.map((item, i) => {
    const flag = list[i - 1];
    const isFlagValue = typeof item === 'string' && typeof flag === 'string' && /^--?[\w.-]+$/.test(flag) && isSecretName(flag);
    if (isFlagValue && !item.startsWith('-')) return fingerprinted(item);
    return redacted(item, typeof item === 'string' && key !== undefined && IDENTITIES.has(key) ? key : undefined, depth + 1);
  });
}
