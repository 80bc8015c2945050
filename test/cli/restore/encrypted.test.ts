import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, inject, it } from 'vitest';
import { ageKeys, freshFolder, sshKeys, type Keys } from '../../adapter-age/support/keys.ts';
import { freshBucket, type TestBucket } from '../../support/buckets.ts';
import { anyCluster } from '../../support/clusters.ts';
import { runProgram } from '../../support/run-program.ts';
import { newRestorer, type Restorer } from './support/restorer.ts';

describe.skipIf(inject('gateway') === undefined)('sets whose copies are encrypted', () => {
  let restorer: Restorer;
  let bucket: TestBucket;
  let env: Record<string, string>;
  let keys: { readonly own: Keys; readonly escrow: Keys; readonly other: Keys };

  beforeEach(async () => {
    [restorer, bucket] = await Promise.all([
      newRestorer(anyCluster(), { content: 'geolens' }),
      freshBucket(),
    ]);
    const [own, escrow, other] = await Promise.all([
      ageKeys(),
      sshKeys('-t', 'ed25519', '-N', ''),
      ageKeys(),
    ]);
    keys = { own, escrow, other };
    env = {
      BACKUP_S3_ENABLED: 'true',
      S3_ENDPOINT: bucket.endpoint,
      S3_BUCKET: bucket.name,
      S3_ACCESS_KEY_ID: bucket.accessKeyId,
      S3_SECRET_ACCESS_KEY: bucket.secretAccessKey,
      BACKUP_AGE_RECIPIENTS: `${own.recipient}\n${escrow.recipient}`,
    };
  });

  /** Loses the volume and some rows, as a machine that died. */
  async function lose(): Promise<void> {
    for (const name of await readdir(restorer.volume.backups))
      await rm(join(restorer.volume.backups, name), { recursive: true });
    await restorer.ask('DELETE FROM catalog.notes');
  }

  async function fileOf({ identity }: Keys): Promise<string> {
    const path = join(await freshFolder(), 'identity');
    await writeFile(path, identity.reveal(), { mode: 0o600 });
    return path;
  }

  const fromStdin = (path: string): readonly string[] => ['sh', '-c', 'cat "$0" | "$@"', path];

  it('reveal nothing without a key: the bucket has no name of a table, no row, no count, no path', async () => {
    await restorer.goodRun({ env });
    const secrets = ['catalog.notes', 'notes', 'postgis', 'rasters/', 'staging/', 'CREATE ROLE', 'PGDMP'];
    for (const key of await bucket.keys()) {
      const content = await bucket.get(key);
      for (const secret of secrets.filter((one) => !key.includes(one)))
        expect(`${key}: ${content.includes(secret) ? secret : 'nothing'}`).toBe(`${key}: nothing`);
    }
    const plain = await Promise.all(
      (await restorer.volume.files('daily')).map(async (name) => readFile(restorer.path('daily', name))),
    );
    expect(Buffer.concat(plain).includes('catalog')).toBe(true);
  });

  it.each(['own', 'escrow'] as const)(
    'become a running system again, from the bucket alone, with the %s key on standard input',
    async (which) => {
      await restorer.goodRun({ env });
      await lose();
      const wrapper = fromStdin(await fileOf(keys[which]));
      const end = await restorer.backup(
        ['restore', 'latest', '--store', 's3', '--identity-file', '-', '--yes', '--json'],
        { env: { ...env, BACKUP_AGE_RECIPIENTS: '' }, wrapper },
      );
      expect(end.code, end.stderr).toBe(0);
      expect(await restorer.ask('SELECT count(*) FROM catalog.notes')).toBe('60');
      expect(await restorer.volume.everything()).toEqual([]);
    },
  );

  it('are refused first, with their recipients, where the key is missing or another, and nothing is changed', async () => {
    await restorer.goodRun({ env });
    await lose();
    const other = await fileOf(keys.other);
    for (const [args, reason] of [
      [[], 'no identity is given'],
      [['--identity-file', other], 'no given identity opens it'],
    ] as const) {
      const end = await restorer.backup(['restore', 'latest', '--yes', ...args], { env });
      expect(end.code, end.stderr).toBe(2);
      expect(end.stderr).toMatch(new RegExp(`is encrypted to [0-9a-f]{16}, [0-9a-f]{16}, and ${reason}`));
    }
    expect(await restorer.ask('SELECT count(*) FROM catalog.notes')).toBe('0');
    const verified = await restorer.backup(['verify', '--store', 's3', '--restore', '--json'], { env });
    expect(verified.code, verified.stderr).toBe(3);
  });

  it('are listed without a key, and verified with one, restore test included', async () => {
    const timestamp = await restorer.goodRun({ env });
    const list = await restorer.backup(['list', '--store', 's3', '--json'], { env });
    expect(list.code, list.stderr).toBe(0);
    expect(list.stdout).toContain(timestamp);
    const end = await restorer.backup(
      ['verify', '--store', 's3', '--restore', '--identity-file', await fileOf(keys.own)],
      { env },
    );
    expect(end.code, end.stderr).toBe(0);
  });

  it('stay the same in the next run, and those of the volume can be restored without a key', async () => {
    await restorer.goodRun({ env });
    const before = [...(await bucket.keys())];
    await restorer.goodRun({ env });
    expect(await bucket.keys()).toEqual(expect.arrayContaining(before));
    await restorer.ask('DELETE FROM catalog.notes');
    await restorer.goodRestore(['latest'], { env });
    expect(await restorer.ask('SELECT count(*) FROM catalog.notes')).toBe('60');
  });

  it('are opened by age itself, with the commands of RESTORE.txt', async () => {
    await mkdir(restorer.volume.staging);
    await writeFile(join(restorer.volume.staging, 'scan.tif'), 'pixels');
    const timestamp = await restorer.goodRun({ env });
    const folder = await freshFolder();
    for (const key of (await bucket.keys()).filter((one) => one.includes('/daily/')))
      await bucket.download(key, join(folder, key.split('/').at(-1) ?? ''));
    await writeFile(join(folder, 'identity.txt'), keys.own.identity.reveal());
    const text = await readFile(join(folder, 'RESTORE.txt'), 'utf8');
    const commands = text.split('\n').filter((line) => line.startsWith('  '));
    expect(commands.filter((line) => line.includes('age -d')).length).toBe(4);
    const local = commands.filter((line) => !/psql|createdb|--dbname/.test(line)).map((line) => line.trim());
    const script = [`set -e; cd '${folder}'`, `PATH="${restorer.database.binDir}:$PATH"`, ...local].join(
      '\n',
    );
    const printed = await runProgram('sh', ['-c', script]);
    expect(JSON.parse(printed)).toMatchObject({ timestamp, schemaVersion: 1 });
    for (const [name, copy] of [
      [`${restorer.database.database}_${timestamp}.dump`, 'geolens.dump'],
      [`globals-${timestamp}.sql`, 'roles.sql'],
    ] as const)
      expect(await readFile(join(folder, copy))).toEqual(await readFile(restorer.path('daily', name)));
    expect(await readFile(join(folder, 'staging', 'scan.tif'), 'utf8')).toBe('pixels');
  });

  it('are encrypted on the volume too with BACKUP_ENCRYPT=all, after their restore was tested', async () => {
    const all = { ...env, BACKUP_ENCRYPT: 'all', BACKUP_VERIFY: 'restore' };
    await restorer.goodRun({ env: all });
    const names = await restorer.volume.files('daily');
    expect(names.filter((name) => !/\.age$|^manifest-|^state-|^RESTORE\.txt$/.test(name))).toEqual([]);
    for (const name of names.filter((one) => one.endsWith('.age')))
      expect(await bucket.get(`backups/daily/${name}`)).toEqual(await readFile(restorer.path('daily', name)));
    await restorer.ask('DELETE FROM catalog.notes');
    expect((await restorer.backup(['restore', 'latest', '--yes'], { env: all })).code).toBe(2);
    await restorer.goodRestore(['latest', '--identity-file', await fileOf(keys.escrow)], { env: all });
    expect(await restorer.ask('SELECT count(*) FROM catalog.notes')).toBe('60');
    const dump = names.find((name) => name.endsWith('.dump.age')) ?? '';
    await restorer.ask('DELETE FROM catalog.notes');
    await restorer.goodRestore([restorer.path('daily', dump), '--identity-file', await fileOf(keys.own)], {
      env: all,
    });
    expect(await restorer.ask('SELECT count(*) FROM catalog.notes')).toBe('60');
  });
});
