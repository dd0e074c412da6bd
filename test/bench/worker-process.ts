import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { forkScript } from './fork-script.js';

/** Longer than any workload needs one. */
const DEADLINE_MS = 5 * 60_000;

export interface WorkerReport {
  /** The numbers of the tasks, as often as they came. */
  handled: number[];
  /** From the call of `Peer.work` to that of the handler. */
  firstTaskMs: number;
}

/** A worker in a process of its own. It ends with ours; that it ends before it has reported is an error that ends ours. */
export class WorkerProcess {
  private readonly fail = (code: number | null, signal: NodeJS.Signals | null): never => {
    throw new Error(`A worker ended with ${signal ?? `exit status ${code}`} before it had reported.`);
  };

  private constructor(private readonly child: ChildProcess) {
    child.once('exit', this.fail);
  }

  /** Resolves when the process has loaded its code, and waits for `work`. */
  static async load(peer: string, url: string, concurrency: number): Promise<WorkerProcess> {
    const child = forkScript('./worker.ts', [peer, url, String(concurrency)], DEADLINE_MS);
    const worker = new WorkerProcess(child);
    await once(child, 'message');
    return worker;
  }

  /** Resolves when the first task has come. That one and the others that come are held until `goOn`. */
  async work(): Promise<void> {
    this.child.send('work');
    await once(this.child, 'message');
  }

  goOn(): void {
    this.child.send('go on');
  }

  async stop(): Promise<WorkerReport> {
    this.child.send('stop');
    const [report] = (await once(this.child, 'message')) as [WorkerReport];
    this.child.off('exit', this.fail);
    return report;
  }
}
