import type { Browser, Page } from 'puppeteer-core';
import { afterAll, beforeAll, describe, expect, it, type TestContext } from 'vitest';
import { startBrowser } from '../support/browser.ts';
import { freePort } from '../support/free-port.ts';
import { newOperator, type Operator } from '../support/operator.ts';

let started: Browser | { readonly unavailable: string };

beforeAll(async () => {
  started = await startBrowser();
});

afterAll(async () => {
  if ('close' in started) await started.close();
});

interface Visit {
  readonly page: Page;
  /** What the browser complained of: on its console, of scripts, of requests that failed. */
  readonly complaints: string[];
  /** Every address that it asked. */
  readonly asked: string[];
}

async function visit(
  context: TestContext,
  url: string,
  viewport: { width: number; height: number },
): Promise<Visit> {
  if ('unavailable' in started) return context.skip(started.unavailable);
  const page = await started.newPage();
  const [complaints, asked]: [string[], string[]] = [[], []];
  page.on('console', (message) => complaints.push(message.text()));
  page.on('pageerror', (error) => complaints.push(String(error)));
  page.on('requestfailed', (request) =>
    complaints.push(`${request.url()}: ${request.failure()?.errorText ?? ''}`),
  );
  page.on('request', (request) => asked.push(request.url()));
  await page.setViewport(viewport);
  await page.goto(url);
  return { page, complaints, asked };
}

async function serving(
  operator: Operator,
): Promise<{ readonly url: string; readonly stop: () => Promise<void> }> {
  const port = await freePort();
  const loop = operator.start(['serve'], {
    env: { BACKUP_HTTP_PORT: String(port), BACKUP_ON_START: 'never', BACKUP_RESTORE_TEST_SCHEDULE: 'off' },
  });
  await loop.says('next run at');
  const stop = async (): Promise<void> => {
    loop.signal('SIGTERM');
    await loop.end;
  };
  return { url: `http://127.0.0.1:${port}/`, stop };
}

const textsOf = (page: Page, selector: string): Promise<string[]> =>
  page.evaluate(
    `[...document.querySelectorAll(${JSON.stringify(selector)})].map(({ textContent }) => textContent)`,
  ) as Promise<string[]>;

describe('the page, in a browser', () => {
  it('shows the sets of the last months, their sizes and durations, asks no other process for anything, and gives no cause for complaint', async (context) => {
    const operator = await newOperator();
    const timestamp = await operator.goodRun();
    const { url, stop } = await serving(operator);
    const { page, complaints, asked } = await visit(context, url, { width: 1180, height: 1000 });
    expect(await page.title()).toBe(`(!) Backups of ${operator.database.database}`);
    expect(await textsOf(page, '.verdict p')).toEqual([
      'Backups are up to date, but no restore test has passed yet',
    ]);
    expect((await textsOf(page, '.day.complete title')).join()).toMatch(
      /^\d{4}-\d\d-\d\d \d\d:\d\d UTC: complete, [\d.]+ MB, /,
    );
    expect(await textsOf(page, '.plot .bar title')).toHaveLength(2);
    expect((await textsOf(page, 'tbody td')).join()).toContain(`${timestamp},daily,local`);
    expect(await page.$('script')).toBeNull();
    expect(new Set(asked)).toEqual(new Set([url, `${url}style.css`]));
    expect(complaints).toEqual([]);
    await stop();
  });

  it('has its style, by day and by night, and fits a telephone', async (context) => {
    const { url, stop } = await serving(await newOperator());
    const { page } = await visit(context, url, { width: 390, height: 800 });
    const paper = (): Promise<string> =>
      page.evaluate('getComputedStyle(document.body).backgroundColor') as Promise<string>;
    await page.emulateMediaFeatures([{ name: 'prefers-color-scheme', value: 'light' }]);
    expect(await paper()).toBe('rgb(255, 255, 255)');
    await page.emulateMediaFeatures([{ name: 'prefers-color-scheme', value: 'dark' }]);
    expect(await paper()).toBe('rgb(20, 25, 31)');
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(390);
    await stop();
  });

  it('tells of a run that failed: in its verdict, in the calendar, and with the next thing to do', async (context) => {
    const operator = await newOperator();
    await operator.goodRun();
    const failed = await operator.backup(['run'], {
      env: {
        DATABASE_URL: `postgresql://nobody:secret-word@127.0.0.1:${await freePort()}/${operator.database.database}`,
        BACKUP_PG_BIN_DIR: operator.database.binDir,
      },
    });
    expect(failed.code).not.toBe(0);
    const { url, stop } = await serving(operator);
    const { page } = await visit(context, url, { width: 1180, height: 1000 });
    expect(await textsOf(page, '.verdict p')).toEqual(['Something needs attention']);
    expect((await textsOf(page, '.verdict li')).join()).toMatch(
      /^The last run failed: .* — docker compose exec backup geolens-backup doctor$/,
    );
    expect((await textsOf(page, '.day title')).at(-1)).toMatch(/complete.*\n.*run failed/);
    expect(await page.content()).not.toContain('secret-word');
    await stop();
  });
});
