import { createVerify, X509Certificate } from 'node:crypto';
import { TypeCompiler } from '@sinclair/typebox/compiler';
import { SnsMessage } from '../contracts/sns.js';
import { KubernautError } from '../domain/errors.js';
import { nestsDeeperThan } from './nesting.js';

const messageSchema = TypeCompiler.Compile(SnsMessage);

/** SNS gives up on a delivery after an hour; what is older was kept by somebody. */
const MAX_AGE_MS = 65 * 60_000;
const MAX_SKEW_MS = 5 * 60_000;
/** Strangers are read before their signature is. A message is flat. */
const MAX_DEPTH = 4;

/**
 * A region as AWS writes them, no other word: `sns.s3.amazonaws.com` would be a bucket called "sns", and anybody can own one
 * and put a certificate into it.
 */
const HOST = /^sns\.([a-z]{2}(?:-gov)?-[a-z]{4,12}-\d{1,2})\.amazonaws\.com(\.cn)?$/;

/** The message as it was signed: unlike everywhere else, no character of it is replaced. Throws `BadRequest`, `Unauthorized`. */
export function readSnsMessage(raw: Buffer): SnsMessage {
  const message = parsed(raw);
  if (messageSchema.Check(message)) return message;
  const isUnsigned = typeof message !== 'object' || message === null || !('Signature' in message);
  if (isUnsigned) throw refused('this is no signed message of Amazon SNS; subscribe without raw message delivery, which has no signature');
  const first = messageSchema.Errors(message).First();
  throw new KubernautError('InvalidParams', `the body is no message of Amazon SNS: ${first?.path || 'body'}: ${first?.message ?? 'is wrong'}`);
}

function parsed(raw: Buffer): unknown {
  if (raw.length === 0) throw new KubernautError('BadRequest', 'the body is empty; send JSON');
  if (nestsDeeperThan(MAX_DEPTH, raw)) throw new KubernautError('BadRequest', 'the body is nested deeper than a message of Amazon SNS');
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(raw));
  } catch (error) {
    throw new KubernautError('BadRequest', 'the body is not JSON in UTF-8', error);
  }
}

/** Throws `NotAllowed` unless the topic is one of those that were named. */
export function requireTopic({ TopicArn }: SnsMessage, topics: readonly string[]): void {
  if (topics.includes(TopicArn)) return;
  throw new KubernautError('NotAllowed', `topic ${TopicArn.slice(0, 300)} may not send here; add it to sources.cloudwatch.topics`);
}

/** Where the certificate is. Throws `Unauthorized` for any place that is not an SNS host over HTTPS. */
export function certificateUrlOf({ SigningCertURL }: SnsMessage): string {
  const url = snsUrl(SigningCertURL);
  if (url === undefined || !url.pathname.endsWith('.pem') || url.search !== '') throw refused('its SigningCertURL is not a certificate on a host of Amazon SNS');
  return url.href;
}

/** Where a subscription is confirmed; undefined for other messages. Throws `Unauthorized` when that would confirm something else. */
export function confirmationUrlOf(message: SnsMessage): string | undefined {
  if (message.Type !== 'SubscriptionConfirmation') return undefined;
  const url = snsUrl(message.SubscribeURL ?? '');
  const isItsOwn = url?.searchParams.get('Action') === 'ConfirmSubscription' && url.searchParams.get('TopicArn') === message.TopicArn;
  if (!isItsOwn) throw refused('its SubscribeURL does not confirm this topic on a host of Amazon SNS');
  return url!.href;
}

function snsUrl(text: string): URL | undefined {
  // What URL parsers read differently (a backslash, white space) no host of Amazon writes.
  if (!/^[\x21-\x5b\x5d-\x7e]+$/.test(text) || !URL.canParse(text)) return undefined;
  const url = new URL(text);
  const host = HOST.exec(url.hostname);
  if (url.protocol !== 'https:' || url.port !== '' || url.username !== '' || url.password !== '' || url.hash !== '' || !host) return undefined;
  const isChina = host[1]!.startsWith('cn-');
  return isChina === (host[2] !== undefined) ? url : undefined;
}

/** What was signed: these members in this order, name and value on lines of their own; an absent subject is left out. */
export function stringToSign(message: SnsMessage): string {
  const names = message.Type === 'Notification' ? (['Message', 'MessageId', 'Subject', 'Timestamp', 'TopicArn', 'Type'] as const) : (['Message', 'MessageId', 'SubscribeURL', 'Timestamp', 'Token', 'TopicArn', 'Type'] as const);
  return names.flatMap((name) => (typeof message[name] === 'string' ? [`${name}\n${message[name]}\n`] : [])).join('');
}

const ALGORITHMS: Readonly<Record<string, string>> = { '1': 'RSA-SHA1', '2': 'RSA-SHA256' };

/** Throws `Unauthorized` unless this certificate is in force and its key signed this message about now. */
export function verifySnsMessage(message: SnsMessage, certificate: string, nowMs: number): void {
  const algorithm = Object.hasOwn(ALGORITHMS, message.SignatureVersion) ? ALGORITHMS[message.SignatureVersion] : undefined;
  if (algorithm === undefined) throw refused(`its SignatureVersion ${message.SignatureVersion.slice(0, 20)} is not known; 1 and 2 are`);
  const x509 = readCertificate(certificate);
  if (nowMs < Date.parse(x509.validFrom) || nowMs > Date.parse(x509.validTo)) throw refused('its certificate is not in force today; compare the clock');
  if (!isSignedBy(message, algorithm, x509)) throw refused('its signature does not fit; check that nothing in between changes the body');
  const ageMs = nowMs - Date.parse(message.Timestamp);
  if (!(ageMs < MAX_AGE_MS && ageMs > -MAX_SKEW_MS)) throw refused('it is older than an hour, which SNS never sends, or from the future; compare the clock');
}

function isSignedBy(message: SnsMessage, algorithm: string, { publicKey }: X509Certificate): boolean {
  try {
    return createVerify(algorithm).update(stringToSign(message), 'utf8').verify(publicKey, message.Signature, 'base64');
  } catch {
    // OpenSSL throws for keys and signatures that cannot belong together at all: no signature either.
    return false;
  }
}

function readCertificate(pem: string): X509Certificate {
  try {
    return new X509Certificate(pem);
  } catch (error) {
    throw new KubernautError('Unauthorized', 'the message cannot be trusted: there is no certificate behind its SigningCertURL', error);
  }
}

const refused = (why: string): KubernautError => new KubernautError('Unauthorized', `the message cannot be trusted: ${why}`);
