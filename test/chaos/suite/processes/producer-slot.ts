import type { GuardedProcess } from '../../../../lib/testing/guarded-process.js';
import { readJournals } from '../run-journal.js';
import { spawnScript } from './spawn.js';
import type { ProducerConfig } from './process-config.js';

/** Keeps one producer running until its share of the plan is added. */
export class ProducerSlot {
  /** Resolves once all of its share was accepted. */
  readonly done: Promise<void>;
  private process: GuardedProcess | undefined;
  private generation = 0;
  private isClosing = false;

  constructor(private readonly config: Omit<ProducerConfig, 'label'>) {
    this.done = this.live();
  }

  kill(): void {
    this.process?.signal('SIGKILL');
  }

  async close(): Promise<void> {
    this.isClosing = true;
    this.kill();
    await this.done;
  }

  private async live(): Promise<void> {
    let isDone = false;
    while (!isDone && !this.isClosing) {
      const label = `producer-${this.config.share}.${++this.generation}`;
      const config: ProducerConfig = { ...this.config, label };
      this.process = await spawnScript('./producer-process.ts', config);
      await this.process.ended;
      await this.process.close();
      isDone = readJournals(this.config.folder, new RegExp(`^${label}$`)).some(({ event }) => event === 'done');
    }
  }
}
