import { describe, expect, it } from '@jest/globals';
import { defaultPayloadConverter, type Payload } from '@temporalio/common';
import { encryptionOf } from './encryption.js';

const keyOf = (id: string, byte: number): string => `${id}:${Buffer.alloc(32, byte).toString('base64')}`;
const [old, fresh] = [keyOf('2026-05', 1), keyOf('2026-11', 2)];
const value = { alert: 'KubePodCrashLooping', text: 'ünïcode 🚀', list: [1, null, true] };
const payload = (): Payload => defaultPayloadConverter.toPayload(value)!;
const read = (p: Payload): unknown => defaultPayloadConverter.fromPayload(p);
const rejection = (code: string, message: RegExp) => expect.objectContaining({ code, message: expect.stringMatching(message) });

describe('payloads', () => {
  it('come back as they were, and nothing of them can be read meanwhile', async () => {
    const codec = encryptionOf([fresh])!;
    const [sealed] = await codec.encode([payload()]);
    const visible = [...Object.values(sealed!.metadata!), sealed!.data!].map((b) => Buffer.from(b).toString('latin1')).join();
    expect(visible).not.toMatch(/KubePodCrashLooping|json\/plain/);
    expect(visible).toContain('2026-11');
    expect((await codec.decode([sealed!])).map(read)).toEqual([value]);
  });

  it('are never the same twice', async () => {
    const codec = encryptionOf([fresh])!;
    const [a, b] = await codec.encode([payload(), payload()]);
    expect(Buffer.compare(Buffer.from(a!.data!), Buffer.from(b!.data!))).not.toBe(0);
  });

  it('are read with every key that is there, and written with the first', async () => {
    const [before] = await encryptionOf([old])!.encode([payload()]);
    const rotated = encryptionOf([fresh, old])!;
    expect((await rotated.decode([before!])).map(read)).toEqual([value]);
    const [after] = await rotated.encode([payload()]);
    await expect(encryptionOf([old])!.decode([after!])).rejects.toEqual(rejection('ConfigInvalid', /lacks the key "2026-11"/));
  });

  it('that are not encrypted are taken as they are: from the stock CLI, from before', async () => {
    expect((await encryptionOf([fresh])!.decode([payload()])).map(read)).toEqual([value]);
  });

  it.each([
    ['one bit of it', (b: Buffer) => (b[40]! ^= 1)],
    ['its tag', (b: Buffer) => (b[13]! ^= 1)],
    ['its start', (b: Buffer) => (b[0]! ^= 1)],
  ])('are refused when somebody changed %s', async (_what, change) => {
    const codec = encryptionOf([fresh])!;
    const [sealed] = await codec.encode([payload()]);
    const data = Buffer.from(sealed!.data!);
    change(data);
    await expect(codec.decode([{ ...sealed, data }])).rejects.toEqual(rejection('Internal', /cannot be decrypted/));
  });

  it('that were cut are refused', async () => {
    const codec = encryptionOf([fresh])!;
    const [sealed] = await codec.encode([payload()]);
    for (const length of [0, 5, 20]) await expect(codec.decode([{ ...sealed, data: sealed!.data!.subarray(0, length) }])).rejects.toEqual(rejection('Internal', /cannot be decrypted/));
  });
});

describe('keys', () => {
  it('are none when none is configured', () => expect(encryptionOf([])).toBeUndefined());

  it.each([['without an id', Buffer.alloc(32).toString('base64')], ['too short', `a:${Buffer.alloc(16).toString('base64')}`], ['of an odd id', `a b:${Buffer.alloc(32).toString('base64')}`], ['not in base64', 'a:§§§']])('%s are refused, and not quoted', (_what, text) => {
    expect(() => encryptionOf([text])).toThrow(/temporal\.encryptionKeys/);
    expect(() => encryptionOf([text])).not.toThrow(text);
  });
});
