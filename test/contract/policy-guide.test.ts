import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { actions } from '../../src/actions/index.js';
import { loadConfig } from '../../src/config/load.js';
import { policyReading, shippedRules } from '../../src/policy/compile.js';

const GUIDE = readFileSync('docs/guides/policy.md', 'utf8');
const examples = [...GUIDE.matchAll(/```yaml\n([\s\S]*?)```/g)].map((m) => m[1]!);

describe('docs/guides/policy.md', () => {
  it.each(examples.map((text, i) => [i + 1, text] as const))('example %i is a policy that loads', (_nth, text) => {
    const folder = mkdtempSync(join(tmpdir(), 'guide-'));
    const file = join(folder, 'kubernaut.yaml');
    writeFileSync(file, text);
    const { policy } = loadConfig({ file, env: {}, actionIds: actions.ids });
    expect(policyReading().windows(policy)).toHaveLength(policy.windows.length);
    rmSync(folder, { recursive: true });
  });

  it('has examples', () => expect(examples.length).toBeGreaterThanOrEqual(6));
  it('switches off a rule that is shipped', () => expect(shippedRules().map((r) => r.name)).toContain('large-workload-asks'));
});
