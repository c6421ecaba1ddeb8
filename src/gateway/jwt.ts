import { decodeJwt, errors, jwtVerify, type JWTPayload, type JWTVerifyGetKey } from 'jose';
import { createGuardedGet } from '../adapters/sns/guarded-get.js';
import { JWT_DEFAULTS, type JwtConfig } from '../config/jwt-schema.js';
import { durationMs } from '../domain/duration.js';
import { isKubernautError, KubernautError } from '../domain/errors.js';
import type { GatewayDeps } from './deps.js';
import type { Identity, Right } from './identity.js';
import { keysOfFile, keysOfUrl } from './jwt-keys.js';

const MAX_WORDS = 1000;
const MAX_NAME = 253;

/** Throws `Unauthorized` with why, or what `keysOfUrl` throws while the keys are out of reach. */
export type CheckToken = (token: string) => Promise<Identity>;

/** Three parts of base64url with JSON in the first: no secret of ours looks like that by chance. */
export const isJwt = (text: string): boolean => /^eyJ[\w-]+\.[\w-]+\.[\w-]*$/.test(text);

/** Undefined when no provider is configured. Throws ConfigInvalid when its keys are in a file that cannot be used. */
export function createTokenCheck({ config, logger, readKeys = overHttps, now }: Pick<GatewayDeps, 'config' | 'logger' | 'readKeys' | 'now'>): CheckToken | undefined {
  const { jwt } = config.gateway;
  if (!jwt) return undefined;
  const onError = (error: unknown, message: string) => logger.error({ err: error }, message);
  const keys = jwt.jwksFile === undefined ? keysOfUrl(() => readKeys(jwt.jwksUrl!), { onError }) : keysOfFile(jwt.jwksFile, { onError });
  return (token) => checked(token, { jwt, keys, ...(now ? { now: new Date(now()) } : {}) });
}

/** The host was named by the operator and may be inside our network; everything else is as for URLs from strangers. */
const overHttps = createGuardedGet({ isAllowed: () => true });

async function checked(token: string, { jwt, keys, now }: { jwt: JwtConfig; keys: JWTVerifyGetKey; now?: Date }): Promise<Identity> {
  const { issuer, audience, algorithms = JWT_DEFAULTS.algorithms, clockTolerance = JWT_DEFAULTS.clockTolerance } = jwt;
  try {
    // Before its signature: nobody else's token makes us ask the provider for keys.
    const said = decodeJwt(token);
    if (said.iss !== issuer) throw refused('it is not of the issuer that is known here (iss, gateway.jwt.issuer)');
    if (![said.aud].flat().includes(audience)) throw refused('it is for somebody else (aud, gateway.jwt.audience)');
    const { payload } = await jwtVerify(token, keys, {
      issuer, audience, algorithms: [...algorithms], requiredClaims: ['exp', 'sub'], clockTolerance: durationMs(clockTolerance) / 1000, ...(now ? { currentDate: now } : {}),
    });
    return identityIn(payload, jwt);
  } catch (error) {
    throw isKubernautError(error) ? error : refused(whyNot(error), error);
  }
}

/** Never the message of the library: it may quote the token. */
function whyNot(error: unknown): string {
  if (error instanceof errors.JWTExpired) return 'it has expired; get a new one';
  if (error instanceof errors.JWTClaimValidationFailed) return `its claim "${CLAIMS.find((c) => c === error.claim) ?? 'of time'}" is missing or does not fit; compare the clocks`;
  if (error instanceof errors.JOSEAlgNotAllowed) return 'it is signed with an algorithm that is not accepted (gateway.jwt.algorithms)';
  if (error instanceof errors.JWKSNoMatchingKey) return 'its key is not one of the issuer';
  if (error instanceof errors.JWKSMultipleMatchingKeys) return 'it does not say which key signed it (kid), and the issuer has several';
  if (error instanceof errors.JWSSignatureVerificationFailed) return 'its signature does not fit';
  return 'it cannot be read';
}

const CLAIMS = ['exp', 'nbf', 'iat', 'sub', 'iss', 'aud'];

const refused = (why: string, cause?: unknown): KubernautError => new KubernautError('Unauthorized', `this token is not taken: ${why}`, cause);

function identityIn(payload: JWTPayload, { claims = {}, roles = JWT_DEFAULTS.roles }: JwtConfig): Identity {
  const { sub: subject } = payload;
  if (typeof subject !== 'string' || subject === '' || subject.length > 255) throw refused('its claim "sub" says nobody');
  const { role, name, clusters, namespaces, sources } = { ...CLAIMS_USED, ...claims };
  return {
    subject,
    name: harmless(textAt(payload, name) ?? subject),
    rights: rightsIn(wordsAt(payload, role), roles),
    groups: wordsAt(payload, role).slice(0, MAX_WORDS),
    ...listIn(payload, 'clusters', clusters),
    ...listIn(payload, 'namespaces', namespaces),
    ...listIn(payload, 'sources', sources),
    claims: { role, clusters, namespaces, sources },
  };
}

/** Empty: not configured. */
const CLAIMS_USED = { role: JWT_DEFAULTS.roleClaim, name: JWT_DEFAULTS.nameClaim, clusters: '', namespaces: '', sources: '' };

function rightsIn(words: readonly string[], roles: Readonly<Record<string, Right>>): ReadonlySet<Right> {
  const rights = new Set(words.flatMap((word) => (Object.hasOwn(roles, word) ? [roles[word]!] : [])));
  return rights.has('decide') ? rights.add('read') : rights;
}

/** A claim that is configured must be there: a provider that forgets it must not open everything. */
function listIn(payload: JWTPayload, key: 'clusters' | 'namespaces' | 'sources', claim: string): { [K in typeof key]?: string[] } {
  if (claim === '') return {};
  const words = wordsAt(payload, claim);
  return words.includes('*') ? {} : { [key]: words };
}

/** A claim by its name, or by a JSON pointer into nested ones. */
function valueAt(payload: JWTPayload, claim: string): unknown {
  const path = claim.startsWith('/') ? claim.slice(1).split('/').map((s) => s.replaceAll('~1', '/').replaceAll('~0', '~')) : [claim];
  return path.reduce<unknown>((value, key) => (typeof value === 'object' && value !== null && Object.hasOwn(value, key) ? (value as Record<string, unknown>)[key] : undefined), payload);
}

/** A list, or one text with blanks between the words, as OAuth writes scopes. */
function wordsAt(payload: JWTPayload, claim: string): string[] {
  const value = valueAt(payload, claim);
  const words = typeof value === 'string' ? value.split(' ') : Array.isArray(value) ? value : [];
  return words.filter((w): w is string => typeof w === 'string' && w !== '').slice(0, MAX_WORDS);
}

function textAt(payload: JWTPayload, claim: string): string | undefined {
  const value = valueAt(payload, claim);
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** It goes into records, histories and onto terminals. */
const harmless = (text: string): string => text.replace(/[\p{Cc}\p{Cf}\p{Surrogate}]/gu, '\uFFFD').slice(0, MAX_NAME);
