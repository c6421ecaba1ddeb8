/** Path of Temporal's time-skipping test server; `TEMPORAL_TEST_SERVER` names one that is already there. */
export async function timeSkippingServer(): Promise<string> {
  if (process.env.TEMPORAL_TEST_SERVER) return process.env.TEMPORAL_TEST_SERVER;
  const servers = (await import('../../scripts/servers.mjs' as string)) as { ensureServer(name: string): Promise<{ path: string }> };
  return (await servers.ensureServer('test-server')).path;
}
