import type { GuardedProcess } from '../../../../lib/testing/guarded-process.js';
import type { TcpProxy } from '../../../support/tcp-proxy.js';
import type { Incidents } from '../incidents.js';
import type { RunSettings } from '../settings.js';
import { spawnScript } from './spawn.js';

/** How long a worker may take to shut down: its own timeouts, one after the other, and a busy machine. */
const STOP_WITHIN_MS = 15_000;

/** Keeps one worker running: whenever its process has ended, it starts the next one. */
export class WorkerSlot {
  private process: GuardedProcess | undefined;
  private generation = 0;
  /** Faults leave it alone: it is stopped, or on its way out. */
  private isTaken = false;
  private isClosing = false;
  private life: Promise<void> | undefined;

  constructor(
    private readonly number: number,
    /** The worker's own way to Redis. */
    readonly network: TcpProxy,
    private readonly folder: string,
    private readonly settings: RunSettings,
    private readonly incidents: Incidents,
  ) {}

  /** How many processes there were. */
  get starts(): number {
    return this.generation;
  }

  get isFree(): boolean {
    return this.process !== undefined && !this.isTaken;
  }

  open(): void {
    this.life = this.live();
  }

  kill(): void {
    this.process?.signal('SIGKILL');
  }

  /** Freezes the process for that time. */
  async freeze(sleep: () => Promise<void>): Promise<void> {
    await this.take(async (worker) => {
      worker.signal('SIGSTOP');
      this.incidents.silent(this.label);
      await sleep();
      worker.signal('SIGCONT');
    });
  }

  /** Shuts the worker down as a deployment does. */
  async terminate(): Promise<void> {
    await this.take(async (worker) => {
      const { label } = this;
      worker.signal('SIGTERM');
      if (await worker.endsWithin(STOP_WITHIN_MS)) return;
      this.incidents.problem(`${label} did not end within ${STOP_WITHIN_MS} ms after SIGTERM`);
      worker.signal('SIGKILL');
    });
  }

  /** Shuts the worker down, and starts no other one. */
  async close(): Promise<void> {
    this.isClosing = true;
    await this.terminate();
    await this.life;
  }

  private get label(): string {
    return `worker-${this.number}.${this.generation}`;
  }

  private async live(): Promise<void> {
    while (!this.isClosing) {
      this.generation++;
      const { label, folder, settings, network } = this;
      this.process = await spawnScript('./worker-process.ts', { label, url: network.url, folder, settings });
      await this.process.ended;
      this.incidents.silent(label);
      await this.process.close();
      this.process = undefined;
    }
  }

  private async take(action: (worker: GuardedProcess) => Promise<void>): Promise<void> {
    const worker = this.process;
    if (!worker) return;
    this.isTaken = true;
    try {
      await this.incidents.absence(this.number, () => action(worker));
    } finally {
      this.isTaken = false;
    }
  }
}
