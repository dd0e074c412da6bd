import { hostname } from 'node:os';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { VERSION } from '../version.js';
import type { ProcessFacts } from './worker-facts.js';

/** Each time the process wakes for it, also one that has nothing to do. */
const RESOLUTION_MS = 100;
const NANOS = 1e6;

/** How the process of a worker gets on. Watches its event loop from when it is made until it is stopped. */
export class ProcessWatch {
  private readonly delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS });

  constructor() {
    this.delay.enable();
  }

  get facts(): ProcessFacts {
    const { rss, heapUsed } = process.memoryUsage();
    const eventLoopDelayMs = { p99: delayOf(this.delay.percentile(99)), max: delayOf(this.delay.max) };
    return { host: hostname(), pid: process.pid, version: VERSION, eventLoopDelayMs, memory: { rss, heapUsed } };
  }

  /** Forgets how long it was delayed so far. */
  begin(): void {
    this.delay.reset();
  }

  stop(): void {
    this.delay.disable();
  }
}

/** What is measured is the time from one timer to the next. */
function delayOf(nanos: number): number {
  return Math.max(0, Math.round((nanos / NANOS - RESOLUTION_MS) * 10) / 10);
}
