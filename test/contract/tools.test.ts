import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { tools } from '../../src/activities/investigation/index.js';

const FOLDER = 'src/activities/investigation/tools';
const files = readdirSync(FOLDER).filter((f) => f.endsWith('.ts'));

it('every file is one tool, named after it', () => {
  expect([...tools.ids].map((id) => `${id.replaceAll('_', '-')}.ts`).sort()).toEqual(files.sort());
});

describe.each(tools.members.map((t) => [t.id, t] as const))('%s', (id, tool) => {
  const schema = JSON.parse(JSON.stringify(tool.args)) as { additionalProperties?: boolean; properties: Record<string, { type: string; enum?: string[]; maxLength?: number; pattern?: string; maximum?: number }> };

  it('says what it tells', () => expect(tool.summary.length).toBeGreaterThan(20));

  it('takes closed, bounded arguments, none of which names an object', () => {
    expect(schema.additionalProperties).toBe(false);
    for (const [name, arg] of Object.entries(schema.properties)) {
      expect(['name', 'namespace', 'uid', 'kind', 'url', 'path', 'command', 'tool', 'target_id']).not.toContain(name);
      if (arg.type === 'string') expect(arg.enum ?? arg.maxLength ?? arg.pattern).toBeDefined();
      if (arg.type === 'integer') expect(arg.maximum).toBeDefined();
      expect(['string', 'integer', 'boolean']).toContain(arg.type);
    }
  });

  it('only reads: nothing in it writes, runs a program, or reads past the watch cache', () => {
    const code = readFileSync(`${FOLDER}/${id.replaceAll('_', '-')}.ts`, 'utf8');
    expect(code).not.toMatch(/cluster\.(apply|exec|read|list)\(|fetch\(|from 'node:|import\(/);
  });
});
