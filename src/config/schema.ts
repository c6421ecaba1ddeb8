import { Type, type Static } from '@sinclair/typebox';
import { channels } from '../channels/index.js';
import { sourcesSchema } from '../sources/access-schema.js';
import { sources } from '../sources/index.js';
import { count, duration, flag, list, oneOf, port, section, secret, text } from './fields.js';
import { investigationSection, prometheusSection } from './investigation.js';
import { JwtSchema } from './jwt-schema.js';
import { LlmSchema } from './llm-schema.js';
import { PolicySchema } from './policy-schema.js';

const Tls = Type.Object(
  {
    certFile: text('PEM certificate chain', '/etc/kubernaut/tls/tls.crt'),
    keyFile: text('PEM private key', '/etc/kubernaut/tls/tls.key'),
    clientCaFile: Type.Optional(text('PEM bundle; when set, clients must show a certificate it signed', '/etc/kubernaut/tls/ca.crt')),
  },
  { additionalProperties: false, description: 'serve HTTPS (TLS 1.3)' },
);

const gateway = section('The HTTP surface.', {
  host: text('address to listen on', '0.0.0.0', { default: '127.0.0.1' }),
  port: port('port of the webhook and the API', 8080),
  healthPort: Type.Optional(port('a port of its own for /health and /ready')),
  metricsPort: Type.Optional(port('a port of its own for /metrics; a worker process serves its metrics only there')),
  publicUrl: Type.Optional(text('how others reach this gateway; for links and printed snippets', 'https://kubernaut.example.com')),
  tokens: list(secret('a bearer token'), 'bearer tokens that are accepted; several for rotation', [], ['(a secret)']),
  linkKeys: list(secret('a secret of 32 characters or more'), 'sign the links in notifications that approve or reject without a token; several for rotation; default: derived from tokens. Links need publicUrl, too', [], ['(a secret)']),
  allowInsecure: flag('start without a token; only on a loopback address', false),
  clusters: list(text('a cluster', 'prod-eu'), 'clusters besides our own that a "cluster" label may name', [], ['prod-eu']),
  namespaces: list(text('a namespace', 'shop'), 'when not empty: signals about other namespaces are refused', [], ['shop']),
  rateLimit: section('Per authenticated source, then per address.', {
    requests: count('requests in one window', 1000),
    window: duration('length of the window', '60s'),
  }),
  answerWithin: duration('under a burst a sender is answered after this time, when its signals are safe in the inbox, though not handed over yet', '750ms'),
  maxConcurrent: count('signals handed to Temporal at the same time: its server writes many together for little more than one', 600, 1, 10_000),
  trustedProxies: list(text('an address or CIDR', '10.0.0.0/8'), 'exact proxies whose X-Forwarded-For is believed', [], ['10.0.0.0/8']),
  tls: Type.Optional(Tls),
  jwt: Type.Optional(JwtSchema),
});

const temporal = section('Without an address, `up` starts its own.', {
  address: Type.Optional(text('host:port', 'temporal.example.com:7233')),
  namespace: text('Temporal namespace', 'default', { default: 'default' }),
  apiKey: Type.Optional(secret('API key (Temporal Cloud)')),
  encryptionKeys: list(secret('<id>:<32 bytes in base64>'), 'encrypt what Temporal keeps of us (AES-256-GCM): the first key encrypts, all decrypt; search attributes stay readable', [], ['(a secret)']),
  uiUrl: Type.Optional(text('Web UI, for links', 'https://temporal.example.com')),
  tls: section('TLS to Temporal.', {
    enabled: Type.Optional(Type.Boolean({ description: 'default: on with an API key or a certificate', examples: [true] })),
    clientCertPath: Type.Optional(text('PEM client certificate', '/etc/temporal/tls.crt')),
    clientKeyPath: Type.Optional(text('PEM client key', '/etc/temporal/tls.key')),
    serverCaCertPath: Type.Optional(text('PEM bundle of the server', '/etc/temporal/ca.crt')),
    serverName: Type.Optional(text('name in the server certificate', 'temporal.example.com')),
  }),
});

const kubernetes = section('Without a context, `up` starts a sandbox; no other cluster is ever touched.', {
  kubeconfig: Type.Optional(text('path of a kubeconfig', '~/.kube/config')),
  context: Type.Optional(text('context in the kubeconfig', 'prod')),
  cluster: Type.Optional(text('the name of this cluster in ids and labels; default: the context', 'prod', { pattern: '^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$', expected: 'letters, digits, dots, dashes' })),
  namespace: Type.Optional(text('watch only this namespace', 'shop')),
  executor: section('As whom writes are sent. Without any of these: as who reads. Give it a service account of its own.', {
    kubeconfig: Type.Optional(text('path of a kubeconfig', '/etc/kubernaut/executor.kubeconfig')),
    context: Type.Optional(text('context in that kubeconfig, or in the one above', 'prod-executor')),
    tokenFile: Type.Optional(text('a file with its token, for the same cluster', '/var/run/secrets/kubernaut-executor/token')),
  }),
});

const database = section('PostgreSQL with pgvector. Without url and host, `up` uses an embedded one.', {
  url: Type.Optional(secret('postgresql://user:password@host:5432/name')),
  host: Type.Optional(text('host', 'db.example.com')),
  port: port('port', 5432),
  name: text('database', 'kubernaut', { default: 'kubernaut' }),
  user: Type.Optional(text('user', 'kubernaut')),
  password: Type.Optional(secret('password')),
  tls: flag('connect with TLS', false),
  maxConnections: count('connections per process', 10, 1, 1000),
});

