import { beforeEach, describe, expect, it } from 'vitest';
import { SampleProcess } from './sample-process.js';
import { sampleRedis } from './sample-redis.js';

const { url, redis } = sampleRedis(13);

beforeEach(async () => {
  await redis.flushdb();
});

describe('sample/enhancers', () => {
  it('prints what became of each parcel, and ends', async () => {
    const sample = SampleProcess.start('enhancers', { env: { REDIS_URL: url } });
    expect(await sample.closed).toEqual({ code: 0, signal: null });
    expect(sample.lines.filter((line) => /^(\{|  (completed|failed))/.test(line))).toEqual([
      '{"sender":"ann","to":"Oslo","kilograms":3}',
      '  completed: 3 kg on their way to Oslo at attempt 1',
      '{"sender":"bob","to":"Svalbard","kilograms":5}',
      '  completed: 5 kg on their way to Svalbard at attempt 2',
      '{"sender":"bob","to":"","kilograms":99}',
      '  failed: TaskRejectedError: A pipe turned the task down: BadRequestException: to should not be empty; ' +
        'kilograms must not be greater than 30',
      '{"sender":"eve","to":"Oslo","kilograms":1}',
      '  failed: TaskRejectedError: A guard turned the task down: UnauthorizedException: eve is no customer',
    ]);
  });

  it('says how long each attempt took that its guard let pass', async () => {
    const sample = SampleProcess.start('enhancers', { env: { REDIS_URL: url } });
    await sample.closed;
    const attempts = sample.lines.flatMap((line) => /parcel\.send \S+, attempt (\d): [\d.]+ ms/.exec(line)?.[1] ?? []);
    expect(attempts.sort()).toEqual(['1', '1', '1', '2']);
  });
});
