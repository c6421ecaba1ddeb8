import { Type, type TObject, type TProperties, type TSchema } from '@sinclair/typebox';
import type { Credential, SourceDefinition } from './define.js';

const list = (items: TSchema, description: string, example: unknown) => Type.Optional(Type.Array(items, { description, default: [], examples: [[example]] }));
const secret = (description: string) => Type.String({ format: 'secret', minLength: 16, maxLength: 4096, description, examples: ['(a secret)'], expected: 'a secret of at least 16 characters' });
const header = (description: string, example: string) => Type.String({ pattern: '^[A-Za-z0-9-]{1,100}$', description, examples: [example], expected: 'the name of a header' });

const Hmac = Type.Object(
  {
    keys: list(secret('a key'), 'keys of HMAC-SHA256; several for rotation', '(a secret)'),
    header: Type.Optional(header('header of the signature; default: X-Kubernaut-Signature, for grafana the name Grafana uses', 'X-Signature')),
    prefix: Type.Optional(Type.String({ maxLength: 32, description: 'what stands before the hex digits', examples: ['sha256='] })),
    timestampHeader: Type.Optional(header('when set: the signature covers the time in this header too, which must be within 5 minutes, and replays are recognised', 'X-Timestamp')),
    separator: Type.Optional(Type.String({ maxLength: 8, description: 'between time and body in what is signed; default: ".", for grafana ":"', examples: [':'] })),
  },
  { additionalProperties: false, default: {}, description: 'signatures over the body', examples: [{ keys: ['(a secret)'] }] },
);

/** What every source has: who may send, and about what. */
const accessOf = (credentials: readonly Credential[]): TProperties => ({
  ...(credentials.includes('bearer') ? { tokens: list(secret('a token'), 'bearer tokens that are accepted; several for rotation', '(a secret)') } : {}),
  ...(credentials.includes('hmac') ? { hmac: Type.Optional(Hmac) } : {}),
  cluster: Type.Optional(Type.String({ minLength: 1, description: 'the cluster of signals that name none; default: our own', examples: ['prod-eu'] })),
  clusters: list(Type.String({ minLength: 1, examples: ['prod-eu'] }), 'when not empty: it may speak of no other cluster', 'prod-eu'),
  namespaces: list(Type.String({ minLength: 1, examples: ['shop'] }), 'when not empty: it may speak of no other namespace, and of nothing outside of namespaces', 'shop'),
});

type Source = Pick<SourceDefinition<string, TSchema>, 'id' | 'summary' | 'credentials' | 'settings' | 'isNamed'>;

const NAME = '^[a-z0-9][a-z0-9-]{0,40}$';

/** `sources.<id>`, as its definition says. */
function schemaOf({ summary, credentials = ['bearer'], settings, isNamed = false }: Source): TSchema {
  const one: TObject = Type.Object({ ...accessOf(credentials), ...settings?.properties }, { additionalProperties: false, description: summary, ...(isNamed ? {} : { default: {} }) });
  return isNamed
    ? Type.Record(Type.String({ pattern: NAME }), one, { additionalProperties: false, default: {}, expected: 'a name of small letters, digits and dashes', description: `${summary} By a name of your own; "default" is served without a name.`, examples: [{ pager: { tokens: ['(a secret)'], fields: { alert: '/title' } } }] })
    : one;
}

/** The section `sources`: one key per member of the catalogue. */
export const sourcesSchema = (members: readonly Source[]): TObject =>
  Type.Object(Object.fromEntries(members.map((m) => [m.id, schemaOf(m)])), {
    additionalProperties: false, default: {}, description: 'Who may send signals, each with its own secret. A source without one is not served; alertmanager takes gateway.tokens too.',
  });
