import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { commands } from '../../../lib/cli/commands/index.js';
import { call } from '../../support/command-line.js';

/** What bash offers behind these words. */
async function complete(...words: string[]): Promise<string[]> {
  const { out } = await call(['completion', 'bash']);
  const script = `${out}
    COMP_WORDS=(nestjs-redis-task-queue ${words.map((word) => `'${word}'`).join(' ')})
    COMP_CWORD=${words.length}
    _nestjs_redis_task_queue
    printf '%s\\n' "\${COMPREPLY[@]}"`;
  const { stdout, stderr } = spawnSync('bash', ['-euc', script], { encoding: 'utf8' });
  expect(stderr).toBe('');
  return stdout.split('\n').filter(Boolean);
}

describe('completion for bash', () => {
  it('offers all commands', async () => {
    expect(await complete('')).toEqual(commands.map(({ name }) => name));
    expect(await complete('re')).toEqual(['retry', 'resume']);
  });

  it('offers the options of the command', async () => {
    expect(await complete('add', '--pri')).toEqual(['--priority']);
    expect(await complete('list', '--')).toEqual(expect.arrayContaining(['--state', '--json', '--redis']));
    expect(await complete('show', '--state')).toEqual([]);
  });

  it('offers nothing for what is no command', async () => {
    expect(await complete('nothing', '--')).toEqual([]);
  });
});

describe('completion for zsh', () => {
  it('names all commands and options', async () => {
    const { code, out } = await call(['completion', 'zsh']);
    expect(code).toBe(0);
    expect(out).toMatch(/^#compdef nestjs-redis-task-queue\n/);
    for (const { name, options } of commands) {
      expect(out).toContain(`'${name}:`);
      for (const option of Object.keys(options)) expect(out).toContain(`'--${option}[`);
    }
  });
});
