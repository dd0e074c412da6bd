import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const REGISTER = fileURLToPath(new URL('./typescript/register.mjs', import.meta.url));

/** A TypeScript file that runs in a Node process of its own. */
export interface RunningScript {
  readonly process: ChildProcess;
  /** The next line that it prints; rejects if it ends without one. */
  nextLine(): Promise<string>;
  /** How it ended. */
  readonly exit: Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
}

/** Starts the script at that URL; what it writes to stderr goes to ours. */
export function startScript(
  script: URL,
  { args = [], env = {} }: { args?: readonly string[]; env?: NodeJS.ProcessEnv } = {},
): RunningScript {
  const child = spawn(process.execPath, ['--import', REGISTER, fileURLToPath(script), ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, ...env },
  });
  const exit = once(child, 'exit').then(([code, signal]) => ({
    code: code as number | null,
    signal: signal as NodeJS.Signals | null,
  }));
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();

  return {
    process: child,
    exit,
    async nextLine() {
      const line = await lines.next();
      if (line.done === true) throw new Error(`${script.pathname} ended without a further line.`);
      return line.value;
    },
  };
}
