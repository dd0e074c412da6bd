import { SpanStatusCode } from '@opentelemetry/api';
import { describe, expect, it } from 'vitest';
import { TaskQueueAdmin } from '../../../lib/index.js';
import { isChild } from '../../support/recorded-telemetry.js';
import { reaches } from '../../support/settled.js';
import { startApp } from '../../support/test-app.js';
import { OURS, tracedApps } from '../../support/traced-apps.js';

const { fixture, sdk, key, moduleOptions, start } = tracedApps('add-spans');

describe('addBulk', () => {
  it('is one span, below which all of its tasks run', async () => {
    const { producer } = await start();
    await producer.addBulk(Array.from({ length: 5 }, (_, data) => ({ name: 'work', data })));
    const runs = await sdk.ended('process default', 5);
    const adds = await sdk.ended('send default');
    expect(adds).toHaveLength(1);
    expect(adds[0]!.attributes).toMatchObject({ 'messaging.batch.message_count': 5, [`${OURS}.name`]: 'work' });
    expect(adds[0]!.attributes).not.toHaveProperty(['messaging.message.id']);
    expect(runs.every((run) => isChild(run, adds[0]!))).toBe(true);
  });

  it('to several queues has none in its name', async () => {
    const { producer } = await startApp(moduleOptions());
    await producer.addBulk([
      { name: 'a', queue: 'one' },
      { name: 'b', queue: 'two' },
    ]);
    const { attributes } = await sdk.first('send');
    expect(attributes['messaging.batch.message_count']).toBe(2);
    expect(attributes).not.toHaveProperty(['messaging.destination.name']);
    expect(attributes).not.toHaveProperty([`${OURS}.name`]);
  });
});

describe('an add', () => {
  it('that fails is an error', async () => {
    const { producer } = await startApp({ ...moduleOptions(), defaults: { maxLength: 1 } });
    await producer.add('work');
    await expect(producer.add('work')).rejects.toMatchObject({ code: 'QUEUE_FULL' });
    const [, failed] = await sdk.ended('send default', 2);
    expect(failed!.status.code).toBe(SpanStatusCode.ERROR);
    expect(failed!.attributes['error.type']).toBe('QUEUE_FULL');
    await expect(producer.addBulk([{ name: 'work' }, { name: 'work' }])).rejects.toMatchObject({
      code: 'BULK_INCOMPLETE',
    });
    expect((await sdk.ended('send default', 3))[2]!.attributes['error.type']).toBe('BULK_INCOMPLETE');
  });

  it('of what is there tells of that', async () => {
    const { producer } = await startApp(moduleOptions());
    const { id } = await producer.add('work', 1, { unique: { key: 'k', until: 'finished' } });
    await producer.add('work', 2, { unique: { key: 'k', until: 'finished' } });
    const [, second] = await sdk.ended('send default', 2);
    expect(second!.attributes).toMatchObject({ 'messaging.message.id': id, [`${OURS}.outcome`]: 'duplicate' });
  });

  it('that replaces the data of another one has its task in its own trace', async () => {
    const { producer } = await start();
    const options = { debounce: { key: 'k', wait: 100 } };
    await producer.add('work', 1, options);
    await producer.add('work', 2, options);
    const adds = await sdk.ended('send default', 2);
    expect(adds.map(({ attributes }) => attributes[`${OURS}.outcome`])).toEqual(['created', 'replaced']);
    expect(isChild(await sdk.first('process default'), adds[1]!)).toBe(true);
  });

  it('enters its trace behind all else, where it survives delays and dead letters', async () => {
    const { producer, app, status } = await start(
      (_, { attempt }) => {
        if (attempt === 1) throw new Error('once');
      },
      { expiresIn: '1h', attempts: 1 },
    );
    const { id } = await producer.add('work', { n: 1 }, { delay: 300, timeout: 5_000 });
    const [parked] = await fixture.redis.hvals(key('task_parked:{default}'));
    expect(parked).toMatch(
      /^{"id":"\w+","attempt":0,"name":"work","data":{"n":1},"timeout":5000,"delayed":true,"trace":{"traceparent":"00-\w{32}-\w{16}-01"},"expiresAt":\d+}$/,
    );
    await reaches(status, id, 'failed');
    await app.get(TaskQueueAdmin).retry(id);
    const runs = await sdk.ended('process default', 2);
    const add = await sdk.first('send default');
    expect(runs.every((run) => isChild(run, add))).toBe(true);
  });
});
