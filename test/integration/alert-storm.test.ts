import { existsSync } from 'node:fs';
import { expect, it } from '@jest/globals';
import { packageRoot } from '../../sandbox/launch/package-root.js';
import { runStorm } from '../../bench/storm.js';

it('a storm through a real AlertManager, the gateway killed in the middle, ends in exactly one remediation per workload', async () => {
  expect(existsSync(`${packageRoot()}/dist/src/cli/main.js`)).toBe(true);
  const storm = await runStorm({ alerts: 500, workloads: 10, kills: 1 });
  expect(storm.wrong).toEqual([]);
  expect(storm.posted.firing).toBe(500);
  expect([storm.runs, storm.workflowIds]).toEqual([10, 10]);
  expect([storm.problems, storm.resolvedProblems]).toEqual([500, storm.posted.resolved]);
  expect(storm.posted.resolved).toBeGreaterThan(0);
  expect(storm.kills).toHaveLength(1);
  expect(Object.values(storm.rows).reduce((a, b) => a + b, 0)).toBe(500 + storm.posted.resolved);
  // The kill met something: a request that was under way, or one that found nobody.
  expect((storm.webhooks.cut ?? 0) + (storm.webhooks.refused ?? 0)).toBeGreaterThan(0);
}, 240_000);
