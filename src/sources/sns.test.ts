import { describe, expect, it } from '@jest/globals';
import { NOW, recorded, signedAgain, SNS_CERTIFICATE, SNS_TOPIC } from '../../test/support/sources.js';
import { certificateUrlOf, confirmationUrlOf, readSnsMessage, requireTopic, stringToSign, verifySnsMessage } from './sns.js';

const alarm = recorded('cloudwatch', 'alarm-v1');
const subscription = recorded('cloudwatch', 'control/subscription');
const nowMs = Date.parse(NOW);

describe('where the certificate of SNS may be', () => {
  it.each([
    'https://sns.us-east-1.amazonaws.com/SimpleNotificationService-x.pem',
    'https://sns.us-gov-west-1.amazonaws.com/SimpleNotificationService-x.pem',
    'https://sns.ap-southeast-3.amazonaws.com/a/b.pem',
    'https://SNS.EU-WEST-1.amazonaws.com/x.pem',
    'https://sns.cn-north-1.amazonaws.com.cn/x.pem',
  ])('%s', (SigningCertURL) => {
    expect(certificateUrlOf({ ...alarm, SigningCertURL })).toBe(new URL(SigningCertURL).href);
  });

  it.each([
    'http://sns.us-east-1.amazonaws.com/x.pem',
    'https://sns.s3.amazonaws.com/x.pem',
    'https://sns.s3-us-west-2.amazonaws.com/x.pem',
    'https://sns.us-east-1.s3.amazonaws.com/x.pem',
    'https://sns.us-east-1.amazonaws.com.evil.example/x.pem',
    'https://evil.example/sns.us-east-1.amazonaws.com/x.pem',
    'https://evilsns.us-east-1.amazonaws.com/x.pem',
    'https://sns.us-east-1.amazonaws.com@evil.example/x.pem',
    'https://user:pass@sns.us-east-1.amazonaws.com/x.pem',
    'https://sns.us-east-1.amazonaws.com:8443/x.pem',
    'https://sns.us-east-1.amazonaws.com./x.pem',
    'https://sns.us-east-1.amazonaws.com/x.pem?next=http://169.254.169.254/',
    'https://sns.us-east-1.amazonaws.com/x.pem#y',
    'https://sns.us-east-1.amazonaws.com/x.pem/../y',
    'https://sns.us-east-1.amazonaws.com/x.pem%00.txt',
    'https://sns.us-east-1.amazonaws.com.cn/x.pem',
    'https://sns.cn-north-1.amazonaws.com/x.pem',
    'https://sns.amazonaws.com/x.pem',
    'https://169.254.169.254/x.pem',
    'https://[::ffff:169.254.169.254]/x.pem',
    'https://sns.us-east-1.amazonaws.com\\@evil.example/x.pem',
    'file:///etc/passwd.pem',
    'data:text/plain,x.pem',
    'x.pem',
    '',
  ])('never %s', (SigningCertURL) => {
    expect(() => certificateUrlOf({ ...alarm, SigningCertURL })).toThrow(expect.objectContaining({ code: 'Unauthorized' }));
  });
});

describe('what confirms a subscription', () => {
  it('is the URL of the message, for its own topic', () => {
    expect(confirmationUrlOf(subscription)).toContain('Action=ConfirmSubscription');
    expect(confirmationUrlOf(alarm)).toBeUndefined();
    expect(confirmationUrlOf(recorded('cloudwatch', 'control/unsubscribed'))).toBeUndefined();
  });

  it.each([
    'https://sns.eu-west-1.amazonaws.com/?Action=ConfirmSubscription&TopicArn=arn:aws:sns:eu-west-1:123456789012:other&Token=x',
    `https://sns.eu-west-1.amazonaws.com/?Action=Publish&TopicArn=${SNS_TOPIC}&Message=x`,
    `https://evil.example/?Action=ConfirmSubscription&TopicArn=${SNS_TOPIC}`,
    `https://10.0.0.1/?Action=ConfirmSubscription&TopicArn=${SNS_TOPIC}`,
    undefined,
  ])('is never %s', (SubscribeURL) => {
    expect(() => confirmationUrlOf({ ...subscription, SubscribeURL })).toThrow(expect.objectContaining({ code: 'Unauthorized' }));
  });
});

describe('a message of SNS', () => {
  it('is signed member by member in a fixed order, the subject only where there is one', () => {
    const message = { Type: 'Notification', Message: 'm', MessageId: 'i', Timestamp: 't', TopicArn: 'a' } as any;
    expect(stringToSign(message)).toBe('Message\nm\nMessageId\ni\nTimestamp\nt\nTopicArn\na\nType\nNotification\n');
    expect(stringToSign({ ...message, Subject: 's' })).toContain('MessageId\ni\nSubject\ns\nTimestamp');
    expect(stringToSign({ ...message, Subject: null })).not.toContain('Subject');
    expect(stringToSign({ ...message, Type: 'SubscriptionConfirmation', SubscribeURL: 'u', Token: 'k', Subject: 's' })).toBe('Message\nm\nMessageId\ni\nSubscribeURL\nu\nTimestamp\nt\nToken\nk\nTopicArn\na\nType\nSubscriptionConfirmation\n');
  });

  it.each(['alarm-v1', 'ok-v2', 'expression-v2', 'control/subscription', 'control/unsubscribed', 'control/insufficient-data'])('%s carries a signature that fits', (file) => {
    expect(() => verifySnsMessage(recorded('cloudwatch', file), SNS_CERTIFICATE, nowMs)).not.toThrow();
  });

  it('may be an hour late, for so long SNS tries, and no more', () => {
    const at = (Timestamp: string) => () => verifySnsMessage(signedAgain(alarm, { Timestamp }) as never, SNS_CERTIFICATE, nowMs);
    expect(at('2026-03-01T01:32:00.000Z')).not.toThrow();
    expect(at('2026-03-01T01:20:00.000Z')).toThrow('older than an hour');
    expect(at('2026-03-01T02:40:00.000Z')).toThrow('from the future');
    expect(at('whenever')).toThrow(expect.objectContaining({ code: 'Unauthorized' }));
  });

  it('needs a certificate that is in force', () => {
    expect(() => verifySnsMessage(alarm, SNS_CERTIFICATE, Date.parse('2024-03-01T00:00:00Z'))).toThrow('not in force');
  });

  it('is refused by its bytes: no JSON, no UTF-8, no message, no signature', () => {
    const read = (text: string | Buffer) => () => readSnsMessage(Buffer.from(text as string));
    expect(read('')).toThrow(expect.objectContaining({ code: 'BadRequest' }));
    expect(read('{')).toThrow(expect.objectContaining({ code: 'BadRequest' }));
    expect(read(Buffer.from([0x7b, 0xff, 0x7d]))).toThrow(expect.objectContaining({ code: 'BadRequest' }));
    expect(read(alarm.Message)).toThrow('raw message delivery');
    expect(read(JSON.stringify({ ...alarm, Type: 'Other' }))).toThrow(expect.objectContaining({ code: 'InvalidParams' }));
  });

  it('is taken from topics that were named, and from no other', () => {
    expect(() => requireTopic(alarm, [SNS_TOPIC])).not.toThrow();
    for (const topics of [[], [`${SNS_TOPIC}2`], [SNS_TOPIC.slice(0, -1)], [SNS_TOPIC.toUpperCase()]]) expect(() => requireTopic(alarm, topics)).toThrow(expect.objectContaining({ code: 'NotAllowed' }));
  });
});
