import { createHash, createHmac, hkdfSync, timingSafeEqual } from 'node:crypto';

/** What a link is for: one question about one plan, put to one audience, until it expires. */
export interface ApprovalClaims {
  remediationId: string;
  /** Hash of the plan that was asked about. */
  plan: string;
  /** When that was asked: asking again about the same plan makes older links worthless. */
  askedAt: string;
  /** The channel it goes to. */
  audience: string;
  expiresAt: string;
}

export interface ApprovalLinks {
  /** The same claims give the same token: a delivery that is repeated hands out no second one. */
  sign(claims: ApprovalClaims): string;
  /** Undefined for what none of the keys signed. Says nothing about time or use. */
  open(token: string): ApprovalClaims | undefined;
}

const PURPOSE = 'kubernaut approval link, version 1';
const MOST_CHARACTERS = 1024;
const SHAPE = /^[\w-]+\.[\w-]{43}$/;

/** The first secret signs, all are accepted. Undefined without any: then there are no links. */
export function createApprovalLinks(secrets: readonly string[]): ApprovalLinks | undefined {
  const keys = secrets.map((secret) => Buffer.from(hkdfSync('sha256', secret, '', PURPOSE, 32)));
  const [first] = keys;
  if (!first) return undefined;
  return {
    sign({ remediationId, plan, askedAt, audience, expiresAt }) {
      const body = Buffer.from(JSON.stringify([remediationId, plan, askedAt, audience, expiresAt])).toString('base64url');
      return `${body}.${macOf(body, first).toString('base64url')}`;
    },
    open(token) {
      if (token.length > MOST_CHARACTERS || !SHAPE.test(token)) return undefined;
      const [body = '', mac = ''] = token.split('.');
      const given = Buffer.from(mac, 'base64url');
      const isOurs = keys.map((key) => timingSafeEqual(macOf(body, key), given)).includes(true);
      return isOurs ? claimsIn(Buffer.from(body, 'base64url').toString('utf8')) : undefined;
    },
  };
}

/** Names a token in the database, which never holds one that opens anything. */
export const tokenIdOf = (token: string): string => createHash('sha256').update(token).digest('hex');

const macOf = (body: string, key: Buffer): Buffer => createHmac('sha256', key).update(body).digest();

/** Signed by us, so of the shape that we signed; a later version may have another. */
function claimsIn(text: string): ApprovalClaims | undefined {
  const parts: unknown = JSON.parse(text);
  if (!Array.isArray(parts) || parts.length !== 5 || !parts.every((p) => typeof p === 'string')) return undefined;
  const [remediationId, plan, askedAt, audience, expiresAt] = parts as [string, string, string, string, string];
  return { remediationId, plan, askedAt, audience, expiresAt };
}
