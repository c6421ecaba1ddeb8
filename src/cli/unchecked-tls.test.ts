import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, it } from '@jest/globals';
import { kubernaut } from '../../test/support/cli.js';

const before = process.env.NODE_TLS_REJECT_UNAUTHORIZED;
afterEach(() => {
  if (before === undefined) delete process.env.NODE_TLS_REJECT_UNAUTHORIZED;
  else process.env.NODE_TLS_REJECT_UNAUTHORIZED = before;
});

it.each(['gateway', 'worker', 'up'])('%s does not start where certificates are not checked', async (command) => {
  const dataDir = mkdtempSync(join(tmpdir(), 'kubernaut-unchecked-'));
  process.env.NODE_TLS_REJECT_UNAUTHORIZED = '0';
  const { code, err } = await kubernaut('--data-dir', dataDir, command);
  expect([code, err]).toEqual([2, expect.stringContaining('NODE_TLS_REJECT_UNAUTHORIZED')]);
  expect(err).toContain('NODE_EXTRA_CA_CERTS');
  rmSync(dataDir, { recursive: true });
});
