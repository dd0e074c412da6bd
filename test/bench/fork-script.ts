import { fork, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const REGISTER = new URL('./register.mjs', import.meta.url).href;

/** Runs a script of this folder in a process of its own, which is killed if it outlives `timeoutMs`. */
export function forkScript(file: string, args: readonly string[], timeoutMs: number): ChildProcess {
  return fork(fileURLToPath(new URL(file, import.meta.url)), args, {
    execArgv: ['--expose-gc', '--import', REGISTER],
    timeout: timeoutMs,
    killSignal: 'SIGKILL',
  });
}