const databases = section('Operators of databases inside the cluster that Kubernetes has no objects for.', {
  patroni: section("Patroni's REST API, plain HTTP at the address of a member's pod.", {
    port: port('port of the REST API', 8008),
    username: Type.Optional(text('user of restapi.authentication', 'kubernaut')),
    password: Type.Optional(secret('its password')),
  }),
});

const embeddings = section('Vectors for similar incidents. Without an endpoint they are made locally.', {
  endpoint: Type.Optional(text('base URL', 'http://localhost:11434/v1')),
  model: Type.Optional(text('model name', 'nomic-embed-text')),
  apiKey: Type.Optional(secret('API key')),
  dimensions: count('numbers of a vector; the model must be able to make so many', 384, 8, 4096),
  timeout: duration('one vector', '10s'),
});

const vectors = section('Where similar incidents are looked for. What they teach is always kept in our database.', {
  backend: oneOf(['pgvector', 'pinecone', 'weaviate', 'redis'], 'pgvector: our own database', 'pgvector'),
  url: Type.Optional(secret('address of the server, for pinecone of one index: https://…, for redis: rediss://…')),
  username: Type.Optional(text('user of redis', 'kubernaut')),
  apiKey: Type.Optional(secret('API key; for redis the password')),
  collection: text('namespace (pinecone), class (weaviate), index and key prefix (redis); one per installation', 'kubernaut', { default: 'kubernaut', pattern: '^[A-Za-z][A-Za-z0-9_-]{0,62}$', expected: 'letters, digits, dashes' }),
  timeout: duration('one request', '3s'),
});

const channelConfigs = Type.Unsafe<Record<string, Record<string, unknown>>>(
  Type.Partial(Type.Object(Object.fromEntries(channels.members.map((c) => [c.id, c.config]))), {
    additionalProperties: false, default: { log: {} }, description: 'Who is told, by channel id.', examples: [{ log: {} }],
  }),
);

const sourceConfigs = Type.Unsafe<Record<string, Record<string, unknown>>>(sourcesSchema(sources.members));

/** The whole configuration. Key `a.bC` is `a: { bC: … }` in the file and `KUBERNAUT_A_B_C` in the environment. */
export const ConfigSchema = Type.Object(
  {
    gateway,
    sources: sourceConfigs,
    temporal,
    kubernetes,
    database,
    databases,
    llm: LlmSchema,
    investigation: investigationSection,
    prometheus: prometheusSection,
    embeddings,
    vectors,
    policy: PolicySchema,
    filters: section('Which signals are looked at.', { path: Type.Optional(text('filters.yaml', '/etc/kubernaut/filters.yaml')) }),
    templates: section('Arrangements of actions beside the shipped ones.', { path: Type.Optional(text('folder of template files', '/etc/kubernaut/templates')) }),
    effectiveness: section('When the effect of an action is judged.', {
      horizons: list(duration('a horizon', '30s'), 'after the action took hold, ascending', ['30s', '2m', '30m']),
    }),
    channels: channelConfigs,
    actions: section('How actions run.', {
      timeout: duration('one action unless it says otherwise', '5m'),
      cap: duration('the most any action may take, whatever it says', '2h'),
      maxConcurrent: count('writing actions under way at the same time per cluster', 10, 1, 10_000),
      maxConcurrentPerNamespace: count('the same per namespace', 2, 1, 10_000),
    }),
    circuitBreaker: section('For calls to the model: while it is open the rules decide alone.', {
      threshold: count('failures in a row until it opens', 5, 1, 1000),
      timeout: duration('how long it stays open before one call is tried', '60s'),
      successes: count('successes until it closes', 3, 1, 1000),
    }),
    log: section('Logs.', {
      level: oneOf(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'], 'least level that is written', 'info'),
      format: oneOf(['json', 'text'], 'for machines or people', 'json'),
    }),
    processing: section('One signal through the platform.', {
      maxConcurrent: count('remediations worked on at the same time per process', 100, 1, 100_000),
      timeout: duration('the longest a caller waits for a decision', '300s'),
    }),
    correlation: section('What probably is one trouble is one remediation.', {
      window: duration('how new the remediation of a probable root may be for others to be its symptoms; 0s: nothing is grouped', '15m'),
      patience: duration('how long a symptom waits for the remediation of its root before it goes its own way', '10m'),
      flapping: section('An alert that comes and goes is looked at when it stays.', {
        starts: count('so many other starts of it within the time make it one', 5),
        within: duration('the time', '1h'),
        hold: duration('so long it must fire then; 0s: nothing is held', '5m'),
      }),
      decay: duration('so long after a remediation helped, the same alerts of its target are held back: rules over a range of time fire on for a while', '5m'),
    }),
    dataDir: text('where `up` keeps its servers, database and run.json', '.kubernaut', { default: '.kubernaut' }),
    dryRun: flag('plan and record, write nothing', false),
  },
  { $id: 'kubernaut.yaml', title: 'Kubernaut configuration', additionalProperties: false },
);
export type Config = Static<typeof ConfigSchema>;
