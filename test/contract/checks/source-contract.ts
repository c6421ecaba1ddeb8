import { readdirSync } from 'node:fs';
import type { TSchema } from '@sinclair/typebox';
import { Value } from '@sinclair/typebox/value';
import { expect, it } from '@jest/globals';
import type { SourceDefinition } from '../../../src/sources/define.js';

export interface SourceUnderTest {
  source: SourceDefinition<string, TSchema>;
  /** Recorded bodies, at least one. */
  bodies: readonly unknown[];
  /** Where the file of its name is. */
  folder: string;
}

const context = { cluster: 'prod', receivedAt: '2026-03-01T02:31:00.000Z' };

/** What holds for every source that takes a bearer token. Call it inside a `describe`. */
export function itKeepsTheContractOfSources({ source, bodies, folder }: SourceUnderTest): void {
  const { id } = source;

  it('has an id that is its file name, a summary and a content type', () => {
    expect(readdirSync(folder)).toContain(`${id.replaceAll('_', '-')}.ts`);
    expect(source.summary).toMatch(/.{10,}\.$/);
    expect(source.contentTypes.length).toBeGreaterThan(0);
  });

  it('reads every recorded body into signals that are complete, and twice the same', () => {
    for (const body of bodies) {
      expect(Value.Check(source.body, body)).toBe(true);
      const { signals } = source.toSignals(body as never, context);
      expect(signals.length).toBeGreaterThan(0);
      expect(source.toSignals(structuredClone(body) as never, context).signals).toEqual(signals);
      for (const s of signals) {
        expect(s).toMatchObject({ source: id, cluster: expect.any(String), fingerprint: expect.stringMatching(/^[\w:.-]+$/), alert: expect.any(String) });
        expect(new Date(s.startsAt).toISOString()).toBe(s.startsAt);
      }
    }
  });

  it('ignores keys it does not know', () => {
    const body = bodies[0] as object;
    expect(Value.Check(source.body, { ...body, brandNew: { nested: true } })).toBe(true);
  });

  it('refuses missing, malformed and wrong credentials and takes each of several right ones', () => {
    const verify = (authorization?: string) => () => source.verify(Buffer.from('{}'), authorization ? { authorization } : {}, ['old-key', 'new-key']);
    for (const wrong of [undefined, 'Bearer', 'Bearer wrong', 'Bearer old-ke', 'Bearer old-key2', 'Basic old-key', 'Bearer old-key new-key']) expect(verify(wrong)).toThrow();
    for (const right of ['Bearer old-key', 'Bearer new-key', 'bearer new-key']) expect(verify(right)).not.toThrow();
    expect(() => source.verify(Buffer.from('{}'), { authorization: 'Bearer ' }, [''])).toThrow();
  });
}
