import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { delimiter, dirname } from 'node:path';
import { promisify } from 'node:util';
import { Injectable } from '@nestjs/common';
import { describe, expect, it } from 'vitest';
import { TaskHandler } from '../../../lib/index.js';
import { findRedisBinary } from '../../../lib/testing/redis-binary.js';
import { eventually } from '../../support/eventually.js';
import { Latch } from '../../support/latch.js';
import { privateRedis } from '../../support/private-redis.js';
import { pythons } from '../../support/python.js';
import { startApp, type TestApp } from '../../support/test-app.js';
import { workHandler } from '../../support/work-handler.js';

// The default names are what matters here: so each test has a Redis of its own.
const target = privateRedis();
const PLAIN = [{ list: 'task_queue', task: 'work' }];
const script = (name: string): { file: URL } => ({ file: new URL(`./scripts/${name}.py`, import.meta.url) });

/** A handler that ends when the gate is open. */
async function start(): Promise<TestApp & { got: string[]; gate: Latch }> {
  const got: string[] = [];
  const gate = new Latch();
  const handler = workHandler(async (data: string) => {
    got.push(data);
    await gate.opened;
  });
  return { ...(await startApp({ redis: target.url, plain: PLAIN }, [handler])), got, gate };
}

describe('redis-cli', () => {
  const cli = async (...words: string[]): Promise<string> => {
    // It comes with the server.
    const PATH = `${dirname(findRedisBinary())}${delimiter}${process.env['PATH']}`;
    const { stdout } = await promisify(execFile)('redis-cli', ['-u', target.url, ...words], { env: { PATH } });
    return stdout.trimEnd();
  };

  it('adds a task, and asks where it stands', async () => {
    const { got, gate } = await start();
    expect(await cli('LPUSH', 'task_queue', '{"id":42,"to":"ann@example.org"}')).toBe('1');
    await eventually(async () => (await cli('GET', 'task_status:42')) === 'active');
    gate.open();
    await eventually(async () => (await cli('GET', 'task_status:42')) === 'completed');
    expect(got).toEqual(['{"id":42,"to":"ann@example.org"}']);
  });

  it('takes what was pushed, and says how far it is', async () => {
    const { producer, status } = await start();
    await producer.pushPlain('thumbnails', 'a.png');
    expect(await cli('BRPOP', 'thumbnails', '1')).toBe('thumbnails\na.png');
    await cli('SET', 'task_status:7', 'completed');
    expect(await status.getPlain('7')).toBe('completed');
    await status.setPlain('8', 'waiting');
    expect(await cli('GET', 'task_status:8')).toBe('waiting');
  });
});

describe.each(pythons().map((python) => [python.client, python] as const))('Python with %s', (_client, python) => {
  const run = (name: string, ...args: string[]): Promise<string> => python.run(script(name), target.url, ...args);

  it('adds a task, and asks where it stands', async () => {
    const { got, gate } = await start();
    await run('push', 'task_queue', '{"id":"ünï","to":"ann@example.org"}');
    await eventually(async () => (await run('get_status', 'ünï')) === 'active');
    gate.open();
    await eventually(async () => (await run('get_status', 'ünï')) === 'completed');
    expect(got).toEqual(['{"id":"ünï","to":"ann@example.org"}']);
  });

  it('takes what was pushed, and says how far it is', async () => {
    const { producer, status } = await start();
    const popped = run('pop', 'thumbnails');
    await producer.pushPlain('thumbnails', '{"file":"ä.png"}');
    expect(await popped).toBe('{"file":"ä.png"}');
    await run('set_status', '7', 'completed');
    expect(await status.getPlain('7')).toBe('completed');
    await status.setPlain('8', 'waiting');
    expect(await run('get_status', '8')).toBe('waiting');
    expect(await run('get_status', '9')).toBe('None');
  });

  it('runs the program of the README', async () => {
    @Injectable()
    class MathTasks {
      @TaskHandler('square')
      square(data: { of: number }): number {
        return data.of ** 2;
      }
    }
    await startApp({ redis: target.url }, [MathTasks]);
    const readme = readFileSync(new URL('../../../README.md', import.meta.url), 'utf8');
    const [, text = ''] = /^## From any language$[^]*?^```python\n([^]*?)^```$/m.exec(readme) ?? [];
    expect(text.split('\n').length).toBeLessThan(25);
    expect(await python.run({ text }, target.url)).toBe('completed 49');
  });
});
