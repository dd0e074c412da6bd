import type { Redis } from 'ioredis';
import { cpus } from 'node:os';
import type { Figures } from './figures.js';
import { redisUsage, type RedisUsage } from './redis-info.js';

/** Measures time, what Redis does, and the CPU time of Redis, of this process and of everybody else, from `start` to `stop`. */
export class Meter {
  private constructor(
    private readonly redis: Redis,
    private readonly usage: RedisUsage,
    private readonly machineMicros: number,
    private readonly node: NodeJS.CpuUsage,
    private readonly startedAt: number,
  ) {}

  static async start(redis: Redis): Promise<Meter> {
    const usage = await redisUsage(redis);
    return new Meter(redis, usage, machineCpuMicros(), process.cpuUsage(), performance.now());
  }

  /** @param tasks what was done since `start` */
  async stop(tasks: number): Promise<Figures> {
    const micros = (performance.now() - this.startedAt) * 1000;
    const { user, system } = process.cpuUsage(this.node);
    const nodeMicros = user + system;
    const machineMicros = machineCpuMicros() - this.machineMicros;
    const usage = await redisUsage(this.redis);
    const redisMicros = usage.cpuMicros - this.usage.cpuMicros;
    return {
      tasksPerSecond: (tasks / micros) * 1_000_000,
      redisMicros: redisMicros / tasks,
      nodeMicros: nodeMicros / tasks,
      commands: (usage.commands - this.usage.commands - 1) / tasks,
      othersPercent: Math.max(0, (100 * (machineMicros - nodeMicros - redisMicros)) / micros),
    };
  }
}

/** All CPU time that the machine has used so far, counted in ticks of a few milliseconds. */
function machineCpuMicros(): number {
  return cpus().reduce((sum, { times }) => sum + (times.user + times.nice + times.sys + times.irq) * 1000, 0);
}
