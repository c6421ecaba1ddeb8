import { readdirSync } from 'node:fs';
import type { TSchema } from '@sinclair/typebox';
import { Value } from '@sinclair/typebox/value';
import { expect, it } from '@jest/globals';
import type { Access, Headers, SourceDefinition } from '../../../src/sources/define.js';

type AnyAccess = Access<Record<string, unknown>>;

/** A request as it comes, and against what it is judged. */
export interface Attempt {
  raw: Buffer;
  headers: Headers;
  access: Partial<AnyAccess>;
}

export interface SourceUnderTest {
  source: SourceDefinition<string, TSchema>;
  /** Recorded bodies with signals in them, at least one. */
  bodies: readonly unknown[];
  /** Where the file of its name is. */
  folder: string;
  /** As the configuration has them; default: none. */
  settings?: Record<string, unknown>;
  /** Its name, for a source that is configured under names. */
  name?: string;
  /** For senders that show something else than a bearer token or an HMAC of ours. */
  attempts?: { right: Attempt[]; wrong: Attempt[] };
}

const receivedAt = '2026-03-01T02:31:00.000Z';
const nowMs = Date.parse(receivedAt);

/** What holds for every source. Call it inside a `describe`. */
export function itKeepsTheContractOfSources({ source, bodies, folder, settings = {}, name, attempts }: SourceUnderTest): void {
  const { id } = source;
  const context = { cluster: 'prod', receivedAt, settings, name };
  const access = (more: Partial<AnyAccess>): AnyAccess => ({ tokens: [], settings, nowMs, ...more });

  it('has an id that is its file name, a summary and a content type', () => {
    expect(readdirSync(folder)).toContain(`${id.replaceAll('_', '-')}.ts`);
    expect(source.summary).toMatch(/.{10,}\.$/);
    expect(source.contentTypes.length).toBeGreaterThan(0);
  });

  it('reads every recorded body into signals that are complete, and twice the same', () => {
    expect(bodies.length).toBeGreaterThan(0);
    for (const body of bodies) {
      expect(Value.Check(source.body, body)).toBe(true);
      const { signals } = source.toSignals(body as never, context);
      expect(signals.length).toBeGreaterThan(0);
      expect(source.toSignals(structuredClone(body) as never, context).signals).toEqual(signals);
      for (const s of signals) {
        expect(s).toMatchObject({ source: id, cluster: expect.any(String), fingerprint: expect.stringMatching(/^[\w:.-]+$/), alert: expect.any(String) });
        expect(new Date(s.startsAt).toISOString()).toBe(s.startsAt);
        expect(s.receivedAt).toBe(receivedAt);
      }
    }
  });

  it('ignores keys it does not know', () => {
    const body = bodies.find((b) => !Array.isArray(b)) as object;
    expect(Value.Check(source.body, { ...body, brandNew: { nested: true } })).toBe(true);
  });

  if (attempts) {
    it('refuses what is not signed by whom it should be, and takes what is', () => {
      for (const { raw, headers, access: more } of attempts.wrong) expect(() => source.verify(raw, headers, access(more))).toThrow();
      for (const { raw, headers, access: more } of attempts.right) expect(() => source.verify(raw, headers, access(more))).not.toThrow();
    });
    return;
  }

  it('refuses missing, malformed and wrong credentials and takes each of several right ones', () => {
    const verify = (authorization?: string) => () => source.verify(Buffer.from('{}'), authorization ? { authorization } : {}, access({ tokens: ['old-key', 'new-key'] }));
    for (const wrong of [undefined, 'Bearer', 'Bearer wrong', 'Bearer old-ke', 'Bearer old-key2', 'Basic old-key', 'Bearer old-key new-key']) expect(verify(wrong)).toThrow();
    for (const right of ['Bearer old-key', 'Bearer new-key', 'bearer new-key']) expect(verify(right)).not.toThrow();
    expect(() => source.verify(Buffer.from('{}'), { authorization: 'Bearer ' }, access({ tokens: [''] }))).toThrow();
    expect(() => source.verify(Buffer.from('{}'), { authorization: 'Bearer x' }, access({}))).toThrow();
  });
}
