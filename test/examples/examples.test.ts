import { cp, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { beforeAll, describe, expect, inject, it, onTestFinished } from 'vitest';
import { installedPackages } from '../packages/support/installed.ts';
import { NODE_VERSIONS, nodeOf } from '../packages/support/node-versions.ts';
import { ROOT } from '../packages/support/packed.ts';
import { freshBucket } from '../support/buckets.ts';
import { freshDatabase } from '../support/clusters.ts';
import { runProgram } from '../support/run-program.ts';

/** Those that run TypeScript as it is. */
const NODES = NODE_VERSIONS.filter((version) => version !== '22.12.0');

const env = { PATH: process.env['PATH'], HOME: process.env['HOME'] };
let examples: string;

beforeAll(async () => {
  examples = join(await installedPackages(), 'examples');
  await cp(join(ROOT, 'examples'), examples, { recursive: true });
});

/** What an example prints. */
function run(
  args: readonly string[],
  more: Readonly<Record<string, string>> = {},
  node: string = process.execPath,
): Promise<string> {
  return runProgram(node, args, { env: { ...env, ...more }, timeout: 60_000 });
}

async function freshFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'geolens-example-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

async function packageFile(
  example: string,
): Promise<{
  readonly scripts: Readonly<Record<string, string>>;
  readonly dependencies: Readonly<Record<string, string>>;
}> {
  return JSON.parse(await readFile(join(ROOT, 'examples', example, 'package.json'), 'utf8')) as Awaited<
    ReturnType<typeof packageFile>
  >;
}

describe.each(NODES)('on Node %s', (version) => {
  let node: string;
  beforeAll(async () => {
    node = await nodeOf(version);
  });

  it.each([
    'retention-test/retention',
    'two-databases/by-month',
    'own-store/webdav-store',
    'sqlite/sqlite-producer',
  ])('%s.test.ts passes', async (name) => {
    expect(await run(['--test', '--test-reporter=tap', join(examples, `${name}.test.ts`)], {}, node)).toMatch(
      /^# pass [1-9]\d*$\n# fail 0$/m,
    );
  });

  it('sqlite backs up a database that is in use, and the dump is one', async () => {
    const folder = await freshFolder();
    const database = new DatabaseSync(join(folder, 'shop.sqlite'));
    database.exec("CREATE TABLE orders (what text); INSERT INTO orders VALUES ('one'), ('two')");
    const said = await run(
      [join(examples, 'sqlite', 'backup.ts'), join(folder, 'shop.sqlite'), folder],
      {},
      node,
    );
    database.close();
    const [, name] = /^(shop_.*\.dump): 2 rows in 1 tables\n$/.exec(said)!;
    const restored = new DatabaseSync(join(folder, 'daily', name!), { readOnly: true });
    expect(restored.prepare('SELECT what FROM orders').all()).toEqual([{ what: 'one' }, { what: 'two' }]);
    restored.close();
  });
});

it.skipIf(inject('gateway') === undefined)(
  'two-databases has whole sets of both in the folder and in the bucket',
  async () => {
    const [shop, forum, bucket, folder] = [
      await freshDatabase(),
      await freshDatabase(),
      await freshBucket(),
      await freshFolder(),
    ];
    const said = await run([join(examples, 'two-databases', 'backup.ts')], {
      SHOP_URL: shop.url,
      FORUM_URL: forum.url,
      FOLDER: folder,
      S3_ENDPOINT: bucket.endpoint,
      S3_BUCKET: bucket.name,
      S3_ACCESS_KEY_ID: bucket.accessKeyId,
      S3_SECRET_ACCESS_KEY: bucket.secretAccessKey,
    });
    const [first, second] = [...said.matchAll(/: succeeded (\d{8}_\d{6})$/gm)].map(
      ([, timestamp]) => timestamp!,
    );
    expect(said).toBe(`${shop.database}: succeeded ${first}\n${forum.database}: succeeded ${second}\n`);
    const names = [
      `${shop.database}_${first}.dump`,
      `${forum.database}_${second}.dump`,
      ...[first, second].flatMap((timestamp) => [`globals-${timestamp}.sql`, `manifest-${timestamp}.json`]),
    ];
    expect((await readdir(join(folder, 'daily'))).sort()).toEqual(names.sort());
    expect(await bucket.keys('daily/')).toEqual(names.map((name) => `daily/${name}`));
  },
);

it('the store of own-store has less than a hundred lines', async () => {
  const text = await readFile(join(ROOT, 'examples', 'own-store', 'webdav-store.ts'), 'utf8');
  expect(text.split('\n').length).toBeLessThan(100);
});

it('every example says what it shows and how it is run, and depends on the packages of this version alone', async () => {
  const { version } = JSON.parse(await readFile(join(ROOT, 'packages', 'core', 'package.json'), 'utf8')) as {
    version: string;
  };
  for (const example of await readdir(join(ROOT, 'examples'))) {
    const { scripts, dependencies } = await packageFile(example);
    const readme = await readFile(join(ROOT, 'examples', example, 'README.md'), 'utf8');
    expect(readme).toContain('$ npm install\n');
    for (const script of Object.keys(scripts)) expect(readme).toContain(`$ npm ${script}`);
    for (const [name, wanted] of Object.entries(dependencies))
      expect([name, wanted]).toEqual([expect.stringMatching(/^@geolens\//), version]);
  }
});
