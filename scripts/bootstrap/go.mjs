import { requireTool, run } from './run.mjs';

const PROBE_TIMEOUT_MS = 10_000;

/**
 * The `go` command, once it is known that it can get `module@version`: from its cache, or from a network that answers
 * within 10 s. A build started without that would hang for minutes on a network that is not there.
 */
export async function goFor(moduleAtVersion) {
  const go = requireTool('go', 'install Go 1.24 or later');
  await run(go, ['list', '-m', moduleAtVersion], { timeoutMs: PROBE_TIMEOUT_MS, cwd: '/', env: { GOFLAGS: '-mod=mod' } });
  return go;
}

/** Go says nothing while it compiles unless asked to print packages. Turns that into a count. */
export function countPackages(say) {
  let packages = 0;
  return (line) => say(line.startsWith('go: ') ? line.slice(4) : `${(packages += 1)} packages compiled`);
}
