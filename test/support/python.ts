import { execFile, spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const STAND_IN = fileURLToPath(new URL('./python', import.meta.url));
const INTERPRETERS = ['python3', '/usr/bin/python3'];
const run = promisify(execFile);

/** A Python that can `import redis`. */
export interface Python {
  /** Whose client it imports. */
  client: 'redis-py' | 'stand-in';
  /** Runs a script in a process of its own. @returns what it prints @throws Error with what it says if it fails */
  run(script: { file: URL } | { text: string }, url: string, ...args: string[]): Promise<string>;
}

/**
 * One with the client that is installed, if there is one; in any case one with a small client of our own.
 * @throws Error where there is no Python at all
 */
export function pythons(): Python[] {
  const installed = INTERPRETERS.find((interpreter) => works(interpreter, 'import redis'));
  const any = installed ?? INTERPRETERS.find((interpreter) => works(interpreter, ''));
  if (any === undefined) {
    throw new Error('There is no python3: install it (Debian and Ubuntu: `sudo apt-get install python3-redis`).');
  }
  const standIn = pythonOf('stand-in', any, { PYTHONPATH: STAND_IN });
  return installed === undefined ? [standIn] : [pythonOf('redis-py', installed), standIn];
}

function pythonOf(client: Python['client'], interpreter: string, env: NodeJS.ProcessEnv = {}): Python {
  return {
    client,
    async run(script, url, ...args) {
      const source = 'file' in script ? [fileURLToPath(script.file)] : ['-c', script.text];
      const { stdout } = await run(interpreter, [...source, ...args], {
        env: { ...process.env, PYTHONDONTWRITEBYTECODE: '1', ...env, REDIS_URL: url },
        timeout: 20_000,
      });
      return stdout.trimEnd();
    },
  };
}

function works(interpreter: string, program: string): boolean {
  return spawnSync(interpreter, ['-c', program], { stdio: 'ignore' }).status === 0;
}
