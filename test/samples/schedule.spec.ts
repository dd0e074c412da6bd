import { setTimeout as sleep } from 'node:timers/promises';
import { beforeEach, describe, expect, it } from 'vitest';
import { eventually } from '../support/eventually.js';
import { SampleProcess } from './sample-process.js';
import { sampleRedis } from './sample-redis.js';

const { url, redis } = sampleRedis(12);

beforeEach(async () => {
  await redis.flushdb();
});

const startSchedule = (): SampleProcess => SampleProcess.start('schedule', { env: { REDIS_URL: url } });
const pulses = (...samples: SampleProcess[]): string[] =>
  samples.flatMap(({ stdout }) => [...stdout.matchAll(/ pulse office:schedule:pulse:(\S+)/g)].map(([, at = '']) => at));

describe('sample/schedule', () => {
  it('prints its timetable, and runs what is due: out of turn, later, and again and again', async () => {
    const sample = startSchedule();
    await sample.printed(/^ann:lunch +30 11 \* \* \* \(America\/New_York\) +next at \S+T1[56]:30:00.000Z$/m);
    expect(sample.stdout).toMatch(/^morning-report +0 8 \* \* 1-5 \(Europe\/Berlin\) +next at \S+T0[67]:00:00.000Z$/m);
    expect(sample.stdout).toMatch(/^pulse +every 2000 ms +next at \S+$/m);
    const [, added = ''] = await sample.printed(/^(\S+) office:\S+ is due in 3 s$/m);
    await sample.printed(/ reminder: lunch, Ann$/m);
    const [, reminded = ''] = await sample.printed(/^(\S+) reminder: stretch your legs$/m);
    expect(Date.parse(reminded) - Date.parse(added)).toBeGreaterThanOrEqual(2_900);
    expect(await redis.hget('task_schedule:{office}:morning-report', 'owner')).toBe('office');

    sample.signal('SIGTERM');
    expect(await sample.closed).toEqual({ code: null, signal: 'SIGTERM' });
    expect(sample.stderr).toBe('');
  });

  it('makes every tick once where it runs twice, and goes on where one of the two is killed', async () => {
    const [one, two] = [startSchedule(), startSchedule()];
    await Promise.all([one, two].map((sample) => sample.printed(/^pulse +every/m)));
    await eventually(() => pulses(one, two).length >= 2);
    await sleep(500); // what it has just run is settled by then
    one.signal('SIGKILL');
    await one.ended;
    const count = pulses(one, two).length;
    await eventually(() => pulses(one, two).length >= count + 2);
    const times = pulses(one, two)
      .map((at) => Date.parse(at))
      .sort((a, b) => a - b);
    expect(times).toEqual(times.map((_, i) => (times[0] ?? 0) + 2_000 * i));
  });

  it('brings its own Redis if there is none', async () => {
    const sample = SampleProcess.start('schedule');
    await sample.printed(/^REDIS_URL is not set: using a private server/m);
    await sample.printed(/^pulse +every/m);
    sample.signal('SIGTERM');
    expect(await sample.closed).toEqual({ code: null, signal: 'SIGTERM' });
    await eventually(() => sample.leftOver().length === 0, { what: 'All processes have ended' });
  });
});
