/* As much of groupmq's types as the benchmark needs; see `bullmq-module.d.ts`. */

import type { Redis } from 'ioredis';

interface QueueOptions {
  redis: Redis;
  namespace: string;
  keepCompleted?: number;
  autoBatch?: { size: number; maxWaitMs: number };
}

interface Job<Data> {
  id: string;
  data: Data;
  status: string;
  returnvalue?: unknown;
}

export class Queue<Data> {
  constructor(options: QueueOptions);
  add(job: { groupId: string; data: Data; delay?: number }): Promise<Job<Data>>;
  getJob(id: string): Promise<Job<Data>>;
  close(): Promise<void>;
}

export class Worker<Data> {
  constructor(options: {
    queue: Queue<Data>;
    concurrency: number;
    handler: (job: Job<Data>) => Promise<unknown>;
    onError: (error: unknown) => void;
  });
  close(): Promise<void>;
}
