/* As much of bee-queue's types as the benchmark needs; see `bullmq-module.d.ts`. */

interface QueueSettings {
  redis: string;
  isWorker?: boolean;
  getEvents?: boolean;
  storeJobs?: boolean;
  activateDelayedJobs?: boolean;
}

interface Job<Data> {
  data: Data;
  delayUntil(timestamp: number): this;
  on(event: 'succeeded', listener: (result: never) => void): this;
  on(event: 'failed', listener: (error: Error) => void): this;
  save(): Promise<this>;
}

export default class Queue<Data> {
  constructor(name: string, settings: QueueSettings);
  ready(): Promise<this>;
  createJob(data: Data): Job<Data>;
  saveAll(jobs: Job<Data>[]): Promise<Map<Job<Data>, Error>>;
  process(concurrency: number, handler: (job: Job<Data>) => Promise<unknown>): void;
  checkStalledJobs(interval: number): Promise<number>;
  on(event: 'error', listener: (error: Error) => void): this;
  on(event: 'failed', listener: (job: Job<Data>, error: Error) => void): this;
  close(): Promise<void>;
}
