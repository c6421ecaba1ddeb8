import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from '@jest/globals';
import type { ModelDefinition } from '../../../src/models/define.js';

const SECRET = 'sk-very-secret-0123456789';

/** What holds for every model. `folder` is where the file of its name is. Call it inside a `describe`. */
export function itKeepsTheContractOfModels(model: ModelDefinition, folder: string): void {
  it('says what it is, takes a closed configuration and marks its secrets', () => {
    expect(model.summary).toMatch(/\.$/);
    expect(model.config.additionalProperties).toBe(false);
    for (const [key, schema] of Object.entries(model.config.properties as Record<string, { format?: string }>)) {
      if (/key|token$|secret|password/i.test(key)) expect(schema.format).toBe('secret');
    }
  });

  it('loads its SDK on connect only', () => {
    const source = readFileSync(join(folder, `${model.id.replaceAll('_', '-')}.ts`), 'utf8');
    expect(source).not.toMatch(/^import (?!type).*from '(openai|@anthropic-ai\/sdk|@aws-sdk\/.*)';/m);
  });

  it('calls overload retryable and a wrong key final, quoting neither text', () => {
    const of = (status: number) => model.classify({ status, message: SECRET, headers: new Headers() });
    expect([of(503).code, of(429).code, of(401).code, of(400).code]).toEqual(['ModelUnavailable', 'ModelUnavailable', 'ModelRejected', 'ModelRejected']);
    expect(`${of(401).message}${JSON.stringify(of(401).details)}`).not.toContain(SECRET);
  });
}
