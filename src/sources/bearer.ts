import { KubernautError } from '../domain/errors.js';
import { sha256 } from '../domain/sha256.js';
import type { Headers } from './define.js';


/** The credentials of `Authorization: Bearer …`; undefined when there are none. */
export function bearerOf(headers: Headers): string | undefined {
  const header = headers.authorization;
  const match = /^Bearer +([\x21-\x7e]{1,8192}) *$/i.exec(typeof header === 'string' ? header : '');
  return match?.[1];
}

const hashes = new WeakMap<readonly string[], string[]>();

/** The configured secrets never change, and every request compares with all of them. */
function hashesOf(secrets: readonly string[]): string[] {
  const known = hashes.get(secrets) ?? secrets.map(sha256);
  hashes.set(secrets, known);
  return known;
}

/**
 * Index of the secret that equals `given`, or -1. Compares hashes over their whole length and looks at every secret, so the
 * time says neither how much of a guess was right nor which secret came close.
 */
export function matchingSecret(given: string, secrets: readonly string[]): number {
  const wanted = sha256(given);
  let found = -1;
  hashesOf(secrets).forEach((known, index) => {
    let difference = 0;
    for (let i = 0; i < wanted.length; i++) difference |= wanted.charCodeAt(i) ^ known.charCodeAt(i);
    if (difference === 0) found = index;
  });
  return found;
}

/** Throws `Unauthorized` unless the bearer token is one of the secrets; `where` says where the right one is found. */
export function verifyBearer(headers: Headers, secrets: readonly string[], where = 'kubernaut connect alertmanager prints it'): void {
  const given = bearerOf(headers);
  if (given === undefined) throw new KubernautError('Unauthorized', `no bearer token; send the header "Authorization: Bearer <token>" (${where})`);
  if (matchingSecret(given, secrets) < 0) throw new KubernautError('Unauthorized', `this bearer token is not known here; take the right one (${where})`);
}
