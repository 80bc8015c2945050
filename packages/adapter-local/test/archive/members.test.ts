import { execFileSync, spawnSync } from 'node:child_process';
import {
  chmod,
  chown,
  link,
  lstat,
  mkdir,
  mkdtemp,
  open,
  readdir,
  readFile,
  readlink,
  rm,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { readAll, sourceOf } from '@geolens/backup-core/testing';
import { TarArchiver } from '../../src/archive/tar-archiver.ts';
import { freshFolder, isRoot } from '../../../system/test/support/folders.ts';
import { env } from '../../../system/test/support/search-path.ts';
import { archiveOf, RESTORE_ID, restorer } from '../support/staging-restoring.ts';

const signal = new AbortController().signal;

/** Archives a folder, counts its members by the archiver's own check, and unpacks it into another. */
async function roundTrip(
  folder: string,
): Promise<{ copy: string; warnings: readonly string[]; members: number; names: readonly string[] }> {
  const archiver = new TarArchiver({ folder, env });
  const archive = await archiver.archive({ signal });
  if ('nothing' in archive) throw new Error(archive.nothing);
  const bytes = await readAll(archive.content);
  const { members } = await archiver.check(sourceOf(bytes), { signal });
  const copy = await freshFolder();
  execFileSync('tar', ['-xzpf', '-', '--numeric-owner', '-C', copy], { input: bytes });
  const names = execFileSync('tar', ['-tzf', '-', '--null', '--quoting-style=escape'], { input: bytes })
    .toString()
    .trim()
    .split('\n');
  return { copy, warnings: archive.warnings(), members, names };
}

const entriesOf = (folder: string): Buffer =>
  spawnSync('sh', ['-c', 'find . -print0 | LC_ALL=C sort -z'], { cwd: folder, maxBuffer: 1e8 }).stdout;

describe('the staging archive', () => {
  it('holds names of any bytes and length, each counted once', async () => {
    const folder = await freshFolder();
    const deep = join(
      folder,
      ...Array.from({ length: 12 }, (_, level) => `level ${level} ${'x'.repeat(50)}`),
    );
    await mkdir(deep, { recursive: true });
    await writeFile(join(deep, 'y'.repeat(250)), 'deep');
    const names = [
      'line\nfeed',
      '\n\n',
      'tab\t',
      'quote"s\'',
      'back\\slash',
      '\\n',
      'Größe 日本語 🗺',
      ' ',
      '-rf',
      '--checkpoint',
      '*',
      '$(touch x)',
    ];
    for (const name of names) await writeFile(join(folder, name), name);
    await writeFile(
      Buffer.concat([Buffer.from(`${folder}/`), Buffer.from([0xff, 0xfe, 0x0a, 0x80])]),
      'no text',
    );
    const { copy, members, names: listed, warnings } = await roundTrip(folder);
    expect(entriesOf(copy).equals(entriesOf(folder))).toBe(true);
    expect(members).toBe(entriesOf(folder).toString('latin1').split('\0').length - 1);
    expect(listed.filter((name) => !name.startsWith('./'))).toEqual([]);
    expect(warnings).toEqual([]);
    expect(await readFile(join(copy, 'line\nfeed'), 'utf8')).toBe('line\nfeed');
  });

  it('holds nothing that a restore has left or kept at the top of the folder', async () => {
    const folder = await freshFolder();
    const work = `.geolens-backup-restoring-${RESTORE_ID}`;
    for (const name of [
      '.geolens-backup-before-20260101_020000/old',
      `${work}/new`,
      'inner/.geolens-backup-before-20260101_020000',
      'x.geolens-backup-x',
    ]) {
      await mkdir(join(folder, name), { recursive: true });
    }
    await writeFile(join(folder, `${work}.out`), 'x');
    const { names, warnings } = await roundTrip(folder);
    expect([...names].sort()).toEqual([
      './',
      './inner/',
      './inner/.geolens-backup-before-20260101_020000/',
      './x.geolens-backup-x/',
    ]);
    expect(warnings).toEqual([expect.stringContaining('the archive leaves out what restores have left in')]);
    for (const name of ['before-20260101_020000', `restoring-${RESTORE_ID}`, `restoring-${RESTORE_ID}.out`])
      expect(warnings[0]).toContain(`./.geolens-backup-${name}`);
  });

  it('holds files of users whose names only look like those of a restore, without a warning', async () => {
    const folder = await freshFolder();
    const names = [
      '.geolens-backup-\nx',
      '.geolens-backup-before-2026',
      '.geolens-backup-before-20260101_020000\n',
      '.geolens-backup-before-20260101_020000.tif',
      '.geolens-backup-notes.txt',
      `.geolens-backup-restoring-${RESTORE_ID}.tif`,
      '.geolens-backup-restoring-x.out',
    ];
    for (const name of names) await writeFile(join(folder, name), name);
    const { copy, warnings } = await roundTrip(folder);
    expect({ names: (await readdir(copy)).sort(), warnings }).toEqual({ names, warnings: [] });
  });

  it('keeps links, modes, times, empty folders, and holes', async () => {
    const folder = await freshFolder();
    await writeFile(join(folder, 'one'), 'content', { mode: 0o640 });
    await chmod(join(folder, 'one'), 0o640);
    await link(join(folder, 'one'), join(folder, 'other'));
    await symlink('/etc/passwd', join(folder, 'link'));
    await symlink('nowhere', join(folder, 'dangling'));
    await mkdir(join(folder, 'empty'), { mode: 0o750 });
    const sparse = await open(join(folder, 'sparse'), 'w');
    await sparse.write('end', 200_000_000);
    await sparse.close();
    const { copy } = await roundTrip(folder);
    expect((await stat(join(copy, 'one'))).ino).toBe((await stat(join(copy, 'other'))).ino);
    expect((await stat(join(copy, 'one'))).mode & 0o777).toBe(0o640);
    expect(await readlink(join(copy, 'link'))).toBe('/etc/passwd');
    expect((await lstat(join(copy, 'dangling'))).isSymbolicLink()).toBe(true);
    expect((await stat(join(copy, 'empty'))).isDirectory()).toBe(true);
    const { size, blocks } = await stat(join(copy, 'sparse'));
    expect(size).toBe(200_000_003);
    expect(blocks * 512).toBeLessThan(1_000_000);
  });

  it('leaves out paths that no program can open, with a warning, and is restored', async () => {
    const folder = await freshFolder();
    await writeFile(join(folder, 'upload'), 'content');
    const deepen = 'chdir shift; for (1 .. 25) { mkdir "d" x 200; chdir "d" x 200 } open F, ">", "file"';
    execFileSync('perl', ['-e', deepen, folder]);
    try {
      const { warnings, names } = await roundTrip(folder);
      expect(warnings).toEqual([expect.stringMatching(/whose paths are too long are not archived: \.\/ddd/)]);
      expect(Math.max(...names.map((name) => name.length))).toBeLessThan(4_096);
      expect(names).toContain('./upload');
      const copy = await freshFolder();
      await (await restorer().unpack(await archiveOf(folder), copy, { signal })).swap();
      expect(await readdir(copy)).toEqual(['d'.repeat(200), 'upload']);
    } finally {
      execFileSync('rm', ['-rf', join(folder, 'd'.repeat(200))]);
    }
  });

  it('leaves out sockets and FIFOs with a warning', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'gb-')); // the path of a socket has to be short
    onTestFinished(() => rm(folder, { recursive: true, force: true }));
    execFileSync('mkfifo', [join(folder, 'fifo')]);
    await writeFile(join(folder, 'file'), 'content');
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(join(folder, 'socket'), resolve));
    onTestFinished(() => void server.close());
    const { copy, warnings, members } = await roundTrip(folder);
    expect(warnings).toEqual([
      `devices, sockets and FIFOs in ${folder} are not archived: ./fifo (FIFO), ./socket (socket). Remove them; a program that needs them creates them again`,
    ]);
    expect(members).toBe(2);
    expect(await readFile(join(copy, 'file'), 'utf8')).toBe('content');
  });

  it('leaves out exactly the special entries, whatever bytes their names have', async () => {
    const folder = await freshFolder();
    await mkdir(join(folder, 'inner'));
    const names = ['*', '[a]', 'a\\b', 'a\nb', 'trailing ', 'tabs\t\t', 'end\n', '?', '#', '-x', 'ü', '!'];
    for (const name of names) execFileSync('mkfifo', ['--', join(folder, 'inner', name)]);
    execFileSync('sh', ['-c', String.raw`mkfifo "$(printf '\377x')"`], { cwd: folder });
    for (const name of ['*x', 'a', 'axb', 'a\tb', 'trailing', 'trailingx', 'tabs\t ', 'endx', 'x', 'a\\']) {
      await writeFile(join(folder, 'inner', name), name);
      await writeFile(join(folder, `inner-${name}`), name);
    }
    await writeFile(join(folder, '*'), 'a file of the name of a FIFO elsewhere');
    const { copy, warnings } = await roundTrip(folder);
    execFileSync('find', [folder, '-type', 'p', '-delete']);
    expect(entriesOf(copy).toString('latin1')).toBe(entriesOf(folder).toString('latin1'));
    expect(warnings.join()).toMatch(/FIFOs in .* and 10 more\. Remove/);
  });

  it('warns of links that lead out of the folder, and of no others', async () => {
    const parent = await freshFolder();
    const folder = join(parent, 'staging');
    await mkdir(join(folder, 'inner/deep'), { recursive: true });
    await mkdir(join(parent, 'nas'));
    await mkdir(join(parent, 'staging-2'));
    await writeFile(join(parent, 'nas/a.tif'), 'raster');
    await writeFile(join(folder, 'file'), 'x');
    const links = {
      inside: 'file',
      'inner/up': '../file',
      'inner/deep/absolute': join(folder, 'file'),
      'inner/itself': '..',
      dangling: 'nowhere',
      loop: 'loop',
      out: join(parent, 'nas'),
      'inner/deep/beside': '../../../staging-2',
      'inner/unmounted': '/mnt/no such mount\n',
      'inner/through': '../out/a.tif',
    };
    for (const [name, target] of Object.entries(links)) await symlink(target, join(folder, name));
    const { warnings } = await roundTrip(folder);
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toMatch(
      /^4 symbolic links lead out of \S+, and what is there is not in the archive: .* and 1 more\. Copy or mount/,
    );
    for (const name of ['inside', 'up', 'absolute', 'itself', 'dangling', 'loop'])
      expect(warnings[0]).not.toContain(`/${name} ->`);
    for (const name of ['out', 'inner/deep/beside', 'inner/through', 'inner/unmounted'])
      await rm(join(folder, name));
    expect((await roundTrip(folder)).warnings).toEqual([]);
    await symlink('/mnt/no such mount\n', join(folder, 'one'));
    expect((await roundTrip(folder)).warnings.join()).toContain('1 symbolic link leads out');
    expect((await roundTrip(folder)).warnings.join()).toContain(String.raw`./one -> /mnt/no such mount\x0a`);
  });

  it('is that of the folder that STAGING_DIR leads to when it is a link', async () => {
    const parent = await freshFolder();
    await mkdir(join(parent, 'real'));
    await writeFile(join(parent, 'real/file'), 'content');
    await symlink('file', join(parent, 'real/inside'));
    await symlink('real', join(parent, 'link'));
    const { copy, warnings } = await roundTrip(join(parent, 'link'));
    expect(await readFile(join(copy, 'inside'), 'utf8')).toBe('content');
    expect(warnings).toEqual([]);
  });

  it.skipIf(!isRoot)('holds what is mounted inside the folder (only as root)', async ({ skip }) => {
    const folder = await freshFolder();
    await mkdir(join(folder, 'mounted'));
    const mount = spawnSync('mount', ['-t', 'tmpfs', 'tmpfs', join(folder, 'mounted')]);
    skip(mount.status !== 0, 'mounting is not allowed here');
    onTestFinished(() => void spawnSync('umount', [join(folder, 'mounted')]));
    await writeFile(join(folder, 'mounted/file'), 'content');
    const { copy, warnings } = await roundTrip(folder);
    expect(await readFile(join(copy, 'mounted/file'), 'utf8')).toBe('content');
    expect(warnings).toEqual([]);
  });

  it.skipIf(!isRoot)('leaves out devices, with a warning (only as root)', async () => {
    const folder = await freshFolder();
    await mkdir(join(folder, 'inner'));
    await writeFile(join(folder, 'file'), 'content');
    execFileSync('mknod', [join(folder, 'inner/null'), 'c', '1', '3']);
    execFileSync('mknod', [join(folder, 'disk'), 'b', '7', '0']);
    const { names, warnings } = await roundTrip(folder);
    expect([...names].sort()).toEqual(['./', './file', './inner/']);
    expect(warnings.join()).toMatch(/are not archived: \.\/disk \(device\), \.\/inner\/null \(device\)/);
  });

  it.skipIf(!isRoot)(
    'keeps files that only their owner may read, with his number (only as root)',
    async () => {
      const folder = await freshFolder();
      await writeFile(join(folder, 'private'), 'content', { mode: 0o600 });
      await chown(join(folder, 'private'), 1001, 54321);
      const { copy } = await roundTrip(folder);
      expect(await stat(join(copy, 'private'))).toMatchObject({ uid: 1001, gid: 54321 });
    },
  );
});
