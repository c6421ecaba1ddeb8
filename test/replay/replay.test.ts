import { afterAll, describe, expect, it } from '@jest/globals';
import { historyFromJSON } from '@temporalio/common/lib/proto-utils.js';
import { Runtime, Worker } from '@temporalio/worker';
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { quiet, workflowBundle } from '../support/workflow-env.js';

const folder = fileURLToPath(new URL('./histories/', import.meta.url));
const names = readdirSync(folder).filter((n) => n.endsWith('.json'));

quiet();
afterAll(() => Runtime.instance().shutdown());

/** What runs in production today must finish on tomorrow's code: every recorded path is replayed on this one. */
describe('recorded histories', () => {
  it('cover the paths that exist', () => {
    expect(names.length).toBeGreaterThanOrEqual(30);
  });

  it.each(names)('%s replays without a difference', async (name) => {
    const history = historyFromJSON(JSON.parse(readFileSync(`${folder}${name}`, 'utf8')));
    await Worker.runReplayHistory({ workflowBundle: await workflowBundle() }, history, name.replace('.json', ''));
  }, 60_000);
});
