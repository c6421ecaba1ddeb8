import { Type } from '@sinclair/typebox';
import { SnsMessage } from '../contracts/sns.js';
import { SEVERITIES, type Severity } from '../domain/signal.js';
import { CONTAINER_INSIGHTS, signalOfAlarm } from './alarm-signal.js';
import { defineSource, type ParsedSignals } from './define.js';
import { KNOWN_KINDS } from './kubernetes-hints.js';
import { certificateUrlOf, confirmationUrlOf, readSnsMessage, requireTopic, verifySnsMessage } from './sns.js';

const oneOf = <T extends string>(values: readonly T[], standard: NoInfer<T>, description: string) =>
  Type.Unsafe<T>({ type: 'string', enum: [...values], default: standard, examples: [values.find((v) => v !== standard)], description });

const Rule = Type.Object(
  {
    kind: Type.Unsafe<string>({ type: 'string', enum: [...KNOWN_KINDS], description: 'kind of the object', examples: ['Deployment'] }),
    name: Type.String({ minLength: 1, description: 'dimension that holds its name', examples: ['PodName'] }),
    namespace: Type.Optional(Type.String({ minLength: 1, description: 'dimension that holds its namespace', examples: ['Namespace'] })),
  },
  { additionalProperties: false, examples: [CONTAINER_INSIGHTS[0]] },
);

/**
 * The sender is known by Amazon's signature and by its topic, which somebody must have named here: the certificate is read,
 * and a subscription confirmed, only for these.
 */
export const cloudwatch = defineSource({
  id: 'cloudwatch',
  summary: 'CloudWatch alarms through Amazon SNS, HTTPS subscription.',
  body: SnsMessage,
  contentTypes: ['text/plain', 'application/json'],
  // A message has at most 256 KiB, escaped once more.
  maxBytes: 1024 * 1024,
  credentials: [],
  guard: 'topics',
  settings: Type.Object({
    topics: Type.Array(Type.String({ pattern: '^arn:aws[a-z-]*:sns:[a-z0-9-]+:\\d{12}:[A-Za-z0-9_.-]{1,256}$', examples: ['arn:aws:sns:eu-west-1:123456789012:alarms'] }), {
      default: [], examples: [['arn:aws:sns:eu-west-1:123456789012:alarms']], description: 'topics that may send; a subscription of one of them is confirmed by itself',
    }),
    insufficientData: oneOf(['ignore', 'firing', 'resolved'] as const, 'ignore', 'what the state INSUFFICIENT_DATA means'),
    severity: oneOf<Severity>(SEVERITIES, 'warning', 'alarms have none'),
    dimensions: Type.Array(Rule, {
      default: [...CONTAINER_INSIGHTS], examples: [[{ kind: 'Deployment', name: 'AppName', namespace: 'Namespace' }]],
      description: 'which dimension names which object, most specific first; default: those of Container Insights',
    }),
    clusterDimension: Type.String({ minLength: 1, default: 'ClusterName', examples: ['ClusterName'], description: 'dimension that names the cluster' }),
    clusterNames: Type.Record(Type.String(), Type.String({ minLength: 1 }), { default: {}, examples: [{ 'eks-prod-eu': 'prod-eu' }], description: 'what that dimension says → the name of the cluster here' }),
  }),

  evidenceUrl(raw, { settings }) {
    const message = readSnsMessage(raw);
    requireTopic(message, settings.topics);
    return certificateUrlOf(message);
  },

  verify(raw, _headers, { settings, evidence = '', nowMs }) {
    const message = readSnsMessage(raw);
    requireTopic(message, settings.topics);
    certificateUrlOf(message);
    verifySnsMessage(message, evidence, nowMs);
    return { deliveryId: message.MessageId };
  },

  acknowledgeUrl: confirmationUrlOf,

  toSignals(message, context) {
    const parsed: ParsedSignals = { signals: [], rejected: [], truncated: 0 };
    // Confirmations carry no signal. One that was unsubscribed stays so: somebody wanted it.
    if (message.Type !== 'Notification') return parsed;
    const read = signalOfAlarm(message.Message, message.Timestamp, context);
    if ('reason' in read) parsed.rejected.push(read);
    else if (read.ignored !== undefined) parsed.ignored = [{ signal: read.signal, reason: read.ignored }];
    else parsed.signals.push(read.signal);
    return parsed;
  },
});
