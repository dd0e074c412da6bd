import type { Redis } from 'ioredis';

const SLOW_MICROS = 2_000;
const LOG_MAX = 10_000;
/** Whatever else the machine does interrupts one call or another: only so large a share of slow ones is the command's own fault. */
const CHANCE = 0.02;

/** Which commands have kept Redis from everything else for too long, as its own log says. */
export class SlowCommands {
  constructor(private readonly redis: Redis) {}

  async begin(): Promise<void> {
    await this.redis.config('SET', 'slowlog-log-slower-than', SLOW_MICROS, 'slowlog-max-len', LOG_MAX);
    await this.redis.config('RESETSTAT');
    await this.redis.slowlog('RESET');
  }

  /** @returns what is to be told of each, and whether it was slow more often than by chance */
  async since(): Promise<{ told: string; isChance: boolean }[]> {
    const entries = (await this.redis.slowlog('GET', LOG_MAX)) as [number, number, micros: number, [string]][];
    const calls = await this.calls();
    const byCommand = new Map<string, number[]>();
    for (const [, , micros, [command]] of entries) {
      const name = command.toLowerCase();
      byCommand.set(name, [...(byCommand.get(name) ?? []), micros]);
    }
    return [...byCommand].map(([command, micros]) => {
      const all = calls.get(command) ?? micros.length;
      const told = `${command} ${micros.length} of ${all}, ${Math.max(...micros)} µs`;
      return { told, isChance: micros.length / all <= CHANCE };
    });
  }

  private async calls(): Promise<Map<string, number>> {
    const lines = (await this.redis.info('commandstats')).matchAll(/^cmdstat_([^:]+):calls=(\d+)/gm);
    return new Map([...lines].map(([, command = '', calls]) => [command, Number(calls)]));
  }
}
