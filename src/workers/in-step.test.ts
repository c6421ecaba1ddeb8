import { expect, it } from '@jest/globals';
import { inStep } from './in-step.js';

it('reads while the watches are in step, and waits instead of showing how the world was', async () => {
  let isUp = true;
  const read = inStep((name) => ({ isHealthy: () => name === 'prod' && isUp }), async ({ target }: { target: { cluster: string } }) => target.cluster);
  await expect(read({ target: { cluster: 'prod' } })).resolves.toBe('prod');
  isUp = false;
  await expect(read({ target: { cluster: 'prod' } })).rejects.toMatchObject({ code: 'K8sUnavailable', message: expect.stringContaining('cluster prod') });
});
