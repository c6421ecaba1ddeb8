import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command } from 'commander';
import { afterAll, describe, expect, it, jest } from '@jest/globals';
import { kubernaut } from '../../test/support/cli.js';
import { KubernautError } from '../domain/errors.js';
import { Exit, EXIT } from './exit.js';
import { errorLines, runCli } from './run-cli.js';
import { buildProgram } from './program.js';

const empty = mkdtempSync(join(tmpdir(), 'kubernaut-cli-'));
afterAll(() => rmSync(empty, { recursive: true, force: true }));

const everyCommand = (command: Command): Command[] => [command, ...command.commands.flatMap(everyCommand)];

describe('wrong use', () => {
  it.each([
    [['lisst'], 'Did you mean list?'],
    [['list', '--nonsense'], "unknown option '--nonsense'"],
    [['list', '--phase', 'asleep'], 'Allowed choices are received'],
    [['list', '--limit', '0'], 'whole number from 1'],
    [['list', '--since', 'yesterday'], 'is not a duration'],
    [['list', '-o', 'xml'], 'Allowed choices are table, wide, json, yaml, name'],
    [['show'], "missing required argument 'id'"],
    [['pause'], "required option '--reason <text>'"],
    [['pause', '--reason', 'x', '--scope', 'pod=a'], 'cluster=…, namespace=… or action=…'],
    [['pause', '--reason', 'x', '--scope', 'namespace=a', '--namespace', 'b'], 'contradict each other'],
    [['send', '-f', join(empty, 'none.json')], 'none.json'],
    [['--gateway', 'localhost', 'list'], 'write it as http://host:port'],
    [['list', '--gateway', 'http://127.0.0.1:1', '--token', '@/none/there'], '--token @/none/there'],
  ])('%j ends with 2 and one line that says what to do', async (args, said) => {
    const { code, err, out } = await kubernaut('--data-dir', empty, ...args);
    expect([code, out]).toEqual([2, '']);
    expect(err).toMatch(/^error: [^\n]*\n$/);
    expect(err).toContain(said);
  });
});

describe('exit codes', () => {
  it('is 3 where nothing runs, and says how to start it', async () => {
    const { code, err } = await kubernaut('list', '--data-dir', empty);
    expect(code).toBe(3);
    expect(err).toContain('npm start');
  });

  it('is 3 where the gateway does not answer, and names the reason', async () => {
    const { code, err } = await kubernaut('show', 'r-1', '--gateway', 'http://127.0.0.1:1', '--data-dir', empty);
    expect(code).toBe(3);
    expect(err).toContain('http://127.0.0.1:1 is out of reach');
  });

  it('is 1 for an action that does not exist', async () => expect((await kubernaut('actions', 'nope')).code).toBe(1));
  it('is 0 for help', async () => expect((await kubernaut('list', '--help')).code).toBe(0));

  it.each([
    [new KubernautError('TemporalUnavailable', 'no Temporal'), 3],
    [new KubernautError('ConfigInvalid', 'wrong key'), 2],
    [new KubernautError('NotFound', 'no such thing'), 1],
    [new Exit(EXIT.timedOut, 'took too long'), 4],
    [new Error('a bug'), 1],
  ])('%s ends with %d', async (error, code) => {
    jest.spyOn(process.stderr, 'write').mockReturnValue(true);
    const program = new Command('x').action(() => {
      throw error;
    });
    expect(await runCli(program, [])).toBe(code);
    jest.restoreAllMocks();
  });
});

describe('the lines of an error', () => {
  it('name the cause', () => {
    const cause = Object.assign(new Error('connect'), { code: 'ECONNREFUSED' });
    expect(errorLines(new KubernautError('StoreUnavailable', 'the database is out of reach', cause))).toEqual(['error: the database is out of reach (ECONNREFUSED)']);
  });

  it('list every wrong key', () => expect(errorLines(new KubernautError('ConfigInvalid', 'two wrong:\n  a\n  b'))).toHaveLength(3));

  it('show neither passwords nor terminal escapes', () => {
    const [line] = errorLines(new Error('postgres://u:hunter2secret@db/x \u001b[31m'));
    expect(line).not.toContain('hunter2secret');
    expect(line).not.toContain('\u001b');
  });
});

describe('help', () => {
  it('stands on every command, with an example', async () => {
    const program = await buildProgram();
    const visible = everyCommand(program).filter((c) => c.name() !== 'platform');
    expect(visible.map((c) => c.name())).toEqual(expect.arrayContaining(['list', 'show', 'watch', 'approve', 'up', 'worker', 'kubeconfig']));
    const without: string[] = [];
    for (const command of visible) {
      let text = '';
      command.configureOutput({ writeOut: (t) => (text += t) });
      command.outputHelp();
      if (command.description() === '' || !/Examples?:\n/.test(text)) without.push(command.name());
    }
    expect(without).toEqual([]);
  });

  it('loads the heavy commands only when they are named', async () => {
    const names = async (...args: string[]) => (await buildProgram(args)).commands.map((c) => c.name());
    expect(await names('list')).not.toContain('up');
    expect(await names('--data-dir', 'up', 'list')).not.toContain('up');
    expect(await names('up', '--port', '1')).toContain('up');
  });
});
