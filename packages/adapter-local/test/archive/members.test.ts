import { execFileSync, spawnSync } from 'node:child_process';
import {
  chmod,
  chown,
  link,
  lstat,
  mkdir,
  mkdtemp,
  open,
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
    for (const name of [
      '.geolens-backup-before-20260101_020000/old',
      '.geolens-backup-\nx',
      'inner/.geolens-backup-x',
      'x.geolens-backup-x',
    ]) {
      await mkdir(join(folder, name), { recursive: true });
    }
    await writeFile(join(folder, '.geolens-backup-restoring-x.out'), 'x');
    const { names } = await roundTrip(folder);
    expect([...names].sort()).toEqual([
      './',
      './inner/',
      './inner/.geolens-backup-x/',
      './x.geolens-backup-x/',
    ]);
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

  it('passes over sockets with a warning, and does not wait for a FIFO that nobody writes to', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'gb-')); // the path of a socket has to be short
    onTestFinished(() => rm(folder, { recursive: true, force: true }));
    execFileSync('mkfifo', [join(folder, 'fifo')]);
    await writeFile(join(folder, 'file'), 'content');
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(join(folder, 'socket'), resolve));
    onTestFinished(() => void server.close());
    const { copy, warnings, members } = await roundTrip(folder);
    expect(warnings).toEqual(['tar: ./socket: socket ignored']);
    expect(members).toBe(3);
    expect((await stat(join(copy, 'fifo'))).isFIFO()).toBe(true);
    expect(await readFile(join(copy, 'file'), 'utf8')).toBe('content');
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
