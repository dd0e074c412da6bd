import { setTimeout as delay } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { afterEach, expect, it, onTestFinished } from 'vitest';
import { MAX_SLEEP_MS } from '../../lib/broker/task-broker.js';
import { RedisServer } from '../../lib/testing/index.js';
import { allCompleted } from '../support/all-completed.js';
import { eventually } from '../support/eventually.js';
import { expectNoDamage } from '../support/expect-no-damage.js';
import { type OutageLines, outageLines, outagesOver } from '../support/outage-lines.js';
import { privateRedis } from '../support/private-redis.js';
import { type CollectedLog, startApp, type TestApp } from '../support/test-app.js';
import { workHandler } from '../support/work-handler.js';

const COMMAND_TIMEOUT_MS = 500;
/** For a machine that is busy with other things. */
const SLACK_MS = 700;
/** Longer than anything of the library waits before it believes that an outage is over. */
const OUTAGE_MS = 2_500;

/** Per command, so that there is a time in which Redis loads its data. */
const LOAD_DELAY_US = 1_000;

const target = privateRedis({ aof: 'always', config: { 'key-load-delay': LOAD_DELAY_US } });
afterEach(() => expectNoDamage(target));

/** One process that works and one that only adds, both at rest. */
async function startBoth(url = target.url): Promise<{ worker: TestApp; adder: TestApp; runs: unknown[] }> {
  const runs: unknown[] = [];
  const options = { redis: url, commandTimeout: COMMAND_TIMEOUT_MS, lease: '1m' } as const;
  const worker = await startApp(options, [workHandler((data) => void runs.push(data))]);
  const adder = await startApp(options);
  const { id } = await adder.producer.add('work', 'before');
  await allCompleted(worker.status, [id]);
  await eventually(() => target.sleepers());
  return { worker, adder, runs };
}

/** What the log tells of outages, once that many are over and nothing more can come of them. */
async function settled(log: CollectedLog, outages: number): Promise<OutageLines> {
  await outagesOver(log, outages);
  await delay(1_500);
  return outageLines(log);
}

/** One outage per process, two lines each: all processes of a test share its log. */
function oneEach(processes: number, why: RegExp, fromS: number, toS: number): OutageLines {
  const inTime = (seconds: number): boolean => seconds >= fromS && seconds < toS;
  const length: unknown = expect.toSatisfy(inTime, `${fromS} to ${toS} s`);
  return {
    begun: Array<string>(processes).fill(expect.stringMatching(why) as string),
    lasted: Array<number>(processes).fill(length as number),
  };
}

async function addFails({ producer }: TestApp, code: string, data = 'lost'): Promise<void> {
  const begun = performance.now();
  await expect(producer.add('work', data)).rejects.toMatchObject({ code });
  expect(performance.now() - begun).toBeLessThan(COMMAND_TIMEOUT_MS + SLACK_MS);
}

async function addWorks({ adder, worker }: { adder: TestApp; worker: TestApp }): Promise<void> {
  const { id } = await eventually(() => adder.producer.add('work', 'after', { id: 'after' }));
  await allCompleted(worker.status, [id], { timeoutMs: 5_000 });
}

it('Redis is down at start: it is told at once, the application starts, and works when Redis comes', async () => {
  await target.server.kill();
  const options = { redis: target.url, commandTimeout: '10s' } as const;
  const begun = performance.now();
  const worker = await startApp(options, [workHandler((data) => data)]);
  await eventually(() => outageLines(worker.log).begun.length > 0);
  expect(performance.now() - begun).toBeLessThan(2_000);
  const adding = worker.producer.add('work', 'early');
  await delay(OUTAGE_MS);
  await target.server.restart();
  await allCompleted(worker.status, [(await adding).id]);
  expect(await settled(worker.log, 1)).toEqual(oneEach(1, /ECONNREFUSED/, OUTAGE_MS / 1000, 6));
});

it('Redis is killed and comes back after a while', async () => {
  const both = await startBoth();
  await target.server.kill();
  await addFails(both.adder, 'REDIS_UNAVAILABLE');
  await delay(OUTAGE_MS);
  await target.server.restart();
  await addWorks(both);
  expect(await settled(both.adder.log, 2)).toEqual(oneEach(2, /ECONNREFUSED|broke|ECONNRESET|EPIPE/, 3, 7));
});

it('Redis loads its data for a while after a restart', async () => {
  const both = await startBoth();
  const filler = target.redis.pipeline();
  for (let n = 0; n < 4_000; n++) filler.set(`filler:${n}`, n);
  await filler.exec();
  await target.server.kill();
  const loading = target.server.restart();
  const other = new Redis(target.url, { enableReadyCheck: false, retryStrategy: () => 20 });
  other.on('error', () => undefined); // until the server listens
  onTestFinished(() => other.disconnect());
  await eventually(async () => (await other.info('persistence')).includes('loading:1'));
  await addFails(both.adder, 'REDIS_UNAVAILABLE');
  await loading;
  await addWorks(both);
  expect(await settled(both.adder.log, 2)).toEqual(oneEach(2, /ECONNREFUSED|broke|ECONNRESET|EPIPE/, 0.5, 20));
});

