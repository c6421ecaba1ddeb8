import { exportJWK, generateKeyPair, SignJWT, type JWK, type JWTPayload } from 'jose';

export const ISSUER = 'https://id.example.com/realms/platform';
export const AUDIENCE = 'kubernaut';

/** A key of an identity provider. */
export interface SigningKey {
  alg: string;
  jwk: JWK;
  sign(claims: JWTPayload, header?: Record<string, unknown>): Promise<string>;
}

export async function signingKey(alg: string, kid: string): Promise<SigningKey> {
  const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true });
  return {
    alg,
    jwk: { ...(await exportJWK(publicKey)), kid, alg, use: 'sig' },
    sign: (claims, header = {}) => new SignJWT(claims).setProtectedHeader({ alg, kid, typ: 'JWT', ...header }).sign(privateKey),
  };
}

export const jwksOf = (...keys: SigningKey[]): string => JSON.stringify({ keys: keys.map((k) => k.jwk) });

/** Good for five minutes from now. */
export function claimsOf(more: JWTPayload & Record<string, unknown> = {}): JWTPayload {
  const now = Math.floor(Date.now() / 1000);
  return { iss: ISSUER, aud: AUDIENCE, sub: 'system:serviceaccount:monitoring:alertmanager', iat: now, nbf: now, exp: now + 300, roles: ['kubernaut-send'], ...more };
}
