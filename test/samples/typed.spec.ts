import { beforeEach, describe, expect, it } from 'vitest';
import { eventually } from '../support/eventually.js';
import { SampleProcess } from './sample-process.js';
import { sampleRedis } from './sample-redis.js';

const { url, redis } = sampleRedis(11);

beforeEach(async () => {
  await redis.flushdb();
});

const quote = { customer: 'ann@example.org', lines: [{ article: 'chair', pieces: 4 }], validUntil: '2099-12-31' };

describe('sample/typed', () => {
  it('adds by the contract, and the worker of the contract does the work', async () => {
    const base = await start();
    const response = await post(base, quote);
    expect(response.status).toBe(202);
    const { id } = (await response.json()) as { id: string };
    expect(id).toMatch(/^quotes:/);
    const done = await eventually(async () => {
      const found = await get(base, id);
      return found.state === 'completed' ? found : null;
    });
    expect(done.quote).toEqual({ pieces: 4, daysLeft: expect.any(Number) as number });
    expect(done.quote?.daysLeft).toBeGreaterThan(20_000);
  });

  it('answers 400 with what is wrong, and adds nothing', async () => {
    const base = await start();
    const response = await post(base, { ...quote, customer: 'ann', lines: [{ article: 'chair', pieces: 0 }] });
    expect(response.status).toBe(400);
    expect(await response.json()).toEqual({
      issues: [
        { path: 'customer', message: 'Invalid email address' },
        { path: 'lines.0.pieces', message: 'Too small: expected number to be >0' },
      ],
    });
    expect(await fetch(`${base}/quotes`, { method: 'POST' })).toMatchObject({ status: 400 });
    expect(await redis.keys('task_status:*')).toEqual([]);
  });

  it('keeps the handler from what somebody else has added', async () => {
    const base = await start();
    const data = { ...quote, validUntil: 'tomorrow' };
    await redis.lpush('task_queue:{quotes}', JSON.stringify({ id: 'foreign', attempt: 0, name: 'quote.build', data }));
    await redis.lpush('task_bell:{quotes}', '1');
    await eventually(async () => (await redis.hget('task_status:{quotes}:foreign', 'state')) === 'failed');
    expect(await redis.hget('task_status:{quotes}:foreign', 'error')).toContain('has invalid data: validUntil: ');
    expect(await get(base, 'quotes:foreign')).toEqual({ state: 'failed', quote: null });
  });

  it('answers 404 for what is no quote', async () => {
    const base = await start();
    expect(await fetch(`${base}/quotes/quotes:unknown`)).toMatchObject({ status: 404 });
  });
});

async function start(): Promise<string> {
  const sample = SampleProcess.start('typed', { env: { REDIS_URL: url, PORT: '0' } });
  const [, base = ''] = await sample.printed(/Listening on (http:\/\/localhost:\d+)\.[^]*quotes\/<id>\n/);
  return base;
}

async function post(base: string, body: unknown): Promise<Response> {
  const headers = { 'Content-Type': 'application/json' };
  return fetch(`${base}/quotes`, { method: 'POST', headers, body: JSON.stringify(body) });
}

async function get(base: string, id: string): Promise<{ state: string; quote: { daysLeft: number } | null }> {
  const response = await fetch(`${base}/quotes/${encodeURIComponent(id)}`);
  return (await response.json()) as { state: string; quote: { daysLeft: number } | null };
}
