import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { Ajv } from 'ajv';
import { actions } from '../../src/actions/index.js';
import { alertmanagerSnippet } from '../../src/cli/connect/alertmanager-snippet.js';
import { deployFiles, referencePages } from '../../src/cli/docs/pages.js';

const REFERENCE = join('docs', 'reference');
const read = (...path: string[]): string => readFileSync(join(...path), 'utf8');
const AGAIN = 'is not what the code says today; run: npm run build && npm run docs';

/** Every Markdown file that people read, as path → text. */
function guides(folder = '.', found: Record<string, string> = {}): Record<string, string> {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory() && ['docs', 'guides', 'decisions', 'reference', 'temporal'].includes(entry.name)) guides(path, found);
    else if (entry.name.endsWith('.md')) found[path] = read(path);
  }
  return found;
}

describe('docs/reference', () => {
  let pages: Record<string, string>;
  beforeAll(async () => {
    pages = await referencePages();
  }, 60_000);

  it('holds exactly the generated pages, as they would be generated today', () => {
    // scenarios.md is measured: scenario-table.test.ts looks at it
    expect(readdirSync(REFERENCE).sort()).toEqual([...Object.keys(pages), 'scenarios.md'].sort());
    const stale = Object.keys(pages).filter((name) => read(REFERENCE, name) !== pages[name]);
    expect(stale.map((name) => `${name} ${AGAIN}`)).toEqual([]);
  });

  it('is the same when it is generated twice', async () => {
    expect(await referencePages()).toEqual(pages);
  });

  it('names every action with its parameters', () => {
    for (const action of actions.members) {
      expect(pages['actions.md']).toContain(`## ${action.id}\n`);
      for (const name of Object.keys(action.params.properties)) expect(pages['actions.md']).toContain(`\`${name}\``);
    }
  });

  it('has a schema that editors can use: it takes a part of a file and refuses an unknown key', () => {
    const validate = new Ajv({ strict: false }).compile(JSON.parse(pages['kubernaut.schema.json']!) as object);
    expect(validate({})).toBe(true);
    expect(validate({ policy: { autonomy: 'auto', actions: { scale_deployment: { maxReplicas: 20 } } }, gateway: { port: 9090 } })).toBe(true);
    expect(validate({ gateway: { prot: 9090 } })).toBe(false);
    expect(validate({ policy: { autonomy: 'yolo' } })).toBe(false);
  });
});

describe('deploy/rbac', () => {
  it('holds exactly the generated roles, as they would be generated today', () => {
    const files = deployFiles();
    expect(readdirSync(join('deploy', 'rbac')).sort()).toEqual(Object.keys(files).sort());
    expect(Object.keys(files).filter((name) => read('deploy', 'rbac', name) !== files[name]).map((name) => `${name} ${AGAIN}`)).toEqual([]);
  });
});

describe('what people read', () => {
  const texts = guides();

  it('links to files that are there', () => {
    const broken = Object.entries(texts).flatMap(([path, text]) =>
      [...withoutCode(text).matchAll(/\]\((?!https?:|#|mailto:)([^)#\s]+)/g)].map((m) => join(path, '..', m[1]!)).filter((file) => !exists(file)).map((file) => `${path} → ${file}`),
    );
    expect(broken).toEqual([]);
  });

  it('shows the AlertManager receiver that `kubernaut connect alertmanager` prints', () => {
    const printed = alertmanagerSnippet({ url: 'https://kubernaut.example.com' }).trimEnd();
    expect(texts['README.md']).toContain(printed);
    expect(texts[join('docs', 'guides', 'alertmanager.md')]).toContain(printed);
  });

  it('names no address and no folder of the machine it was written on', () => {
    for (const [path, text] of Object.entries(texts)) expect({ path, found: text.match(/\/work\/|\/root\/|\/tmp\/(?!kubernaut)/)?.[0] }).toEqual({ path, found: undefined });
  });
});

const withoutCode = (text: string): string => text.replace(/```[\s\S]*?```|`[^`\n]*`/g, '');

function exists(path: string): boolean {
  try {
    readFileSync(path);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EISDIR';
  }
}
