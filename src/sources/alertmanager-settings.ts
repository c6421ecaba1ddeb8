import { Type, type Static } from '@sinclair/typebox';

const text = (description: string, example: string) => Type.Optional(Type.String({ minLength: 1, maxLength: 4096, description, examples: [example] }));
const secret = (description: string) => Type.Optional(Type.String({ format: 'secret', pattern: '^[\\x20-\\x7e]{1,4096}$', description, examples: ['(a secret)'], expected: 'one line of ASCII' }));
const duration = (description: string, standard: string) =>
  Type.String({ description, default: standard, examples: [standard], pattern: '^(\\d+(\\.\\d+)?(ms|s|m|h|d))+$', expected: 'a duration like 30s, 5m or 1h30m' });

const URL_PATTERN = 'https?://[^\\s@,?#]+';

/** Where AlertManager's own API is and what it is asked for: `sources.alertmanager`, besides who may send. */
export const AlertmanagerSettings = Type.Object({
  url: Type.Optional(
    Type.Unsafe<string | string[]>({
      type: ['string', 'array'],
      pattern: `^${URL_PATTERN}(\\s*,\\s*${URL_PATTERN})*$`,
      items: { type: 'string', pattern: `^${URL_PATTERN}$`, examples: ['http://alertmanager-0.monitoring:9093'] },
      minItems: 1,
      maxItems: 16,
      expected: 'the address of AlertManager, http:// or https://, without credentials; or a list of them',
      examples: ['http://alertmanager.monitoring:9093'],
      description: 'where its API is; several: every AlertManager that sends here (HA peers). What it fires is compared with what was received, at the start and again and again',
    }),
  ),
  token: secret('bearer token that its API wants (tokens: what it shows to us)'),
  credentialsFile: text('file with that token, or with the password of username; read again at every request', '/var/run/secrets/alertmanager/token'),
  username: text('user of its API (basic authentication)', 'kubernaut'),
  password: secret('password of that user'),
  receiver: text('only alerts that are routed to this receiver are taken by comparing; default: any', 'kubernaut'),
  reconcileEvery: duration('how often both are compared', '5m'),
  resolveGone: Type.Boolean({ default: true, examples: [false], description: 'what fires here and no longer there is resolved; switch it off when other AlertManagers that cannot be asked send here too' }),
  warmUp: duration('so long after its start an AlertManager is not believed about what is over', '5m'),
});
export type AlertmanagerSettings = Static<typeof AlertmanagerSettings>;
