import { execFileSync } from 'node:child_process';
import {
  chmod,
  chown,
  link,
  mkdir,
  open,
  readFile,
  stat,
  symlink,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { sourceOf } from '@geolens/backup-core/testing';
import { failure } from '../../../system/test/support/failure.ts';
import { freshFolder, isRoot } from '../../../system/test/support/folders.ts';
import { archiveOf, description, ownIn, restore, restorer, signal } from '../support/staging-restoring.ts';
import { onlyPrograms } from '../../../system/test/support/search-path.ts';
import { tarGz } from '../support/tar-writer.ts';

/** What restoring warns of anyway. */
const lost = isRoot ? [] : [expect.stringContaining('owners were not kept')];

/** A folder with whatever a volume may hold; whole seconds, for that is what the archive keeps. */
async function variedFolder(): Promise<string> {
  const folder = await freshFolder();
  const deep = join(folder, ...Array.from({ length: 12 }, (_, level) => `level ${level} ${'x'.repeat(50)}`));
  await mkdir(deep, { recursive: true });
  await writeFile(join(deep, 'y'.repeat(250)), 'deep');
  for (const name of [
    'line\nfeed',
    'a -> b',
    'a" link to "b',
    'back\\slash',
    'Größe 🗺',
    '-rf',
    '.hidden',
    ' ',
  ])
    await writeFile(join(folder, name), name);
  await writeFile(
    Buffer.concat([Buffer.from(`${folder}/`), Buffer.from([0xff, 0xfe, 0x0a, 0x80])]),
    'no text',
  );
  await link(join(folder, '.hidden'), join(folder, 'other'));
  await symlink('/etc/passwd', join(folder, 'link'));
  await symlink('nowhere', join(folder, 'dangling'));
  await link(join(folder, 'link'), join(folder, 'the same link'));
  const sparse = await open(join(folder, 'sparse'), 'w');
  await sparse.write('end', 100_000_000);
  await sparse.close();
  await mkdir(join(folder, 'read-only', 'inner'), { recursive: true });
  await writeFile(join(folder, 'read-only', 'inner', 'file'), 'x', { mode: 0o400 });
  if (isRoot) await chown(join(folder, '.hidden'), 1001, 54321);
  execFileSync('find', ['.', '-exec', 'touch', '--no-dereference', '--date=2020-02-02 02:02:02', '{}', '+'], {
    cwd: folder,
  });
  await chmod(join(folder, 'read-only', 'inner'), 0o555);
  await chmod(join(folder, 'read-only'), 0o555);
  await chmod(folder, 0o2751);
  return folder;
}

describe('a restored folder', () => {
  it.each([['compressed by a program'], ['by node:zlib']])(
    'is what was archived, itself and all that is in it, %s',
    async (kind) => {
      const source = await variedFolder();
      const folder = await freshFolder();
      await writeFile(join(folder, 'old'), 'old');
      const programs = kind === 'by node:zlib' ? await onlyPrograms('setpriv', 'tar', 'sync') : undefined;
      const unpacked = await restorer(programs).unpack(await archiveOf(source), folder, { signal });
      expect(unpacked.warnings).toEqual(lost);
      expect(unpacked.members).toBe(execFileSync('find', ['.', '-printf', 'x'], { cwd: source }).length);
      const { previous, warnings } = await unpacked.swap();
      expect(warnings).toEqual([]);
      expect(description(folder)).toBe(description(source));
      expect((await stat(join(folder, 'sparse'))).blocks).toBeLessThan(1_000);
      expect(previous).toBe(join(folder, '.geolens-backup-before-20260101_020000'));
      expect(await readFile(join(previous!, 'old'), 'utf8')).toBe('old');
      await restorer().dropPrevious(previous!);
      await restorer().dropPrevious(previous!);
      expect(await ownIn(folder)).toEqual([]);
      expect(description(folder)).toBe(description(source));
    },
  );

  it('keeps the old content whole, with its modes and times, and removes it all when told to, read-only folders too', async () => {
    const folder = await variedFolder();
    const before = description(folder).split('\n').slice(1).join('\n'); // but for the folder itself
    const { previous } = await restore(sourceOf(tarGz({ name: './new' })), folder);
    expect(description(previous!).split('\n').slice(1).join('\n')).toBe(before);
    await restorer().dropPrevious(previous!);
    expect(
      description(folder)
        .split('\n')
        .filter((line) => line.includes('./')),
    ).toHaveLength(1);
  });

  it('keeps nothing, and says so, when there was nothing', async () => {
    const folder = await freshFolder();
    expect(await restore(sourceOf(tarGz({ name: './new' })), folder)).toEqual({
      previous: undefined,
      warnings: [],
    });
    expect(await ownIn(folder)).toEqual([]);
  });

  it('keeps what each of several restores in one second has replaced', async () => {
    const folder = await freshFolder();
    for (const name of ['one', 'two', 'three']) await restore(sourceOf(tarGz({ name })), folder);
    expect(await ownIn(folder)).toEqual([
      '.geolens-backup-before-20260101_020000',
      '.geolens-backup-before-20260101_020001',
    ]);
    expect(await readFile(join(folder, '.geolens-backup-before-20260101_020001', 'two'), 'utf8')).toBe('');
    expect(description(folder)).toContain('./three');
  });

  it('keeps its own mode and time when the archive says nothing of them', async () => {
    const folder = await freshFolder();
    await chmod(folder, 0o2770);
    await restore(sourceOf(tarGz({ name: 'new' })), folder);
    expect((await stat(folder)).mode & 0o7777).toBe(0o2770);
  });

  it('is made when it does not exist, and is gone again when what was unpacked is thrown away', async () => {
    const folder = join(await freshFolder(), 'made');
    const archive = sourceOf(tarGz({ name: './new', content: 'new' }));
    const unpacked = await restorer().unpack(archive, folder, { signal });
    await unpacked.discard();
    await unpacked.discard();
    await expect(stat(folder)).rejects.toThrow('ENOENT');
    await failure('STAGING_FAILED', unpacked.swap());
    await restore(archive, folder);
    expect(await readFile(join(folder, 'new'), 'utf8')).toBe('new');
  });

  it('is not touched by a discard after the swap', async () => {
    const folder = await freshFolder();
    const unpacked = await restorer().unpack(sourceOf(tarGz({ name: './new' })), folder, { signal });
    await unpacked.swap();
    await unpacked.discard();
    expect(description(folder)).toContain('./new');
  });

  it('takes what other programs write: long names of GNU and of pax, notes of pax, any order', async () => {
    const folder = await freshFolder();
    const long = `./${'n'.repeat(120)}/${'m'.repeat(200)}`;
    const members = [
      { name: 'short', gnuLongName: long, content: 'gnu' },
      { name: 'short', pax: { path: `${long}-pax`, 'LIBARCHIVE.creationtime': '1' }, content: 'pax' },
      { name: 'without/folder', content: 'x' },
      { name: 'late/file', content: 'x' },
      { name: 'late/', type: '5', mode: 0o555 },
    ];
    const unpacked = await restorer().unpack(sourceOf(tarGz(...members)), folder, { signal });
    expect(unpacked).toMatchObject({ members: 5, warnings: lost });
    await unpacked.swap();
    expect(await readFile(join(folder, long), 'utf8')).toBe('gnu');
    expect(await readFile(join(folder, `${long}-pax`), 'utf8')).toBe('pax');
    expect((await stat(join(folder, 'late'))).mode & 0o777).toBe(0o555);
  });
});

describe('extended attributes', () => {
  it('are kept as far as the archive has them and users may have them', async () => {
    const folder = await freshFolder();
    await restore(
      sourceOf(
        tarGz({
          name: './file',
          pax: { 'SCHILY.xattr.user.x': 'of users', 'SCHILY.xattr.trusted.x': 'of the system' },
        }),
      ),
      folder,
    );
    const again = execFileSync('tar', [
      '--create',
      '--xattrs',
      '--xattrs-include=*',
      '--format=pax',
      '--file=-',
      `--directory=${folder}`,
      '.',
    ]).toString('latin1');
    expect(again).toContain('SCHILY.xattr.user.x=of users');
    expect(again).not.toContain('of the system');
  });
});

describe('listPrevious', () => {
  it('returns the folders that swaps kept, with their sizes, and nothing else', async () => {
    const folder = await freshFolder();
    const kept = join(folder, '.geolens-backup-before-20260101_020000');
    await mkdir(join(kept, 'inner'), { recursive: true });
    await writeFile(join(kept, 'inner', 'file'), '12345');
    await symlink('/etc/passwd', join(kept, 'link'));
    await mkdir(join(folder, '.geolens-backup-before-x'));
    await symlink(kept, join(folder, '.geolens-backup-before-20260102_020000'));
    await writeFile(join(folder, '.geolens-backup-before-20260103_020000'), 'a file');
    const bytes = '12345'.length + '/etc/passwd'.length;
    expect(await restorer().listPrevious(folder)).toEqual([
      { name: kept, timestamp: '20260101_020000', bytes },
    ]);
    expect(await restorer().listPrevious(join(folder, 'missing'))).toEqual([]);
  });
});

describe('dropPrevious', () => {
  it('removes nothing but what a swap has kept', async () => {
    const folder = await freshFolder();
    await utimes(folder, 1, 1);
    for (const path of [folder, join(folder, '.geolens-backup-before-x'), '/'])
      await failure('STAGING_FAILED', restorer().dropPrevious(path));
    expect((await stat(folder)).mtimeMs).toBe(1_000);
  });
});
