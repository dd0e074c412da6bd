import { describe, expect, it } from 'vitest';
import { commands } from '../../../lib/cli/commands/index.js';
import { call } from '../../support/command-line.js';

const [LINES, COLUMNS] = [24, 80];

describe('help', () => {
  it.each([['--help'], ['-h'], ['help']])('%s shows all commands on one screen', async (argument) => {
    const { code, out, err } = await call([argument]);
    expect([code, err]).toEqual([0, '']);
    for (const { name } of commands) expect(out).toContain(`  ${name} `);
    const lines = out.trimEnd().split('\n');
    expect(lines.length).toBeLessThanOrEqual(LINES);
    expect(lines.filter((line) => line.length > COLUMNS)).toEqual([]);
  });

  it.each(commands.map(({ name }) => name))('%s --help shows its options on one screen', async (name) => {
    const { code, out } = await call([name, '--help']);
    expect(code).toBe(0);
    const command = commands.find((one) => one.name === name);
    for (const option of Object.keys(command?.options ?? {})) expect(out).toContain(`--${option}`);
    const lines = out.trimEnd().split('\n');
    expect(lines.length).toBeLessThanOrEqual(LINES);
    expect(lines.filter((line) => line.length > COLUMNS + 20)).toEqual([]);
  });

  it('tells the version', async () => {
    expect((await call(['--version'])).out).toMatch(/^\d+\.\d+\.\d+\n$/);
  });
});

describe('a call in a wrong way', () => {
  it.each([
    [[], 'A command is missing'],
    [['lsit'], "There is no command 'lsit'"],
    [['show'], '<id> is missing'],
    [['show', 'a', 'b'], "'b' is too much"],
    [['add', 'work', '{oops'], 'Data are no JSON'],
    [['add', 'work', '{}', 'x'], 'Data are one argument'],
    [['add', 'work', '--priority', 'high'], "--priority takes a whole number, not 'high'"],
    [['add', 'work', '--attempts', '0'], "at least 1, not '0'"],
    [['add', 'work', '--what'], "Unknown option '--what'"],
    [['list', 'q', '--state', 'done'], "not 'done'"],
    [['list', 'q', '--limit'], 'argument missing'],
    [['retry'], '<id>'],
    [['retry', 'a', '--all', 'q'], "'a' is too much"],
    [['drain', 'q'], 'Say so with --yes'],
    [['completion', 'fish'], "not 'fish'"],
  ])('%j prints the usage, and ends with 2', async (argv, message) => {
    const { code, out, err } = await call(argv);
    expect(code).toBe(2);
    expect(out).toBe('');
    expect(err).toContain(message);
    expect(err).toContain('Usage: nestjs-redis-task-queue');
  });
});
