import { readFileSync, statSync } from 'node:fs';
import { createLocalJWKSet, errors, type JSONWebKeySet, type JWTVerifyGetKey } from 'jose';
import { KubernautError } from '../domain/errors.js';

/** Keys that are taken away at the provider are gone here after this, as long as the provider answers. */
const MAX_AGE_MS = 10 * 60_000;
/** A stranger's token with a key that nobody knows makes us ask: not more often than this. */
const COOL_DOWN_MS = 10_000;

export interface KeysOptions {
  onError: (error: unknown, message: string) => void;
  /** Milliseconds. */
  nowMs?: () => number;
}

/** Public keys only: with a symmetric one, whoever can check a token could make one. Throws when there are none. */
function keysIn(text: string): JWTVerifyGetKey {
  const { keys } = JSON.parse(text) as JSONWebKeySet;
  const usable = (Array.isArray(keys) ? keys : []).filter((k) => typeof k === 'object' && k !== null && k.kty !== 'oct' && !('d' in k));
  if (usable.length === 0) throw new Error('it holds no public key');
  return createLocalJWKSet({ keys: usable });
}

const isUnknownKey = (error: unknown): boolean => error instanceof errors.JWKSNoMatchingKey;

/** The keys in a file, read again when it changes. A bad file keeps the old keys in force. Throws ConfigInvalid when it is bad at the start. */
export function keysOfFile(path: string, { onError, nowMs = Date.now }: KeysOptions): JWTVerifyGetKey {
  const stampOf = (): string => {
    const { mtimeMs, size, ino } = statSync(path);
    return `${mtimeMs} ${size} ${ino}`;
  };
  let keys: JWTVerifyGetKey;
  let stamp: string;
  let lookedAtMs = nowMs();
  try {
    stamp = stampOf();
    keys = keysIn(readFileSync(path, 'utf8'));
  } catch (error) {
    throw new KubernautError('ConfigInvalid', `gateway.jwt.jwksFile: ${path} is no file with public keys (JWKS); check the path, its permissions and its content`, error);
  }

  function look(): void {
    lookedAtMs = nowMs();
    try {
      const now = stampOf();
      if (now === stamp) return;
      stamp = now;
      keys = keysIn(readFileSync(path, 'utf8'));
    } catch (error) {
      onError(error, `${path} cannot be used (gateway.jwt.jwksFile); the old keys stay`);
    }
  }

  return async (header, token) => {
    if (nowMs() - lookedAtMs > 1000) look();
    try {
      return await keys(header, token);
    } catch (error) {
      if (!isUnknownKey(error)) throw error;
      look();
      return keys(header, token);
    }
  };
}

/**
 * The keys at the address of the provider, read when first needed and again when they are old or a token names one that is not
 * there. Throws `DependencyMissing` or `Overloaded` (503) where a key may be there that we cannot look for now: such a token is
 * not wrong.
 */
export function keysOfUrl(read: () => Promise<string>, { onError, nowMs = Date.now }: KeysOptions): JWTVerifyGetKey {
  let keys: JWTVerifyGetKey | undefined;
  let readAtMs = 0;
  let triedAtMs = -Infinity;
  let underWay: Promise<JWTVerifyGetKey> | undefined;

  async function fetchKeys(): Promise<JWTVerifyGetKey> {
    triedAtMs = nowMs();
    try {
      keys = keysIn(await read());
      readAtMs = nowMs();
      return keys;
    } catch (error) {
      onError(error, 'the public keys of the token issuer cannot be read (gateway.jwt.jwksUrl)');
      throw new KubernautError('DependencyMissing', { message: 'the public keys of the token issuer cannot be read, so no token can be checked; let the gateway reach gateway.jwt.jwksUrl', retryAfterMs: COOL_DOWN_MS }, error);
    }
  }

  function refreshed(): Promise<JWTVerifyGetKey> {
    if (underWay) return underWay;
    const restMs = triedAtMs + COOL_DOWN_MS - nowMs();
    if (restMs > 0) return Promise.reject(new KubernautError('Overloaded', { message: 'the public keys of the token issuer were read a moment ago and do not fit this token; send it again in a moment', retryAfterMs: restMs }));
    underWay = fetchKeys().finally(() => (underWay = undefined));
    return underWay;
  }

  return async (header, token) => {
    const known = keys;
    // In the background: a provider that is out of reach takes nobody's access away.
    if (known && nowMs() - readAtMs > MAX_AGE_MS) void refreshed().catch(() => undefined);
    try {
      return await (known ?? (await refreshed()))(header, token);
    } catch (error) {
      if (!isUnknownKey(error) || known === undefined) throw error;
      return (await refreshed())(header, token);
    }
  };
}
