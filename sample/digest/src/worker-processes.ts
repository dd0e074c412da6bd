import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { WORKER_ENVIRONMENT } from './worker.js';

const MAIN = fileURLToPath(new URL('./main.js', import.meta.url));
const KILL_AFTER_MS = 20_000;

/** The worker processes beside this one. */
export class WorkerProcesses {
  private readonly running = new Set<ChildProcess>();
  private readonly noneLeft = new AbortController();
  private stopping = false;

  /** @param interrupted Ctrl-C reaches them, too: then it is no news that they end */
  constructor(
    private readonly redisUrl: string,
    private readonly interrupted: AbortSignal,
  ) {}

  /** Aborted when all of them have ended although nobody stopped them. */
  get lost(): AbortSignal {
    return this.noneLeft.signal;
  }

  /** Resolves when all of them are ready for tasks. */
  async start(count: number): Promise<void> {
    await Promise.all(Array.from({ length: count }, () => this.startOne()));
  }

  /** Lets each finish what it works on; resolves when all of them have ended. */
  async stop(): Promise<void> {
    this.stopping = true;
    await Promise.all([...this.running].map(stopOne));
  }

  private async startOne(): Promise<void> {
    const child = fork(MAIN, { env: { ...process.env, ...WORKER_ENVIRONMENT, REDIS_URL: this.redisUrl } });
    this.running.add(child);
    child.once('exit', (code, signal) => this.ended(child, signal ?? `exit code ${code}`));
    await new Promise((resolve, reject) => {
      child.once('message', resolve);
      child.once('exit', () => reject(new Error('A worker process could not start.')));
      child.once('error', (error) => {
        if (child.pid === undefined) this.running.delete(child);
        reject(error);
      });
    });
  }

  private ended(child: ChildProcess, how: string): void {
    this.running.delete(child);
    if (this.stopping || this.interrupted.aborted) return;
    console.error(`\nWorker process ${child.pid} ended (${how}).`);
    if (this.running.size > 0) console.error('What it worked on goes to the others once its lease is over.');
    else this.noneLeft.abort(new Error('No worker process is left.'));
  }
}

async function stopOne(child: ChildProcess): Promise<void> {
  const end = once(child, 'exit');
  const impatience = setTimeout(() => child.kill('SIGKILL'), KILL_AFTER_MS);
  child.kill('SIGTERM');
  await end;
  clearTimeout(impatience);
}
