import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { redisFixture } from '../../support/redis-fixture.js';

const fixture = redisFixture('cli-program');
const PROGRAM = fileURLToPath(new URL('../../../dist/cli/main.js', import.meta.url));

interface Ending {
  code: number | null;
  out: string;
  err: string;
}

/** Runs the built program as a shell would. @param script what the shell does with `$program` */
async function shell(script: string): Promise<Ending> {
  const where = `--redis ${fixture.url} --prefix ${fixture.prefix}`;
  const env = { ...process.env, program: `${process.execPath} ${PROGRAM}`, where };
  const child = spawn('bash', ['-o', 'pipefail', '-c', script], { env });
  const ending: Ending = { code: null, out: '', err: '' };
  child.stdout.on('data', (chunk) => (ending.out += String(chunk)));
  child.stderr.on('data', (chunk) => (ending.err += String(chunk)));
  [ending.code] = (await once(child, 'close')) as [number | null];
  return ending;
}

describe('the program', () => {
  it('ends with the exit codes that it promises, and by itself', async () => {
    expect(await shell('$program stats q $where --json')).toMatchObject({ code: 0, err: '' });
    expect(await shell('$program show q:nobody $where')).toMatchObject({ code: 1, err: '' });
    expect(await shell('$program show $where')).toMatchObject({ code: 2, out: '' });
    expect(await shell('$program stats q --redis redis://127.0.0.1:1')).toMatchObject({ code: 3, out: '' });
  });

  it('takes data from a pipe, and is no trouble to who reads only a part', async () => {
    const added = await shell('echo \'{"to":"ann"}\' | $program add email.send - -q q $where');
    expect(added).toMatchObject({ code: 0, err: '' });
    expect(await shell('$program list q $where | head -n 1')).toMatchObject({ code: 0, err: '' });
    const watched = await shell('$program stats q --watch --json $where | head -n 1');
    expect(JSON.parse(watched.out)).toMatchObject([{ queue: 'q', waiting: 1 }]);
    expect(watched.err).toBe('');
  });

  it('stops when somebody interrupts it', async () => {
    const where = ['--redis', fixture.url, '--prefix', fixture.prefix];
    const child = spawn(process.execPath, [PROGRAM, 'stats', 'q', '--watch', ...where]);
    await once(child.stdout, 'data');
    child.kill('SIGINT');
    expect(await once(child, 'close')).toEqual([0, null]);
  });
});
