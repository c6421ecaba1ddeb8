/** What a sender does after an answer: it has delivered; it repeats this delivery; it brings the alert again with a later one; it drops it. */
export type Next = 'done' | 'repeats' | 'brings it again' | 'gives up';

/** An HTTP status, or `none` when the connection was refused, cut or timed out. */
export type Status = number | 'none';

export interface Sender {
  id: string;
  /** As the guide names it. */
  name: string;
  after(status: Status): Next;
  /** How often and for how long. */
  pace: string;
  /** Where the rule is from. */
  rule: string;
}

const isDone = (status: Status): boolean => status !== 'none' && status >= 200 && status < 300;
const isServers = (status: Status): boolean => status === 'none' || status >= 500;

/** Senders as they are; a change of theirs is a change here. */
export const SENDERS: readonly Sender[] = [
  {
    id: 'alertmanager',
    name: 'AlertManager',
    after: (status) => (isDone(status) ? 'done' : isServers(status) ? 'repeats' : 'brings it again'),
    pace: 'with growing pauses until the next flush (`group_interval`); what was not delivered is in that flush again',
    rule: 'prometheus/alertmanager notify/webhook/webhook.go and notify/util.go (Retrier: 2xx done, 5xx recoverable), notify/notify.go (the notification log is written after success alone)',
  },
  {
    id: 'grafana',
    name: 'Grafana',
    after: (status) => (isDone(status) ? 'done' : 'brings it again'),
    pace: 'with the next flush of the group (`group_interval`); nothing is repeated before',
    rule: 'grafana/alerting receivers/webhook (Notify says "do not retry" after every failure) over AlertManager\'s pipeline and notification log',
  },
  {
    id: 'cloudwatch',
    name: 'Amazon SNS',
    after: (status) => (isDone(status) ? 'done' : isServers(status) || status === 429 ? 'repeats' : 'gives up'),
    pace: 'three times, 20 s apart, unless the subscription says more (an hour at most); then its dead-letter queue, if it has one',
    rule: 'docs.aws.amazon.com/sns/latest/dg/sns-message-delivery-retries.html (retries on server-side errors); field-notes.md 2 for 429',
  },
  {
    id: 'cloudevents',
    name: 'Brokers, monitors, scripts',
    after: (status) => (isDone(status) ? 'done' : isServers(status) || status === 429 ? 'repeats' : 'gives up'),
    pace: 'as they are configured; honour `Retry-After`',
    rule: 'CloudEvents 1.0 HTTP webhook specification, 2.2 (429 with Retry-After); usual for HTTP clients: 5xx and 429 again, other 4xx final',
  },
];
