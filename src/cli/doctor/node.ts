import type { Check } from './check.js';

const LEAST = [20, 19] as const;

export function checkNode(version: string = process.versions.node): Check {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const isEnough = major > LEAST[0] || (major === LEAST[0] && minor >= LEAST[1]);
  return isEnough
    ? { check: 'node', state: 'ok', detail: version }
    : { check: 'node', state: 'fail', detail: `${version} is too old`, next: `install Node ${LEAST.join('.')} or later` };
}
