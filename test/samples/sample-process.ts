import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterEach } from 'vitest';
import { eventually } from '../support/eventually.js';

export interface SampleOptions {
  args?: readonly string[];
  /** Is set beside the environment of the tests; `undefined` takes a variable away. */
  env?: Record<string, string | undefined>;
  cwd?: string;
}

export interface Ending {
  code: number | null;
  signal: NodeJS.Signals | null;
}

const started = new Set<SampleProcess>();

afterEach(async () => {
  for (const sample of started) await sample.kill();
  started.clear();
});

/** A built sample that runs as a process of its own; whatever is left of it after the test is killed. */
export class SampleProcess {
  stdout = '';
  stderr = '';
  /** It ended. */
  readonly ended: Promise<Ending>;
  /** It ended, and nobody holds its output open any more: neither does a child of it. */
  readonly closed: Promise<Ending>;
  private readonly known = new Set<number>();

  private constructor(private readonly child: ChildProcess) {
    const toEnding = ([code, signal]: unknown[]): Ending => ({ code, signal }) as Ending;
    this.ended = once(child, 'exit').then(toEnding);
    this.closed = once(child, 'close').then(toEnding);
    child.stdout?.setEncoding('utf8').on('data', (text: string) => (this.stdout += text));
    child.stderr?.setEncoding('utf8').on('data', (text: string) => (this.stderr += text));
    started.add(this);
  }

  static start(name: string, options: SampleOptions = {}): SampleProcess {
    const main = fileURLToPath(new URL(`../../sample/${name}/dist/main.js`, import.meta.url));
    if (!existsSync(main)) throw new Error(`${main} is missing: build the samples first (npm run build:samples).`);
    return SampleProcess.run(main, options);
  }

  /** The application whose file that is. */
  static run(main: string, { args = [], env = {}, cwd }: SampleOptions = {}): SampleProcess {
    const environment = { ...process.env, NO_COLOR: '1', REDIS_URL: undefined, ...env };
    return new SampleProcess(spawn(process.execPath, [main, ...args], { cwd, env: environment, stdio: 'pipe' }));
  }

  /** Its lines on stdout. */
  get lines(): string[] {
    return this.stdout.split('\n');
  }

  /** Waits until stdout matches. */
  async printed(pattern: RegExp): Promise<RegExpExecArray> {
    return eventually(() => pattern.exec(this.stdout), { what: `${pattern} in "${this.stdout}" ${this.stderr}` });
  }

  signal(name: NodeJS.Signals): void {
    this.child.kill(name);
  }

  /** Stops reading, as `| head` does. */
  closeOutput(): void {
    this.child.stdout?.destroy();
  }

  /** The processes that descend from it now, by id; remembered, for {@link leftOver}. */
  descendants(): number[] {
    const all = runningProcesses();
    const found = [this.child.pid ?? 0];
    for (const parent of found) found.push(...all.filter(({ ppid }) => ppid === parent).map(({ pid }) => pid));
    const [, ...descendants] = found;
    for (const pid of descendants) this.known.add(pid);
    return descendants;
  }

  /** Those of the processes that were seen by {@link descendants}, and of itself, that still run. */
  leftOver(): number[] {
    const ours = new Set([...this.known, this.child.pid]);
    return runningProcesses()
      .map(({ pid }) => pid)
      .filter((pid) => ours.has(pid));
  }

  async kill(): Promise<void> {
    this.descendants();
    for (const pid of this.leftOver()) process.kill(pid, 'SIGKILL');
    await this.ended;
  }
}

interface Process {
  pid: number;
  ppid: number;
}

/** All processes of this machine, except those that ended and only wait for their parent to notice. */
function runningProcesses(): Process[] {
  const rows = existsSync('/proc/self/stat') ? fromProc() : fromPs();
  return rows.filter(({ state }) => !state.startsWith('Z'));
}

function fromProc(): (Process & { state: string })[] {
  return readdirSync('/proc').flatMap((pid) => {
    if (!/^\d+$/.test(pid)) return [];
    try {
      // "12 (name) S 1 …", and the name may contain anything.
      const [state = '', ppid] = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ') ?? [];
      return [{ pid: Number(pid), ppid: Number(ppid), state }];
    } catch {
      return []; // it has just ended
    }
  });
}

function fromPs(): (Process & { state: string })[] {
  const output = execFileSync('ps', ['-A', '-o', 'pid=,ppid=,stat='], { encoding: 'utf8' });
  return output
    .trim()
    .split('\n')
    .map((line) => {
      const [pid, ppid, state = ''] = line.trim().split(/\s+/);
      return { pid: Number(pid), ppid: Number(ppid), state };
    });
}
