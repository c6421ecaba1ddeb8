import { Type, type Static } from '@sinclair/typebox';
import type { ConfigIssue } from './issues.js';
import { DURATION_PATTERN, text } from './fields.js';

/** Signed with a private key, checked with a public one. HS* is not here: whoever can check such a token can make one. */
export const JWT_ALGORITHMS = ['RS256', 'ES256', 'EdDSA', 'PS256', 'RS384', 'RS512', 'PS384', 'PS512', 'ES384', 'ES512'] as const;
export type JwtAlgorithm = (typeof JWT_ALGORITHMS)[number];

/** What somebody may do: send signals; read; read and decide (approve, reject, cancel, undo, pause). */
export const RIGHTS = ['send', 'read', 'decide'] as const;
export type Right = (typeof RIGHTS)[number];

const right = Type.Unsafe<Right>({ type: 'string', enum: [...RIGHTS], examples: ['decide'] });
const claim = (description: string, example: string, more: object = {}) => Type.Optional(text(description, example, { maxLength: 256, ...more }));

export const JWT_DEFAULTS = {
  algorithms: ['RS256', 'ES256', 'EdDSA', 'PS256'],
  clockTolerance: '30s',
  roles: { 'kubernaut-send': 'send', 'kubernaut-read': 'read', 'kubernaut-decide': 'decide' },
  roleClaim: 'roles',
  nameClaim: 'sub',
} as const;

const Claims = Type.Object(
  {
    role: claim('holds the roles: a text, a list, or words with spaces between', '/realm_access/roles', { default: JWT_DEFAULTS.roleClaim }),
    name: claim('goes into the record as who decided; default: the subject', 'email', { default: JWT_DEFAULTS.nameClaim }),
    clusters: claim('when set: the clusters that the token is about; "*" for all', 'kubernaut_clusters'),
    namespaces: claim('when set: the namespaces that the token is about; "*" for all', 'kubernaut_namespaces'),
    sources: claim('when set: the sources that the token may send as (grafana, custom/pager); "*" for all', 'kubernaut_sources'),
  },
  { additionalProperties: false, default: {}, description: 'which claim holds what: a name, or a JSON pointer into nested claims', examples: [{ role: 'groups' }] },
);

/** `gateway.jwt`. */
export const JwtSchema = Type.Object(
  {
    issuer: text('the "iss" of the tokens, exactly', 'https://id.example.com/realms/platform'),
    audience: text('must be in the "aud" of the tokens', 'kubernaut'),
    jwksFile: Type.Optional(text('file with the public keys (JWKS); read again when it changes', '/etc/kubernaut/jwks.json')),
    jwksUrl: Type.Optional(text('HTTPS address of the public keys (jwks_uri of the provider)', 'https://id.example.com/realms/platform/protocol/openid-connect/certs', { pattern: '^https://[^/?#@]+(/|$)', expected: 'an address that starts with https://' })),
    algorithms: Type.Optional(
      Type.Array(Type.Unsafe<JwtAlgorithm>({ type: 'string', enum: [...JWT_ALGORITHMS], examples: ['ES256'] }), { minItems: 1, default: [...JWT_DEFAULTS.algorithms], examples: [['ES256']], description: 'signatures that are accepted' }),
    ),
    clockTolerance: Type.Optional(Type.String({ pattern: DURATION_PATTERN, default: JWT_DEFAULTS.clockTolerance, examples: ['30s'], expected: 'a duration like 30s', description: 'by how much clocks may differ' })),
    claims: Type.Optional(Claims),
    roles: Type.Optional(
      Type.Record(Type.String(), right, { default: { ...JWT_DEFAULTS.roles }, examples: [{ 'sre-oncall': 'decide' }], description: 'what the role claim may say → send, read, or decide (which includes read)' }),
    ),
  },
  { additionalProperties: false, description: 'JSON web tokens of an OpenID provider, beside the bearer tokens', examples: [{ issuer: 'https://id.example.com', audience: 'kubernaut', jwksFile: '/etc/kubernaut/jwks.json' }] },
);
export type JwtConfig = Static<typeof JwtSchema>;

/** What the schema cannot say readably: the keys are in a file or at an address, not both. */
export function jwtIssues(jwt: unknown): ConfigIssue[] {
  if (typeof jwt !== 'object' || jwt === null) return [];
  const given = ['jwksFile', 'jwksUrl'].filter((key) => key in jwt);
  if (given.length === 1) return [];
  return [{ path: 'gateway.jwt', got: given.length === 0 ? 'neither jwksFile nor jwksUrl' : 'both jwksFile and jwksUrl', expected: 'one of them: where the public keys of the issuer are', example: 'jwksFile: /etc/kubernaut/jwks.json' }];
}
