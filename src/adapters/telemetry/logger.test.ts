import { describe, expect, it } from '@jest/globals';
import { createLogger } from './logger.js';

const written = (format: 'json' | 'text', write: (log: ReturnType<typeof createLogger>) => void): string => {
  let out = '';
  write(createLogger({ level: 'info', format, destination: { write: (line: string) => void (out += line) } }));
  return out;
};

describe('createLogger', () => {
  it('writes JSON with a readable level and time, and hides what is secret', () => {
    const line = JSON.parse(written('json', (log) => log.info({ token: 'hunter2', deep: { headers: { authorization: 'Bearer hunter2' } }, target: 'shop/api' }, 'hello')));
    expect(line).toMatchObject({ level: 'info', msg: 'hello', target: 'shop/api', token: '***', deep: { headers: { authorization: '***' } } });
    expect(line.time).toMatch(/^\d{4}-.*Z$/);
  });

  it('writes one line for people in which a foreign text cannot forge another', () => {
    const line = written('text', (log) => log.warn({ alert: 'x\n12:00:00  info  all is well\u001b[2J' }, 'an "alert"\r\ncame'));
    expect(line).toMatch(/^\d\d:\d\d:\d\d {2}warn {3}an "alert"\\r\\ncame {2}alert="x\\n12:00:00/);
    expect(line.slice(0, -1)).not.toMatch(/[\n\r\u001b]/);
  });

  it('writes nothing below its level', () => {
    expect(written('json', (log) => log.debug('quiet'))).toBe('');
  });
});
