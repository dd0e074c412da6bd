import { setTimeout as delay } from 'node:timers/promises';
import { beforeEach } from 'vitest';
import { MovableClock } from '../../lib/broker/memory/memory-clock.js';
import { MemoryBroker } from '../../lib/broker/memory/memory.broker.js';
import type { TaskBroker } from '../../lib/broker/task-broker.js';
import { openBroker } from './broker-fixture.js';
import { redisFixture } from './redis-fixture.js';

/** Where the contract of brokers is tested: one that keeps tasks somewhere, and its clock. */
export interface Stage {
  readonly name: string;
  /** A broker; within one test all of them lead to the same tasks. */
  open(): TaskBroker;
  /** Lets so much time pass: on Redis, whose clock nobody can move, in truth. */
  passes(ms: number): Promise<void>;
  /** What its clock says, in ms. */
  now(): Promise<number>;
}

/** @param file is part of the prefix of all keys */
export function stages(file: string): Stage[] {
  return [redisStage(file), memoryStage()];
}

function redisStage(file: string): Stage {
  const fixture = redisFixture(file);
  return {
    name: 'Redis',
    open: () => openBroker(fixture),
    passes: async (ms) => delay(ms + 1),
    now: async () => {
      const [seconds, micros] = await fixture.redis.time();
      return Number(seconds) * 1_000 + Math.floor(Number(micros) / 1_000);
    },
  };
}

function memoryStage(): Stage {
  let clock: MovableClock;
  let broker: MemoryBroker;
  beforeEach(() => {
    clock = new MovableClock();
    broker = new MemoryBroker(clock);
  });
  return {
    name: 'memory',
    open: () => broker,
    passes: async (ms) => void clock.moveTo(clock.nowMs + ms),
    now: async () => clock.nowMs,
  };
}
