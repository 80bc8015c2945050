import { chmod, lstat, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { tarGz, type TarMember } from '../../../packages/adapter-local/test/support/tar-writer.ts';
import { newestCluster } from '../../support/clusters.ts';
import { onAWeekday } from '../../support/operator.ts';
import { newRestorer, type Restorer, type RestoreJson } from './support/restorer.ts';

const EXIT = { done: 0, partly: 3, damaged: 5 };
const ORDINARY: readonly TarMember[] = [
  { name: './', type: '5', mode: 0o755 },
  { name: './upload', content: 'content' },
];

describe.each(newestCluster())('on $title the files of a set', (cluster) => {
  let restorer: Restorer;
  let dump: string;
  let target: string;

  beforeEach(async () => {
    restorer = await newRestorer(cluster, { content: 'small' });
    dump = join(dirname(restorer.volume.backups), 'of-elsewhere');
    await mkdir(dump);
    const timestamp = await restorer.goodRun(onAWeekday());
    const name = `${restorer.database.database}_${timestamp}.dump`;
    await writeFile(join(dump, name), await readFile(restorer.dumpOf(timestamp)));
    dump = join(dump, name);
    target = join(dirname(restorer.volume.backups), 'files');
    await restorer.ask('CREATE TABLE data.newer (id integer)');
  });

  async function restored(
    archive: Uint8Array,
    code: number,
    folder = target,
  ): Promise<{ json: RestoreJson; stderr: string }> {
    const staging = join(dirname(dump), 'staging-20260101_020000.tar.gz');
    await writeFile(staging, archive);
    const args = ['restore', dump, '--staging-from', staging, '--staging-to', folder, '--yes', '--json'];
    const checked = await restorer.backup([...args, '--dry-run']);
    expect(checked.code, checked.stderr).toBe(code);
    const end = await restorer.backup(args);
    expect(end.code, end.stderr).toBe(code);
    expect(await restorer.ask("SELECT to_regclass('data.newer') IS NULL")).toContain('t');
    return { json: JSON.parse(end.stdout) as RestoreJson, stderr: end.stderr };
  }

  it('are restored without what must not be unpacked, which is listed', async () => {
    const { json, stderr } = await restored(
      tarGz(
        ...ORDINARY,
        { name: './null', type: '3' },
        { name: '../evil\u001b[2J\n', content: 'x' },
        { name: './hard', type: '1', link: '/etc/passwd' },
        { name: './link', type: '2', link: '../../etc/passwd' },
      ),
      EXIT.partly,
    );
    expect(json).toMatchObject({
      members: 3,
      errors: [],
      filesLeftOut: [
        'devices: ./null',
        String.raw`names that would leave the folder: ../evil\x1b[2J\x0a`,
        'links to files outside the folder: ./hard -> /etc/passwd',
      ],
    });
    expect(stderr).toContain('left out of the staging files: devices: ./null');
    expect(stderr).not.toContain('\u001b');
    expect((await readdir(target)).sort()).toEqual(['link', 'upload']);
    expect(await readdir(dirname(target))).not.toContain('evil\u001b[2J\n');
    expect((await lstat(join(target, 'link'))).isSymbolicLink()).toBe(true);
  });

  it('keep no database from being restored if the archive is damaged or refused', async () => {
    const damaged = await restored(tarGz(...ORDINARY).subarray(0, -30), EXIT.damaged);
    expect(damaged.json.errors).toMatchObject([{ code: 'ARTIFACT_UNREADABLE' }]);
    const refused = await restored(tarGz(...ORDINARY, { name: './x', type: 'Z' }), EXIT.partly);
    expect(refused.json.errors).toMatchObject([{ code: 'STAGING_FAILED' }]);
    expect(refused.stderr).toContain('no file, folder, link or pipe: ./x');
  });

  it('keep no database from being restored if the folder cannot be used', async () => {
    await writeFile(target, 'a file');
    const { json } = await restored(tarGz(...ORDINARY), EXIT.partly);
    expect(new Set(json.errors.map(({ code }) => code))).toEqual(new Set(['STAGING_FAILED']));
    expect(json.errors.at(-1)?.message).toContain('is not a folder');
    expect(await readFile(target, 'utf8')).toBe('a file');
  });

  it('are listed by the run and by verify if a restore leaves some out', async () => {
    await mkdir(restorer.volume.staging, { recursive: true });
    await writeFile(join(restorer.volume.staging, 'tool'), 'x', { mode: 0o755 });
    await chmod(join(restorer.volume.staging, 'tool'), 0o4755);
    const run = await restorer.backup(['run'], { ...onAWeekday(), env: { BACKUP_VERIFY: 'readable' } });
    const verify = await restorer.backup(['verify']);
    for (const end of [run, verify]) {
      expect(end.code, end.stderr).toBe(EXIT.done);
      expect(end.stderr).toContain('leaves out set-user-ID and set-group-ID bits: ./tool');
    }
  });
});
