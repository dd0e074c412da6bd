import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { SampleProcess } from './sample-process.js';

const run = promisify(execFile);
const root = fileURLToPath(new URL('../..', import.meta.url));

describe('sample/testing', () => {
  it('has tests that pass, without any Redis', async () => {
    // Nothing listens there, and there is no server to start.
    const env = { ...process.env, NO_COLOR: '1', REDIS_URL: 'redis://127.0.0.1:1', VITEST: undefined };
    const vitest = fileURLToPath(new URL('node_modules/vitest/vitest.mjs', `file://${root}/`));
    const { stdout } = await run(process.execPath, [vitest, 'run', '--root', 'sample/testing'], { cwd: root, env });
    expect(stdout).toMatch(/Tests +4 passed \(4\)/);
  });

  it('is an application that runs', async () => {
    const sample = SampleProcess.start('testing');
    await sample.printed(/^to ann@example.org: invoice 1$/m);
    sample.signal('SIGTERM');
    expect(await sample.closed).toEqual({ code: null, signal: 'SIGTERM' });
  });
});
