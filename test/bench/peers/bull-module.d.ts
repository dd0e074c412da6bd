/* As much of Bull's types as the benchmark needs; see `bullmq-module.d.ts`. */

interface JobOptions {
  removeOnComplete?: boolean;
  delay?: number;
}

interface Job<Data> {
  data: Data;
  finished(): Promise<unknown>;
}

export default class Queue<Data> {
  constructor(name: string, url: string, options?: { defaultJobOptions: JobOptions });
  isReady(): Promise<this>;
  add(name: string, data: Data): Promise<Job<Data>>;
  addBulk(jobs: { name: string; data: Data; opts?: JobOptions }[]): Promise<Job<Data>[]>;
  process(name: string, concurrency: number, handler: (job: Job<Data>) => Promise<unknown>): Promise<void>;
  on(event: 'error', listener: (error: Error) => void): this;
  on(event: 'failed', listener: (job: Job<Data>, error: Error) => void): this;
  close(): Promise<void>;
}
