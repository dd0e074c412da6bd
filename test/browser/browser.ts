import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll } from 'vitest';

const ARGUMENTS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** One browser for the tests of a file, with a profile that is new and goes with it. @returns opens a page that is closed after the test */
export function browser(): (url: string) => Promise<Page> {
  let browser: Browser;
  const open = new Set<Page>();
  beforeAll(async () => {
    browser = await chromium.launch({ executablePath: binary(), args: ARGUMENTS });
  });
  afterEach(async () => {
    for (const page of open) await page.close();
    open.clear();
  });
  afterAll(() => browser.close());
  return async (url) => {
    const page = await browser.newPage();
    open.add(page);
    await page.goto(url);
    return page;
  };
}

function binary(): string {
  const { CHROMIUM_BIN, PATH = '' } = process.env;
  const found =
    CHROMIUM_BIN ??
    PATH.split(delimiter)
      .map((folder) => join(folder, 'chromium'))
      .find((path) => existsSync(path));
  if (found) return found;
  throw new Error('There is no chromium: run this with `npm run test:browser`, which installs it or says how.');
}
