import type { TSchema } from '@sinclair/typebox';
import type { Config } from '../config/schema.js';
import { revealed } from '../config/secret.js';
import { KubernautError } from '../domain/errors.js';
import { bearerOf, matchingSecret } from '../sources/bearer.js';
import type { Headers, SourceDefinition } from '../sources/define.js';
import type { HmacRule } from '../sources/hmac.js';
import { sources } from '../sources/index.js';

export type Source = SourceDefinition<string, TSchema>;

/** A source with who may send as it and about what. */
export interface OpenSource {
  /** `grafana`, `custom/pager`: for keys, logs and messages. */
  key: string;
  /** Where its configuration is: `sources.custom.pager`. */
  path: string;
  definition: Source;
  /** Which of several, where it is configured under names. */
  name?: string;
  tokens: readonly string[];
  hmac?: HmacRule;
  settings: Record<string, unknown>;
  cluster?: string;
  /** Empty: what the gateway serves. */
  clusters: readonly string[];
  namespaces: readonly string[];
  /** Tokens of the identity provider may send as it, too (`gateway.jwt`). */
  takesJwt: boolean;
  /** Told so on a loopback address: nobody has to show anything. */
  isUnguarded: boolean;
}

export interface OpenSources {
  readonly members: readonly OpenSource[];
  /** Throws `NotFound`: there is no such source, or it is not open and what would open it. */
  get(id: string, name?: string): OpenSource;
  find(id: string, name?: string): OpenSource | undefined;
}

interface Configured {
  tokens?: string[];
  hmac?: { keys?: string[]; header?: string; prefix?: string; timestampHeader?: string; separator?: string };
  cluster?: string;
  clusters?: string[];
  namespaces?: string[];
  [setting: string]: unknown;
}

/** The name that is served without a name. */
const DEFAULT_NAME = 'default';

/** Grafana has names of its own; the first two are those its releases use when none is set. */
const SIGNING: Readonly<Record<string, Pick<HmacRule, 'headers' | 'separator'>>> = {
  grafana: { headers: ['X-Grafana-Alerting-Signature', 'X-Grafana-Alert-Signature'], separator: ':' },
};
const OUR_SIGNING = { headers: ['X-Kubernaut-Signature'], separator: '.' };

/** What the configuration opens. Holds secrets in clear text: never logged, never serialised. */
export function openSources({ gateway, sources: configured }: Pick<Config, 'gateway' | 'sources'>): OpenSources {
  const all = sources.members.flatMap((definition) => {
    const section = revealed(configured[definition.id] ?? {}) as Configured;
    if (!definition.isNamed) return [opened(definition, section, gateway)];
    return Object.entries(section as Record<string, Configured>).map(([name, one]) => opened(definition, one, gateway, name));
  });
  const byKey = new Map(all.filter(isOpen).map((s) => [s.key, s]));
  const find = (id: string, name?: string) => byKey.get(keyOf(canonicalId(id), name));
  return {
    members: [...byKey.values()],
    find,
    get(id, name) {
      const found = find(id, name);
      if (found) return found;
      throw new KubernautError('NotFound', whyNotServed(sources.get(canonicalId(id)), all, name));
    },
  };
}

const canonicalId = (id: string): string => sources.members.find((m) => m.aliases?.includes(id))?.id ?? id;

const keyOf = (id: string, name?: string): string => `${id}${name === undefined || name === DEFAULT_NAME ? '' : `/${name}`}`;

function opened(definition: Source, section: Configured, gateway: Config['gateway'], name?: string): OpenSource {
  const { tokens: own = [], hmac, cluster, clusters = [], namespaces = [], ...settings } = section;
  const isAlertmanager = definition.id === 'alertmanager';
  const takesJwt = gateway.jwt !== undefined && (definition.credentials ?? ['bearer']).includes('bearer');
  const tokens = isAlertmanager ? [...gateway.tokens.map((t) => t.reveal()), ...own] : own;
  return {
    key: keyOf(definition.id, name),
    path: pathOf(definition.id, name),
    definition, name, tokens, settings, cluster, clusters, namespaces,
    hmac: ruleOf(definition.id, hmac),
    takesJwt,
    isUnguarded: isAlertmanager && tokens.length === 0 && gateway.allowInsecure && !takesJwt,
  };
}

const pathOf = (id: string, name?: string): string => `sources.${id}${name === undefined ? '' : `.${name}`}`;

function ruleOf(id: string, { keys = [], header, prefix = '', timestampHeader, separator }: NonNullable<Configured['hmac']> = {}): HmacRule | undefined {
  if (keys.length === 0) return undefined;
  const standard = SIGNING[id] ?? OUR_SIGNING;
  return { keys, prefix, timestampHeader, headers: header === undefined ? standard.headers : [header], separator: separator ?? standard.separator };
}

function isOpen({ definition, tokens, hmac, settings, takesJwt, isUnguarded }: OpenSource): boolean {
  if (definition.guard !== undefined) return ((settings[definition.guard] as unknown[] | undefined) ?? []).length > 0;
  return tokens.length > 0 || hmac !== undefined || takesJwt || isUnguarded;
}

/** Says what to configure; nothing here is a secret. */
function whyNotServed(definition: Source, all: readonly OpenSource[], name: string | undefined): string {
  const { id, isNamed, guard, credentials = ['bearer'] } = definition;
  const isConfigured = all.some((s) => s.key === keyOf(id, name));
  if (name !== undefined && !isNamed) return `source ${id} has no parts; send to /api/v1/signals/${id}`;
  const path = pathOf(id, isNamed ? (name ?? DEFAULT_NAME) : undefined);
  if (isNamed && !isConfigured) return `there is no ${path} in the configuration; add it, or send to /api/v1/signals/${id}/<name> with a name that is there`;
  const keys = guard === undefined ? credentials.map((c) => (c === 'hmac' ? `${path}.hmac.keys` : `${path}.tokens`)) : [`${path}.${guard}`];
  return `source ${path.slice('sources.'.length)} is not enabled, since nobody could prove to be its sender; set ${keys.join(' or ')}`;
}

/** Which token of this source the caller shows: whose share of the rate limit it is. Undefined for signatures, which are judged later. */
export function senderOf(open: OpenSource | undefined, headers: Headers): string | undefined {
  const given = open && bearerOf(headers);
  const index = given === undefined ? -1 : matchingSecret(given, open!.tokens);
  return index < 0 ? undefined : `${open!.key} token-${index}`;
}
