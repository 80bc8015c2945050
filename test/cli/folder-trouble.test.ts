import { chmod, chown, mkdir, readFile, readdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { isRoot, makeReadOnly, smallVolume } from '../support/small-volume.ts';
import { newOperator, times } from '../support/operator.ts';

const UNPRIVILEGED = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups'];

describe('the folder of the sets', () => {
  it.each(['run', 'list', 'prune'])(
    'is missing: `%s` exits with 2, names the variable and the path, and makes none',
    async (command) => {
      const operator = await newOperator();
      const missing = join(operator.volume.backups, 'missing');
      const end = await operator.backup([command], { env: { BACKUP_DIR: missing } });
      expect({ code: end.code, stdout: end.stdout }).toEqual({ code: 2, stdout: '' });
      expect(times(end.stderr, `BACKUP_DIR="${missing}" does not exist. Create the folder`)).toBe(1);
      expect(end.stderr.trimEnd().split('\n')).toHaveLength(1);
      expect(await operator.volume.everything()).toEqual([]);
    },
  );

  it('is a file: 2', async () => {
    const operator = await newOperator();
    const file = join(operator.volume.backups, 'file');
    await writeFile(file, '');
    const end = await operator.backup(['run'], { env: { BACKUP_DIR: file } });
    expect(end.code).toBe(2);
    expect(end.stderr).toContain(`BACKUP_DIR="${file}" is not a folder`);
  });

  it.skipIf(!isRoot)('may not be written by this user: 1, and who that is', async () => {
    const operator = await newOperator();
    await chmod(dirname(operator.volume.backups), 0o755);
    await chmod(operator.volume.backups, 0o755);
    const end = await operator.backup(['run'], { wrapper: UNPRIVILEGED });
    expect(end.code).toBe(1);
    expect(end.stderr).toContain(operator.volume.backups);
    expect(times(end.stderr, 'permission denied for user 65534')).toBe(1);
    expect(await operator.volume.everything()).toEqual([]);
  });

  it.skipIf(!isRoot)(
    'is another process’s, and root may not pass over that, as in the container: 1, and what to do',
    async () => {
      const operator = await newOperator();
      await chown(operator.volume.backups, 65534, 65534);
      await chmod(operator.volume.backups, 0o755);
      const end = await operator.backup(['run'], { wrapper: ['setpriv', '--bounding-set', '-all', '--'] });
      expect(end.code).toBe(1);
      expect(end.stderr).toContain('permission denied for user 0');
      expect(end.stderr).toContain('chown -R 0:0');
    },
  );

  it('is on a read-only volume: a run exits with 1 and says so, what is there can be listed', async (context) => {
    const operator = await newOperator();
    const volume = smallVolume('1m');
    if (volume === undefined) return context.skip('mounting takes root');
    await mkdir(join(volume, 'daily'));
    await writeFile(join(volume, 'daily', 'old_20260101_020000.dump'), 'dump');
    makeReadOnly(volume);
    const end = await operator.backup(['run'], { env: { BACKUP_DIR: volume } });
    expect(end.code).toBe(1);
    expect(times(end.stderr, 'the volume is read-only')).toBe(1);
    expect(end.stderr).toContain('Mount it writable');
    expect((await operator.backup(['list'], { env: { BACKUP_DIR: volume } })).stdout).toContain(
      '20260101_020000',
    );
    expect((await operator.backup(['prune', '--dry-run'], { env: { BACKUP_DIR: volume } })).code).toBe(0);
  });

  it('is on a read-only volume: a restore test needs neither it nor the database, and logs once that it records nothing', async (context) => {
    const operator = await newOperator();
    const [sets, work] = [smallVolume('32m'), smallVolume('512m')];
    if (sets === undefined || work === undefined) return context.skip('mounting takes root');
    expect((await operator.backup(['run'], { env: { BACKUP_DIR: sets } })).code).toBe(0);
    makeReadOnly(sets);
    const { database } = operator.database;
    const env = {
      BACKUP_DIR: sets,
      BACKUP_RESTORE_TEST_DIR: work,
      BACKUP_RESTORE_TEST_ISOLATION: 'required',
      DATABASE_URL: '',
      POSTGRES_HOST: '',
      POSTGRES_PASSWORD: '',
      POSTGRES_DB: database,
    };
    const end = await operator.backup(['verify', 'latest', '--restore'], { env });
    expect(end.code, end.stderr).toBe(0);
    expect(end.stdout).toContain('restore test passed');
    expect(times(end.stderr, 'read-only')).toBe(1);
    expect(end.stderr).toContain('results are not recorded: ');
    expect(await readdir(work)).toEqual([]);
  });

  it('is on a read-only volume: the local report of a failed restore test goes to the folder of restore tests', async (context) => {
    const operator = await newOperator();
    const [sets, work] = [smallVolume('32m'), smallVolume('512m')];
    if (sets === undefined || work === undefined) return context.skip('mounting takes root');
    await operator.database.query(
      "CREATE TABLE only_here AS SELECT 1 AS n; ALTER TABLE only_here ADD CHECK (current_setting('listen_addresses') <> '')",
    );
    expect((await operator.backup(['run'], { env: { BACKUP_DIR: sets } })).code).toBe(0);
    makeReadOnly(sets);
    const env = { BACKUP_DIR: sets, BACKUP_RESTORE_TEST_DIR: work };
    const end = await operator.backup(['verify', 'latest', '--restore'], { env });
    expect(end.code, end.stderr).toBe(6);
    expect(times(end.stderr, 'read-only')).toBe(1);
    const [report] = await readdir(work);
    expect(end.stderr).toContain(join(work, report!));
    expect(await readFile(join(work, report!), 'utf8')).toContain('Failing row contains (1)');
  });

  it('is on a full volume: a run exits with 1, says so once, leaves no file, and prunes nothing', async (context) => {
    const operator = await newOperator();
    const volume = smallVolume('4m');
    if (volume === undefined) return context.skip('mounting takes root');
    const { database } = operator.database;
    await mkdir(join(volume, 'daily'));
    const old = ['01', '02', '03'].map((day) => `${database}_202601${day}_020000.dump`);
    for (const name of [...old, 'foreign']) await writeFile(join(volume, 'daily', name), 'dump');
    const env = { BACKUP_DIR: volume, BACKUP_RETENTION_DAILY: '1' };
    const end = await operator.backup(['run'], { env });
    expect(end.code).toBe(1);
    expect(times(end.stderr, `BACKUP_DIR=${volume}: no space left on the volume`)).toBe(1);
    expect(end.stderr).toContain('Free some space, enlarge the volume');
    const listed = JSON.parse((await operator.backup(['list', '--json'], { env })).stdout) as {
      artifacts: { key: string }[];
    }[];
    expect(listed.flatMap(({ artifacts }) => artifacts.map(({ key }) => key)).sort()).toEqual(
      old.map((name) => `daily/${name}`),
    );
    expect(await operator.volume.everything()).toEqual([]);
  });
});
