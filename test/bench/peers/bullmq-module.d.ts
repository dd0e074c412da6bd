/*
 * As much of BullMQ's types as the benchmark needs. They stand in for the real ones (`paths` in test/tsconfig.json), because
 * BullMQ is installed only where the benchmark runs, and the sources are type-checked everywhere.
 */

interface ConnectionOptions {
  url: string;
  maxRetriesPerRequest: null;
}

interface JobOptions {
  removeOnComplete?: boolean;
  delay?: number;
}

interface Job<Data, Result> {
  data: Data;
  waitUntilFinished(events: QueueEvents): Promise<Result>;
}

export class Queue<Data, Result> {
  constructor(name: string, options: { connection: ConnectionOptions; defaultJobOptions: JobOptions });
  waitUntilReady(): Promise<unknown>;
  add(name: string, data: Data): Promise<Job<Data, Result>>;
  addBulk(jobs: { name: string; data: Data; opts?: JobOptions }[]): Promise<Job<Data, Result>[]>;
  close(): Promise<void>;
}

export class QueueEvents {
  constructor(name: string, options: { connection: ConnectionOptions });
  waitUntilReady(): Promise<unknown>;
  close(): Promise<void>;
}

export class Worker<Data, Result> {
  constructor(
    name: string,
    processor: (job: Job<Data, Result>) => Promise<Result>,
    options: { connection: ConnectionOptions; concurrency: number },
  );
  on(event: 'error', listener: (error: Error) => void): this;
  on(event: 'failed', listener: (job: Job<Data, Result> | undefined, error: Error) => void): this;
  waitUntilReady(): Promise<unknown>;
  close(): Promise<void>;
}
