import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { claim } from './claim.js';

let dataDir: string;
beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'kubernaut-claim-'));
});
afterEach(() => rmSync(dataDir, { recursive: true, force: true }));

describe('the claim on a data folder', () => {
  it('is held by one at a time, and free again afterwards', () => {
    const release = claim(dataDir);
    expect(() => claim(dataDir)).toThrow(`(pid ${process.pid})`);
    release();
    expect(existsSync(join(dataDir, 'up.pid'))).toBe(false);
    claim(dataDir)();
  });

  it('of a process that was killed is taken over', () => {
    writeFileSync(join(dataDir, 'up.pid'), '999999999\n');
    expect(() => claim(dataDir)).not.toThrow();
  });
});
