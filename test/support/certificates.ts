import { createPublicKey, generateKeyPairSync, randomBytes, sign, type KeyObject } from 'node:crypto';

/** X.509 certificates for tests, in plain DER: no tool that a machine may lack. */
export interface Issued {
  /** PEM */
  cert: string;
  key: string;
}

export interface Authority extends Issued {
  name: string;
  privateKey: KeyObject;
}

const der = (tag: number, ...parts: Buffer[]): Buffer => {
  const content = Buffer.concat(parts);
  if (content.length < 128) return Buffer.concat([Buffer.from([tag, content.length]), content]);
  const length = Buffer.from(content.length.toString(16).padStart(content.length > 255 ? 4 : 2, '0'), 'hex');
  return Buffer.concat([Buffer.from([tag, 0x80 | length.length]), length, content]);
};
const sequence = (...parts: Buffer[]): Buffer => der(0x30, ...parts);
const oid = (...arcs: number[]): Buffer => {
  const [first = 0, second = 0, ...rest] = arcs;
  const base128 = (n: number): number[] => (n < 128 ? [n] : [...base128(n >> 7).map((b) => b | 0x80), n & 0x7f]);
  return der(0x06, Buffer.from([first * 40 + second, ...rest.flatMap(base128)]));
};
const integer = (bytes: Buffer): Buffer => der(0x02, bytes);
const time = (at: Date): Buffer => der(0x18, Buffer.from(at.toISOString().replace(/[-:T]|\.\d+/g, '')));
const nameOf = (text: string): Buffer => sequence(der(0x31, sequence(oid(2, 5, 4, 3), der(0x0c, Buffer.from(text)))));
const ECDSA_SHA256 = sequence(oid(1, 2, 840, 10045, 4, 3, 2));
const IS_CA = sequence(oid(2, 5, 29, 19), der(0x01, Buffer.from([0xff])), der(0x04, sequence(der(0x01, Buffer.from([0xff])))));
const LOOPBACK = sequence(oid(2, 5, 29, 17), der(0x04, sequence(der(0x82, Buffer.from('localhost')), der(0x87, Buffer.from([127, 0, 0, 1])))));

interface Wanted {
  name: string;
  issuer: { name: string; privateKey: KeyObject };
  publicKey: KeyObject;
  extension: Buffer;
  from: Date;
  to: Date;
}

function certificate({ name, issuer, publicKey, extension, from, to }: Wanted): string {
  const serial = randomBytes(8);
  serial[0]! &= 0x7f;
  serial[0]! |= 0x01;
  const body = sequence(
    der(0xa0, integer(Buffer.from([2]))), integer(serial), ECDSA_SHA256, nameOf(issuer.name), sequence(time(from), time(to)), nameOf(name),
    publicKey.export({ type: 'spki', format: 'der' }), der(0xa3, sequence(extension)),
  );
  const whole = sequence(body, ECDSA_SHA256, der(0x03, Buffer.from([0]), sign('sha256', body, issuer.privateKey)));
  return `-----BEGIN CERTIFICATE-----\n${whole.toString('base64').match(/.{1,64}/g)!.join('\n')}\n-----END CERTIFICATE-----\n`;
}

const DAY_MS = 24 * 3600 * 1000;
const keys = () => generateKeyPairSync('ec', { namedCurve: 'P-256' });
const pem = (key: KeyObject): string => key.export({ type: 'pkcs8', format: 'pem' }).toString();

/** Somebody who signs. */
export function authority(name: string): Authority {
  const { privateKey, publicKey } = keys();
  const cert = certificate({ name, issuer: { name, privateKey }, publicKey, extension: IS_CA, from: new Date(Date.now() - 30 * DAY_MS), to: new Date(Date.now() + 30 * DAY_MS) });
  return { name, privateKey, cert, key: pem(privateKey) };
}

/** A certificate for 127.0.0.1 and localhost, good for servers and clients; by default in force today. Give it another name than its issuer. */
export function issuedBy(issuer: Authority, name: string, { fromDays = -1, toDays = 1 } = {}): Issued {
  const { privateKey } = keys();
  const at = (days: number): Date => new Date(Date.now() + days * DAY_MS);
  return { cert: certificate({ name, issuer, publicKey: createPublicKey(privateKey), extension: LOOPBACK, from: at(fromDays), to: at(toDays) }), key: pem(privateKey) };
}
