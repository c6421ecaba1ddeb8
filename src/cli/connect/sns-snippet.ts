import type { Installation } from './installation.js';

/** SNS gives up after three tries within a minute; this goes on for most of the hour that it allows. */
const DELIVERY = JSON.stringify({ healthyRetryPolicy: { minDelayTarget: 20, maxDelayTarget: 300, numRetries: 14, numNoDelayRetries: 0, backoffFunction: 'exponential' } });

/** CloudWatch alarms through an SNS topic: messages are signed by Amazon, so that the topic is all there is to name. */
export const snsSnippet = ({ url }: Pick<Installation, 'url'>, topic = 'arn:aws:sns:eu-west-1:123456789012:kubernaut-alarms'): string => `# 1. kubernaut.yaml; the gateway must reach sns.<region>.amazonaws.com on port 443
sources:
  cloudwatch:
    topics: [${JSON.stringify(topic)}]
    severity: high

# 2. signatures with SHA-256, the subscription (the gateway confirms it by itself), and more patience than three tries
aws sns set-topic-attributes --topic-arn ${topic} --attribute-name SignatureVersion --attribute-value 2
aws sns subscribe --topic-arn ${topic} --protocol https --notification-endpoint ${url}/api/v1/signals/cloudwatch \\
  --attributes '${JSON.stringify({ DeliveryPolicy: DELIVERY })}'

# 3. let alarms notify the topic for ALARM and for OK:
#    aws cloudwatch put-metric-alarm … --alarm-actions ${topic} --ok-actions ${topic}
#    A dead-letter queue on the subscription keeps what could not be delivered for an hour.`;
