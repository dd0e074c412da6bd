import type { Consumer } from './consumer.js';

/** Where the consumer of a queue stands in this process. `stopping`: it claims nothing any more, and waits for what runs. */
export type ConsumerState = 'running' | 'paused' | 'stopping' | 'stopped';

/** How a consumer is begun, and how it is ended. */
export interface ConsumerSwitchOptions {
  /** @param workerId never used before in that queue */
  begin: (workerId: string, concurrency: number) => Consumer;
  end: (consumer: Consumer, loop: Promise<void>) => Promise<void>;
}

/**
 * Starts and stops the consumer of one queue, any number of times: each start makes a new one.
 *
 * | state | what holds | leaves it when |
 * |---|---|---|
 * | stopped | there is no consumer | `start` → running |
 * | running | its loop turns | `pause` → paused; `stop` → stopping |
 * | paused | its loop turns, but nothing is claimed or begun | `resume` → running; `stop` → stopping |
 * | stopping | it drains | it has ended → stopped; then running if `start` was called since the last `stop` |
 */
export class ConsumerSwitch {
  private current: { consumer: Consumer; loop: Promise<void> } | undefined;
  private ending: Promise<void> | undefined;
  private isWanted = false;

  constructor(
    private readonly options: ConsumerSwitchOptions,
    /** Of the present consumer, and of those that are started later. */
    private concurrencyNow: number,
  ) {}

  get concurrency(): number {
    return this.concurrencyNow;
  }

  /** How many handlers run. */
  get active(): number {
    return this.current?.consumer.running.length ?? 0;
  }

  get state(): ConsumerState {
    if (!this.current) return 'stopped';
    if (this.ending) return 'stopping';
    return this.current.consumer.isPaused ? 'paused' : 'running';
  }

  /** Once it has ended where it is stopping, unless `stop` is called again meanwhile. */
  async start(workerId: string): Promise<void> {
    this.isWanted = true;
    if (this.ending) await this.ending;
    if (!this.isWanted || this.current) return;
    const consumer = this.options.begin(workerId, this.concurrencyNow);
    this.current = { consumer, loop: consumer.run() };
  }

  async stop(): Promise<void> {
    this.isWanted = false;
    if (this.current) this.ending ??= this.end(this.current);
    await this.ending;
  }

  /** @returns whether it is paused now */
  pause(): boolean {
    if (this.state === 'running') this.current?.consumer.pause();
    return this.state === 'paused';
  }

  /** @returns whether it is running now */
  resume(): boolean {
    if (this.state === 'paused') this.current?.consumer.resume();
    return this.state === 'running';
  }

  setConcurrency(concurrency: number): void {
    this.concurrencyNow = concurrency;
    this.current?.consumer.setConcurrency(concurrency);
  }

  private async end({ consumer, loop }: NonNullable<typeof this.current>): Promise<void> {
    await this.options.end(consumer, loop);
    this.current = this.ending = undefined;
  }
}
