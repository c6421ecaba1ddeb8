import { describe, expect, it } from '@jest/globals';
import { durationMsOf, readImageTable } from './images.js';

const { table } = readImageTable({
  'images.yaml': 'images: [{ image: "shop/*", startup: 1s }, { image: "shop/api:*", startup: 2s }, { image: "shop/api:1.4.0", startup: 3s, exit: { code: 2, after: 500ms } }]',
  'blue.yaml': 'images: [{ image: "shop/*", startup: 9s }]',
});

describe('the image table', () => {
  it.each([
    ['shop/api:1.4.0', 'default', 3000],
    ['shop/api:1.5.0', 'default', 2000],
    ['shop/web:1', 'default', 1000],
    ['shop/api:1.4.0', 'blue', 9000],
    ['shop/api:1.4.0', 'blue-data', 9000],
    ['shop/api:1.4.0', 'blueish', 3000],
    ['nginx', 'default', undefined],
  ])('%s in namespace %s starts up in %p ms', (image, namespace, startupMs) => {
    expect(table.entryOf(image, namespace).startupMs).toBe(startupMs);
  });

  it('knows nothing about an unknown image: it pulls, needs nothing and listens everywhere', () => {
    expect(table.entryOf('nginx', 'default')).toMatchObject({ pull: 'ok', env: [], files: [], dependsOn: [], listens: undefined, paths: undefined, exit: undefined });
  });

  it('lets a later entry of the same name replace an earlier one', () => {
    const { table: replaced } = readImageTable({ 'images.yaml': 'images: [{ image: a, memory: 64Mi }, { image: a, memory: 1Gi }]' });
    expect(replaced.entryOf('a', 'x').memoryBytes).toBe(2 ** 30);
  });

  it('keeps the other keys when one is broken, and names it', () => {
    const { table: half, errors } = readImageTable({ 'images.yaml': 'images: [{ image: a, cpu: 250m }]', 'bad.yaml': '{ images: [' });
    expect(half.entryOf('a', 'x').cpuCores).toBe(0.25);
    expect(errors).toHaveLength(1);
    expect(errors[0]).toMatch(/^bad\.yaml: /);
  });

  it.each([['500ms', 500], ['2s', 2000], ['1m', 60_000], [3, 3000], ['soon', undefined], [undefined, undefined]])('reads the duration %p', (text, ms) => {
    expect(durationMsOf(text)).toBe(ms);
  });
});