it('connections are killed once, while nobody has anything to do', async () => {
  const both = await startBoth();
  await target.redis.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
  expect(await settled(both.adder.log, 2)).toEqual(oneEach(2, /broke|ECONNRESET|EPIPE/, 0, 1.5));
  await addWorks(both);
});

it.each(['WRITE', 'ALL'] as const)('CLIENT PAUSE %s for longer than a command may take', async (mode) => {
  const both = await startBoth();
  await target.redis.call('CLIENT', 'PAUSE', '7000', mode);
  for (let n = 0; n < 3; n++) {
    await addFails(both.adder, 'REDIS_UNAVAILABLE');
    await addFails(both.worker, 'REDIS_UNAVAILABLE');
    await delay(1_200); // a connection that can be opened is no end of it
  }
  await addWorks(both);
  expect(await settled(both.adder.log, 2)).toEqual(oneEach(2, /Socket timeout|no answer/, 4, 9));
});

it('the scripts are flushed: nobody notices', async () => {
  const both = await startBoth();
  await target.redis.script('FLUSH');
  await addWorks(both);
  expect(outageLines(both.adder.log)).toEqual({ begun: [], lasted: [] });
});

it('the server becomes a replica, and a master again', async () => {
  const both = await startBoth();
  await target.redis.replicaof('127.0.0.1', 1);
  for (let n = 0; n < 3; n++) {
    await addFails(both.adder, 'REDIS_UNAVAILABLE');
    await delay(1_200);
  }
  await target.redis.replicaof('NO', 'ONE');
  await addWorks(both);
  expect(await settled(both.adder.log, 2)).toEqual(oneEach(2, /READONLY|UNBLOCKED/, 3, 9));
});

it('failover: the address leads to the promoted replica, and everything goes on there', async () => {
  const replica = await RedisServer.start();
  const inReplica = new Redis(replica.url);
  onTestFinished(async () => {
    inReplica.disconnect();
    await replica.stop();
  });
  await inReplica.replicaof('127.0.0.1', target.server.port);
  await eventually(async () => (await inReplica.info('replication')).includes('master_link_status:up'));

  const proxy = await target.proxy();
  const both = await startBoth(proxy.url);
  await target.redis.wait(1, 1_000);
  await target.server.kill();
  proxy.leadTo(replica.port); // still a replica: the address is quicker than the promotion
  await addFails(both.adder, 'REDIS_UNAVAILABLE');
  await inReplica.replicaof('NO', 'ONE');
  await addWorks(both);
  expect(both.runs).toEqual(['before', 'after']);
  expect(await settled(both.adder.log, 2)).toEqual(oneEach(2, /broke|READONLY|ECONNRESET|EPIPE/, 0.4, 5));
});

it('memory is full: adds fail with the reason, workers go on, and adds work again', async () => {
  const held: (() => void)[] = [];
  const work = workHandler(async () => new Promise<void>((resolve) => held.push(resolve)));
  const options = { redis: target.url, defaults: { concurrency: 2 }, commandTimeout: COMMAND_TIMEOUT_MS } as const;
  const worker = await startApp(options, [work]);
  const adder = await startApp(options);
  const ids: string[] = [];
  const fill = async (): Promise<number> => ids.push((await adder.producer.add('work', 'x'.repeat(200_000))).id);
  for (let n = 0; n < 20; n++) await fill();
  const used = Number(/used_memory:(\d+)/.exec(await target.redis.info('memory'))?.[1]);
  await target.redis.config('SET', 'maxmemory', used + 1_000_000);
  const error = await (async () => {
    for (;;) await fill();
  })().catch((reason: unknown) => reason);
  expect(error).toMatchObject({ code: 'REDIS_REFUSED', message: expect.stringContaining('OOM') as string });
  await addFails(adder, 'REDIS_REFUSED', 'x'.repeat(200_000));

  const releasing = setInterval(() => held.splice(0).forEach((release) => release()), 5);
  onTestFinished(() => clearInterval(releasing));
  await allCompleted(worker.status, ids);
  ids.length = 0;
  await eventually(fill);
  await allCompleted(worker.status, ids);
  expect(await settled(adder.log, 1)).toEqual(oneEach(1, /OOM/, 0, 5));
});

it('the network goes silent, then lets new connections through', async () => {
  const proxy = await target.proxy();
  const both = await startBoth(proxy.url);
  proxy.silence();
  await addFails(both.adder, 'REDIS_UNAVAILABLE');
  await addFails(both.worker, 'REDIS_UNAVAILABLE');
  await delay(OUTAGE_MS);
  proxy.speak();
  await addWorks(both);
  expect(await settled(both.adder.log, 2)).toEqual(oneEach(2, /Socket timeout|no answer/, 1.5, 8));
});

it('connections that stand go dead, and new ones work: what a worker notices of one holds for the other', async () => {
  const proxy = await target.proxy();
  const { worker, adder } = await startBoth(proxy.url);
  proxy.silence();
  proxy.speak();
  await addFails(worker, 'REDIS_UNAVAILABLE');
  await outagesOver(adder.log, 1);
  await delay(MAX_SLEEP_MS + 1_000); // by then a dead sleep has ended, too
  expect(await settled(adder.log, 1)).toEqual(oneEach(1, /Socket timeout|no answer/, 0, 3));
  await addFails(adder, 'REDIS_UNAVAILABLE');
  await addWorks({ worker, adder });
});
