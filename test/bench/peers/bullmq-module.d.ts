/**
 * The part of BullMQ that is measured, as its documentation has it. Types of our own, because BullMQ is installed only
 * where the benchmark runs, and the sources are type-checked everywhere.
 */
declare module 'bullmq' {
  interface ConnectionOptions {
    url: string;
    maxRetriesPerRequest: null;
  }

  interface JobOptions {
    removeOnComplete: boolean;
  }

  interface Job<Data> {
    data: Data;
  }

  export class Queue<Data> {
    constructor(name: string, options: { connection: ConnectionOptions; defaultJobOptions: JobOptions });
    waitUntilReady(): Promise<unknown>;
    add(name: string, data: Data): Promise<Job<Data>>;
    addBulk(jobs: { name: string; data: Data }[]): Promise<Job<Data>[]>;
    close(): Promise<void>;
  }

  export class Worker<Data, Result> {
    constructor(
      name: string,
      processor: (job: Job<Data>) => Promise<Result>,
      options: { connection: ConnectionOptions; concurrency: number },
    );
    on(event: 'error', listener: (error: Error) => void): this;
    on(event: 'failed', listener: (job: Job<Data> | undefined, error: Error) => void): this;
    waitUntilReady(): Promise<unknown>;
    close(): Promise<void>;
  }
}
