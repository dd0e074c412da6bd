import type { Locator, Page } from 'playwright-core';
import { beforeEach, describe, expect, it } from 'vitest';
import { eventually } from '../support/eventually.js';
import { SampleProcess } from '../samples/sample-process.js';
import { sampleRedis } from '../samples/sample-redis.js';
import { browser } from './browser.js';

const { url, redis } = sampleRedis(15);
const open = browser();
let base: string;

beforeEach(async () => {
  await redis.flushdb();
  const sample = SampleProcess.start('basic', { env: { REDIS_URL: url, PORT: '0' } });
  [, base = ''] = await sample.printed(/Listening on (http:\/\/localhost:\d+)\./);
});

describe('the page of sample/basic', () => {
  it('shows how far an e-mail is, from the first step to the last', async () => {
    const page = await open(base);
    expect(await page.getByRole('progressbar').count()).toBe(0);
    const seen = await values(page);
    await send(page, 'ann@example.org');
    await shows(page, 'completed');
    expect(await progress(page)).toBe('100');
    const between = (await seen()).filter((value) => value > 0 && value < 100);
    expect(between.length).toBeGreaterThan(0);
    expect(between).toEqual(between.toSorted((one, other) => one - other));
    expect(await widthOfBar(page)).toBe(1);
    expect(await logOf(page)).toEqual(['looking for the mail server', 'saying hello', 'handing over']);
  });

  it('says why an e-mail could not be sent', async () => {
    const page = await open(base);
    await send(page, 'bob@nowhere.invalid');
    await shows(page, 'failed: There is no mail server for bob@nowhere.invalid');
    expect(await page.locator('#task').getAttribute('data-state')).toBe('failed');
    expect(await progress(page)).toBe('75');
  });

  it('finds its task again when it is loaded anew', async () => {
    const page = await open(base);
    await send(page, 'ann@example.org');
    await page.waitForURL(/#email/);
    await page.reload();
    await shows(page, 'completed');
    // And once more, when there is nothing to wait for.
    await page.reload();
    await shows(page, 'completed');
    expect(await progress(page)).toBe('100');
  });

  it('follows the next e-mail as it did the first one', async () => {
    const page = await open(base);
    await send(page, 'bob@nowhere.invalid');
    await shows(page, 'failed: There is no mail server for bob@nowhere.invalid');
    await send(page, 'ann@example.org');
    await shows(page, 'completed');
    expect(await page.locator('#task').getAttribute('data-state')).toBe('completed');
  });

  it('says so where there is no such task', async () => {
    const page = await open(`${base}/#email%3Aunknown`);
    await shows(page, 'There is no such task (any more).');
    expect(await page.locator('#task').getAttribute('data-state')).toBe('failed');
  });
});

async function send(page: Page, to: string): Promise<void> {
  await page.getByLabel('To').fill(to);
  await page.getByRole('button', { name: 'Send' }).click();
}

async function shows(page: Page, text: string): Promise<void> {
  const status = page.getByRole('status');
  await eventually(async () => (await status.textContent({ timeout: 1_000 })) === text, {
    timeoutMs: 20_000,
    what: text,
  });
}

async function progress(page: Page): Promise<string | null> {
  return page.getByRole('progressbar', { name: 'Sent' }).getAttribute('aria-valuenow');
}

/** All values that the bar takes from now on. */
async function values(page: Page): Promise<() => Promise<number[]>> {
  const seen = await bar(page).evaluateHandle((element) => {
    const all: number[] = [];
    const note = (): unknown => all.push(Number(element.getAttribute('aria-valuenow')));
    new MutationObserver(note).observe(element, { attributeFilter: ['aria-valuenow'] });
    return all;
  });
  return async () => seen.jsonValue();
}

/** As a share of the whole. */
async function widthOfBar(page: Page): Promise<number> {
  return bar(page).evaluate(async (element) => {
    await Promise.all(element.getAnimations({ subtree: true }).map(({ finished }) => finished));
    const filled = element.firstElementChild?.getBoundingClientRect().width ?? 0;
    return filled / element.getBoundingClientRect().width;
  });
}

function bar(page: Page): Locator {
  return page.locator('#bar');
}

async function logOf(page: Page): Promise<string[]> {
  return eventually(async () => {
    const lines = await page.locator('#log li').allTextContents();
    return lines.length === 3 && lines;
  });
}
