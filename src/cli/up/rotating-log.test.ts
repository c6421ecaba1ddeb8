import { afterAll, expect, it } from '@jest/globals';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { rotatingLog } from './rotating-log.js';

const folder = mkdtempSync(join(tmpdir(), 'kubernaut-log-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

it('keeps the log and the one before it, across restarts', async () => {
  const file = join(folder, 'logs', 'platform.log');
  const first = rotatingLog(file, 10);
  first.write('one\n');
  await first.end();
  const second = rotatingLog(file, 10);
  second.write('two\n');
  await new Promise((resolve) => setTimeout(resolve, 100));
  second.write('three\n');
  await second.end();
  expect(readFileSync(file, 'utf8')).toBe('three\n');
  expect(readFileSync(`${file}.previous`, 'utf8')).toBe('one\ntwo\n');
});
