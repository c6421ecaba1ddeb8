import { stripVTControlCharacters } from 'node:util';

const TICK_MS = 1_000;

/**
 * Thrown when no way led to a server. `attempts` says what each one answered.
 */
export class ChainFailed extends Error {
  name = 'ChainFailed';
  code = 'DependencyMissing';

  constructor(server, attempts, advice) {
    const tried = attempts.map(({ way, reason, elapsedMs }) => {
      const lines = reason.trim().split('\n');
      return [`  - ${way} (${seconds(elapsedMs)}): ${lines[0]}`, ...lines.slice(1).map((line) => `      ${line}`)].join('\n');
    });
    super([`${server} could not be obtained. Tried:`, ...tried, `What helps: ${advice}`].join('\n'));
    this.server = server;
    this.attempts = attempts;
  }
}

/**
 * Tries the ways in order; the first that resolves with a path wins.
 *
 * @param {{
 *   server: string,
 *   advice: string,
 *   ways: { way: string, attempt: (say: (detail: string) => void) => Promise<string> }[],
 *   onProgress?: (event: import('../servers.mjs').Progress) => void,
 * }} chain
 */
export async function runChain({ server, advice, ways, onProgress = () => {} }) {
  const startedAt = Date.now();
  const attempts = [];
  for (const { way, attempt } of ways) {
    const result = await tryWay({ server, way, attempt, onProgress });
    if (result.path !== undefined) return { path: result.path, how: way, elapsedMs: Date.now() - startedAt };
    attempts.push(result);
  }
  throw new ChainFailed(server, attempts, advice);
}

async function tryWay({ server, way, attempt, onProgress }) {
  const startedAt = Date.now();
  let latest = '';
  const tell = (state, detail) => onProgress({ server, way, state, detail, elapsedMs: Date.now() - startedAt });
  const ticker = setInterval(() => tell('running', latest), TICK_MS);
  tell('running', latest);
  try {
    const path = await attempt((detail) => (latest = stripVTControlCharacters(detail).trim() || latest));
    tell('done', path);
    return { path };
  } catch (error) {
    tell('failed', error.message);
    return { way, reason: error.message, elapsedMs: Date.now() - startedAt };
  } finally {
    clearInterval(ticker);
  }
}

export const seconds = (ms) => (ms < 60_000 ? `${(ms / 1000).toFixed(1)} s` : `${Math.floor(ms / 60_000)} min ${Math.round((ms % 60_000) / 1000)} s`);
