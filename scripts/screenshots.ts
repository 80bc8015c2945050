import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseTimestamp, type BackupSet, type PastRun } from '@geolens/backup-core';
import { createLogger } from '../packages/runner/src/present/logger.ts';
import { listen } from '../packages/runner/src/status/serve-status.ts';
import { statusApp } from '../packages/runner/src/status/status-app.ts';
import type { Status } from '../packages/runner/src/status/status.ts';
import { MANIFEST, NOW, setOf } from '../packages/runner/test/support/sets.ts';
import { statusOf, storeOf } from '../packages/runner/test/support/status.ts';
import { startBrowser } from '../test/support/browser.ts';

/*
 * Makes the screenshots of the status page in docs/images (or in the folder that is given) with a headless
 * Chromium of this machine: `npm run build && node scripts/screenshots.ts`. The data is made up and always
 * the same. `--full` makes them of whole pages, in every width and scheme.
 */
const [given] = process.argv.slice(2).filter((arg) => !arg.startsWith('-'));
const FOLDER = given ?? fileURLToPath(new URL('../docs/images', import.meta.url));
const fullPage = process.argv.includes('--full');
const ALL = [1280, 768, 390].flatMap((width) => [
  { width, scheme: 'light' },
  { width, scheme: 'dark' },
]);
const DAY_MS = 86_400_000;
const PREFIX = 'docker compose exec backup geolens-backup';

const TABLES = ['catalog.datasets', 'catalog.records', 'data.parcels', 'data.rivers', 'public.users'];

/** A set of so many days ago, a little larger every day. */
function setOfDay(day: number, change: Partial<BackupSet> = {}): BackupSet {
  const at = new Date(NOW.getTime() - 3_600_000 - day * DAY_MS);
  const stamp = at.toISOString().slice(0, 19).replaceAll(/[-:]/g, '').replace('T', '_');
  const rowCounts = TABLES.map((name, index) => {
    const [schema = '', table = ''] = name.split('.');
    return { schema, table, rows: Math.round((2_650_000 - day * 900) / (index + 1) ** 2) };
  });
  const artifacts = MANIFEST.artifacts.map((artifact) => ({
    ...artifact,
    name: artifact.name.replace('20261122_020000', stamp),
    bytes: artifact.kind === 'dump' ? 325_000_000 - day * 400_000 : 977_000_000 - day * 600_000,
    ...(artifact.kind === 'dump' && { rowCounts }),
  }));
  const finishedAt = new Date(at.getTime() + 95_000 - day * 200).toISOString();
  const timestamp = parseTimestamp(stamp) ?? MANIFEST.timestamp;
  const content = { outcome: 'passed', at: finishedAt } as const;
  return setOf({
    timestamp,
    artifacts: artifacts.map(({ kind, name, bytes }) => ({ kind, bytes, key: `daily/${name}` as never })),
    manifest: { ...MANIFEST, timestamp, artifacts, startedAt: at.toISOString(), finishedAt },
    checks: {
      content,
      ...(day % 7 === 0 && {
        restoreTest: { ...content, at: new Date(at.getTime() + DAY_MS / 12).toISOString() },
      }),
    },
    ...change,
  });
}

const pastRuns = Array.from({ length: 150 }, (_, index): PastRun => {
  const day = 149 - index;
  const { timestamp, manifest } = setOfDay(day);
  const run = {
    startedAt: manifest?.startedAt ?? '',
    finishedAt: manifest?.finishedAt ?? '',
    bytes: 1_302_000_000 - day * 1_000_000,
  };
  if (day === 4)
    return {
      ...run,
      outcome: 'failed',
      bytes: undefined,
      error:
        'the server db:5432 ended the connection while pg_dump read table data.parcels: terminating connection due to administrator command. Run doctor, and look into the log of the server for a restart at that time',
    };
  return { ...run, timestamp, outcome: 'succeeded', ...(day === 2 && { error: 's3 could not be reached' }) };
});
const sets = Array.from({ length: 9 }, (_, day) => setOfDay(day)).filter((__, day) => day !== 4);
const [newest] = pastRuns.slice(-1);
const weekly = sets.filter((_, index) => index % 7 === 0).map((set) => ({ ...set, tier: 'weekly' as const }));
const good: Status = statusOf({
  stores: [storeOf('local', ...sets, ...weekly), storeOf('s3', ...sets, ...weekly)],
  journal: {
    pastRuns,
    ...(newest && { lastRun: newest }),
    lastRestoreTest: { outcome: 'passed', finishedAt: '2026-11-22T02:30:00Z' },
  },
  freeBytes: 38_400_000_000,
  nextRestoreTestAt: new Date('2026-11-29T04:00:00Z'),
  commandPrefix: PREFIX,
});
const { health } = good;
const suspicious = setOfDay(0, {
  state: 'suspicious',
  problems: ['data.parcels has 212 rows, and the median of the last sets has 662,500'],
});
const STATES: Readonly<
  Record<string, { readonly status: Status; readonly path?: string; readonly sizes: typeof ALL }>
> = {
  good: { status: good, sizes: ALL.slice(0, 1) },
  attention: {
    status: {
      ...good,
      health: {
        ...health,
        running: { since: new Date('2026-11-22T02:56:00Z'), phase: 'produce dump', percent: 40 },
      },
      stores: [
        storeOf('local', suspicious, ...sets.slice(1), ...weekly.slice(1)),
        storeOf('s3', ...sets.slice(2)),
      ],
    },
    sizes: ALL,
  },
  empty: {
    status: {
      ...good,
      health: { ...health, lastSuccessAt: undefined, ageMs: undefined },
      stores: [storeOf('local')],
      replicas: [],
      journal: {},
    },
    sizes: ALL.slice(0, 1),
  },
  set: { status: good, path: `sets/${MANIFEST.timestamp}`, sizes: ALL.slice(-2) },
};

mkdirSync(FOLDER, { recursive: true });
const browser = await startBrowser();
if ('unavailable' in browser) throw new Error(browser.unavailable);
const log = createLogger({ format: 'text', level: 'error', write: (line) => process.stderr.write(line) });
try {
  for (const [name, { status, path = '', sizes }] of Object.entries(STATES)) {
    const app = statusApp({ status: () => Promise.resolve(status), log, redact: (text) => text });
    const { url, close } = await listen(app, { host: '127.0.0.1', port: 0 });
    const page = await browser.newPage();
    for (const { width, scheme } of fullPage ? ALL : sizes) {
      await page.emulateMediaFeatures([{ name: 'prefers-color-scheme', value: scheme }]);
      await page.setViewport({ width, height: 900 });
      await page.goto(new URL(path, url).href);
      await page.screenshot({ path: join(FOLDER, `page-${name}-${width}-${scheme}.png`), fullPage });
    }
    await page.close();
    await close();
  }
} finally {
  await browser.close();
}
