import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { localEmbedder } from './local-embedder.js';

const embedder = localEmbedder();
const near = async (a: string, b: string): Promise<number> => {
  const [x, y] = [await embedder.embed(a), await embedder.embed(b)];
  return x.reduce((sum, value, i) => sum + value * y[i]!, 0);
};

describe('localEmbedder', () => {
  it('gives 384 numbers of unit length for any text, always the same', async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: 'binary' }), async (text) => {
        const vector = await embedder.embed(text);
        expect(vector).toHaveLength(384);
        expect(Math.hypot(...vector)).toBeCloseTo(1, 9);
        expect(await embedder.embed(text)).toEqual(vector);
      }),
    );
  });

  it('does not see the difference between two pods of one workload', async () => {
    expect(await near('KubePodCrashLooping api-7d9f8b6c5-x2x9k restarted 5 times', 'KubePodCrashLooping api-66b8d4c9f-9q8wz restarted 17 times')).toBeGreaterThan(0.85);
  });

  it.each([
    ['KubePodCrashLooping in checkout: back-off restarting failed container', 'pod crash loop, container restarting', 'PersistentVolumeClaim data is filling up'],
    ['image pull failed: manifest unknown', 'ImagePullBackOff manifest unknown for image', 'node has memory pressure'],
  ])('puts "%s" nearer to "%s" than to "%s"', async (text, alike, other) => {
    expect(await near(text, alike)).toBeGreaterThan((await near(text, other)) + 0.2);
  });

  it('embeds an empty text too', async () => {
    expect(Math.hypot(...(await embedder.embed('')))).toBe(1);
  });
});
