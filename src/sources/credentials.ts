import { KubernautError } from '../domain/errors.js';
import { bearerOf, verifyBearer } from './bearer.js';
import type { Access, Headers, Verified } from './define.js';
import { signatureIn, verifyHmac } from './hmac.js';

/**
 * For sources that take a bearer token or an HMAC signature, whichever is configured. With both, one of them is enough: a
 * request that brings a token is judged by its token alone.
 */
export function verifyCredentials(raw: Buffer, headers: Headers, access: Access): Verified {
  if (byToken(headers, access)) {
    verifyBearer(headers, access.tokens, 'it is one of the tokens of this source (sources.<source>.tokens)');
    return {};
  }
  if (hasKeys(access)) return verifyHmac(raw, headers, access);
  throw noCredentials();
}

/** The part of `verifyCredentials` that needs no body. */
export function admitCredentials(headers: Headers, access: Access): void {
  if (byToken(headers, access) || !hasKeys(access)) verifyCredentials(Buffer.alloc(0), headers, access);
  else signatureIn(headers, access.hmac!, access.nowMs);
}

/** Also where a token would be the only way in: then its own message says what is missing. */
const byToken = (headers: Headers, { tokens, hmac }: Access): boolean => tokens.length > 0 && (bearerOf(headers) !== undefined || !hmac?.keys.length);

const hasKeys = ({ hmac }: Access): boolean => (hmac?.keys.length ?? 0) > 0;

const noCredentials = (): KubernautError => new KubernautError('Unauthorized', 'no credentials that this source knows: it has no tokens and keys of its own, and this is no token of the identity provider (gateway.jwt)');
