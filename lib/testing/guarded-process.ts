import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { createInterface } from 'node:readline';

/**
 * A shell that runs a command and outlives us. Its stdin is a pipe that only we hold, so however our process ends, SIGKILL
 * included, the pipe closes; the shell then kills the command, waits for its end, and removes the folder.
 *
 * Arguments: the folder to remove (empty for none), the log file, the command with its arguments.
 * It prints the command's process id, later `ended`. One line on its stdin: go, and leave the folder.
 */
const GUARD = `
folder=$1 log=$2
shift 2

clean_up() {
  if [ -n "$server" ]; then kill -9 "$server"; wait "$server"; fi
  if [ -n "$folder" ]; then rm -rf "$folder"; fi
  exit 0
}
server=
trap clean_up TERM INT HUP

exec 3<&0
"$@" </dev/null >>"$log" 2>&1 3<&- &
server=$!
trap '' PIPE
( read -r line <&3 || kill -TERM $$ ) &

echo "$server"
wait "$server"
server=
echo ended
wait
`;

/** What to run, and what to remove when it is over. */
export interface GuardedCommand {
  readonly binary: string;
  readonly args: readonly string[];
  readonly logFile: string;
  /** Removed by {@link GuardedProcess.close}, or when our process ends; `null` for nothing. */
  readonly folder: string | null;
}

/**
 * A child process that is sure to end: with {@link close}, or with our own process, whatever ends that.
 * It never keeps our process running by itself.
 */
export class GuardedProcess {
  /** Resolves when the command has ended, for whatever reason. */
  readonly ended: Promise<void>;
  private running = true;

  private constructor(
    private readonly guard: ChildProcess,
    private readonly guardExit: Promise<unknown>,
    readonly pid: number,
    ended: Promise<unknown>,
  ) {
    this.ended = ended.then(() => {
      this.running = false;
    });
  }

  static async start({ binary, args, logFile, folder }: GuardedCommand): Promise<GuardedProcess> {
    // A session of its own (detached): Ctrl-C and signals to our process group must leave the guard alive to clean up.
    const guard = spawn('/bin/sh', ['-c', GUARD, 'guard', folder ?? '', logFile, binary, ...args], {
      detached: true,
      stdio: ['pipe', 'pipe', 'ignore'],
    });
    // Writing to a guard that is gone fails; its exit, which we watch, says the same.
    guard.stdin.on('error', () => undefined);
    const guardExit = once(guard, 'exit');
    const lines = createInterface(guard.stdout);
    const ended = new Promise<void>((resolve) => {
      lines.on('line', (line) => line === 'ended' && resolve());
      guardExit.then(() => resolve(), resolve);
    });
    const pid = await new Promise<number>((resolve, reject) => {
      lines.once('line', (line) => resolve(Number(line)));
      guardExit.then(() => reject(new Error('The shell that was to start it ended at once.')), reject);
    });
    const guarded = new GuardedProcess(guard, guardExit, pid, ended);
    guarded.keepsUsRunning(false);
    return guarded;
  }

  get isRunning(): boolean {
    return this.running;
  }

  /** Sends a signal, unless the command has ended. */
  signal(name: NodeJS.Signals): void {
    if (!this.running) return;
    try {
      process.kill(this.pid, name);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
    }
  }

  /** Waits for the end of the command; `false` if it still runs after that time. */
  async endsWithin(timeoutMs: number): Promise<boolean> {
    let timer: NodeJS.Timeout | undefined;
    const timeout = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, timeoutMs);
    });
    await Promise.race([this.ended, timeout]);
    clearTimeout(timer);
    return !this.running;
  }

  /** Kills the command if it still runs, and removes the folder; resolves when both are gone. */
  async close(): Promise<void> {
    this.keepsUsRunning(true);
    this.guard.stdin?.end();
    await this.guardExit;
  }

  /** Once the command has ended: lets the guard go without removing the folder. */
  async leaveFolder(): Promise<void> {
    this.keepsUsRunning(true);
    this.guard.stdin?.write('\n');
    await this.guardExit;
  }

  private keepsUsRunning(yes: boolean): void {
    for (const handle of [this.guard, this.guard.stdin as Socket, this.guard.stdout as Socket]) {
      if (yes) handle.ref();
      else handle.unref();
    }
  }
}
