import { access, readdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { BackupError } from '@geolens/backup-core';
import { readAll, sourceOf } from '@geolens/backup-core/testing';
import { TarArchiver } from '../../src/archive/tar-archiver.ts';
import { asFile } from '../support/as-file.ts';
import { failure } from '../../../system/test/support/failure.ts';
import { freshFolder } from '../../../system/test/support/folders.ts';
import { env } from '../../../system/test/support/search-path.ts';
import { archiveOf, restorer, signal } from '../support/staging-restoring.ts';
import { tarGz, type TarMember } from '../support/tar-writer.ts';

const LEAVES = /^names that would leave the folder: /;
const link = (name: string, target: string): TarMember => ({ name, type: '2', link: target });
const hardLink = (name: string, target: string): TarMember => ({ name, type: '1', link: target });

const ORDINARY: readonly TarMember[] = [
  { name: './', type: '5', mode: 0o755 },
  { name: './first', content: 'x' },
];

const TOO_MANY = Array.from({ length: 1_001 }, (_, index): TarMember => ({ name: `./${index}`, type: '3' }));

const OUTSIDE = '/tmp/geolens-backup-hostile';

/** What the archive holds, what is left out of it, and what is there after a restore besides `first`. */
const HOSTILE: readonly (readonly [string, RegExp, readonly TarMember[], (readonly string[])?])[] = [
  ['an absolute name', LEAVES, [{ name: OUTSIDE }]],
  ['an absolute name in a header of pax', LEAVES, [{ name: 'x', pax: { path: OUTSIDE } }]],
  ['an absolute name in a header of GNU', LEAVES, [{ name: 'x', gnuLongName: OUTSIDE }]],
  ['a name that climbs', LEAVES, [{ name: '../x' }]],
  ['a name that climbs later', LEAVES, [{ name: './a/b/../../../x' }]],
  ['a name that climbs, after a line feed', LEAVES, [{ name: 'a\n/../../x' }]],
  [
    'a name that climbs, with bytes that patterns know',
    LEAVES,
    [{ name: '[a]*?\\/../../x' }, { name: 'a' }],
    ['a'],
  ],
  ['a folder that climbs', LEAVES, [{ name: './..', type: '5' }]],
  ['a member below a link', LEAVES, [link('./link', '/etc'), { name: './link/passwd' }], ['link']],
  ['a member below a link, before the link', LEAVES, [{ name: './link/passwd' }, link('./link', '/etc')]],
  ['a folder that is a link too', LEAVES, [{ name: './link', type: '5' }, link('./link/', '/etc')]],
  [
    'a link that is a folder too',
    LEAVES,
    [link('.//link', '/etc'), { name: './link/', type: '5' }],
    ['link'],
  ],
  ['a member far below a link in a folder', LEAVES, [link('a/link', '..'), { name: 'a/./link/b/c' }], ['a']],
  [
    'a member below a hard link to a link',
    LEAVES,
    [link('l', '/etc'), hardLink('h', 'l'), { name: 'h/passwd' }],
    ['h', 'l'],
  ],
  ['a link twice', LEAVES, [link('l', '/etc/passwd'), { name: 'l' }]],
  ['a hard link to an absolute name', /^links to files outside the folder/, [hardLink('h', '/etc/passwd')]],
  ['a hard link that climbs', /^links to files outside the folder/, [hardLink('h', 'a/../../x')]],
  ['a hard link through a link', LEAVES, [link('l', '/etc'), hardLink('h', 'l/passwd')], ['l']],
  [
    'a name whose text looks like a link to elsewhere',
    /^links to files outside the folder: x" link to "y2 -> \/etc\/passwd$/,
    [{ name: 'x" link to "y' }, hardLink('x" link to "y2', '/etc/passwd')],
    ['x" link to "y'],
  ],
  ['a name of ours', /kept for restores/, [{ name: './.geolens-backup-before-20260101_020000/x' }]],
  ['a device under a name that tar does not write', /^devices: x$/, [{ name: 'x', type: '3' }]],
  ['a disk in a folder that climbs back', LEAVES, [{ name: './a/../disk', type: '4' }]],
  ['a member below a device', /^devices: \.\/x$/, [{ name: './x', type: '3' }, { name: './x/y' }]],
  ['a device that is a folder too', /^devices: \.\/x$/, [{ name: './x/y' }, { name: './x', type: '4' }]],
  ['a device and a file of its name', /^devices: \.\/x$/, [{ name: './x', type: '3' }, { name: './x' }]],
  [
    'a device and a file of its name, written in another way',
    /^devices: \.\/x, x$/,
    [{ name: './x', type: '3' }, { name: 'x' }],
  ],
  [
    'a name longer than the system takes',
    /^paths that are too long/,
    [{ name: 'x', pax: { path: 'x/'.repeat(3_000) } }],
  ],
  [
    'control characters in a name',
    /^names that would leave the folder: \.\.\/\\x0a\\x1b\[2J$/,
    [{ name: '../\n\u001b[2J' }],
  ],
];

const REFUSED: readonly (readonly [string, RegExp, readonly TarMember[]])[] = [
  ['more of it than any sound archive', /more members that cannot be restored/, TOO_MANY],
  ['a type that does not exist', /no file, folder, link or pipe/, [{ name: './x', type: 'Z' }]],
  ['a part of a file', /no file, folder, link or pipe/, [{ name: './x', type: 'M' }]],
  ['a link in the place of the folder', /in the place of the folder itself/, [link('./', '/etc')]],
  ['a name longer than any', /not listed as expected/, [{ name: 'x', pax: { path: 'x/'.repeat(50_000) } }]],
];

/** Returns a source of the same whole numbers below a limit for the same seed (a linear congruence). */
function randomOf(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

const archiver = new TarArchiver({ folder: '/', env });

describe('a member that is left out of a restore', () => {
  it.each(
    HOSTILE.map(([what, leftOut, members, besides = []]) => [what, leftOut, members, besides] as const),
  )('is %s: the check finds it, and all else is restored', async (_, leftOut, members, besides) => {
    const parent = await freshFolder();
    const folder = join(parent, 'staging');
    const archive = sourceOf(tarGz(...ORDINARY, ...members));
    const { leftOut: found } = await archiver.check(archive, { signal });
    expect(found).toEqual([expect.stringMatching(leftOut)]);
    const unpacked = await restorer().unpack(archive, folder, { signal });
    expect(unpacked.leftOut).toEqual(found);
    await unpacked.swap();
    expect(await readdir(parent)).toEqual(['staging']);
    expect((await readdir(folder)).filter((name) => !besides.includes(name))).toEqual(['first']);
    expect((await readdir(folder)).sort()).toEqual(['first', ...besides].sort());
    await expect(access(OUTSIDE)).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it('is found in an archive of random members, by check and restore alike, and nothing leaves the folder', async () => {
    const random = randomOf(26);
    const pick = <T>(...of: readonly T[]): T => of[random(of.length)]!;
    const name = (): string =>
      Array.from({ length: 1 + random(3) }, () => pick('a', 'b', '..', '.', '', 'x*', '\n', 'é', '[a]')).join(
        '/',
      );
    for (let round = 0; round < 30; round += 1) {
      const members = Array.from({ length: 6 }, () => ({
        name: `${pick('./', '', '/tmp/geolens-backup-hostile/')}${name()}` || 'a',
        type: pick('0', '1', '2', '3', '4', '5', '6'),
        link: pick('./first', name(), '/etc/passwd', '../../x'),
      }));
      const parent = await freshFolder();
      const archive = sourceOf(tarGz(...ORDINARY, ...members));
      const { leftOut = [], refusal } = await archiver.check(archive, { signal });
      const unpacked = await restorer()
        .unpack(archive, join(parent, 'staging'), { signal })
        .catch((error: unknown) => error as BackupError);
      if (unpacked instanceof BackupError) {
        expect(unpacked.code).toBe('STAGING_FAILED');
        expect(await readdir(parent)).toEqual([]);
      } else {
        expect([refusal, unpacked.leftOut]).toEqual([undefined, leftOut]);
        await unpacked.swap();
        expect(await readdir(parent)).toEqual(['staging']);
      }
      await expect(access(OUTSIDE)).rejects.toMatchObject({ code: 'ENOENT' });
    }
  }, 60_000);

  it('is a set-user-ID bit: the file comes without it', async () => {
    const folder = await freshFolder();
    const archive = sourceOf(
      tarGz(...ORDINARY, { name: './inner/', type: '5', mode: 0o2755 }, { name: './inner/sh', mode: 0o6755 }),
    );
    const unpacked = await restorer().unpack(archive, folder, { signal });
    expect(unpacked).toMatchObject({
      members: 4,
      leftOut: ['set-user-ID and set-group-ID bits: ./inner/sh'],
    });
    await unpacked.swap();
    expect((await stat(join(folder, 'inner', 'sh'))).mode & 0o7777).toBe(0o755);
    expect((await stat(join(folder, 'inner'))).mode & 0o7777).toBe(0o2755);
  });
});

describe('an archive that is refused before anything is unpacked', () => {
  it.each(REFUSED)('holds %s', async (_, said, members) => {
    const parent = await freshFolder();
    const archive = sourceOf(tarGz(...ORDINARY, ...members));
    const work = restorer().unpack(archive, join(parent, 'staging'), { signal });
    expect((await failure('STAGING_FAILED', work)).message).toMatch(said);
    expect((await archiver.check(archive, { signal })).refusal).toMatch(said);
    expect(await readdir(parent)).toEqual([]);
  });

  it('holds a hard link to a file that is left out afterwards', async () => {
    const parent = await freshFolder();
    const archive = sourceOf(tarGz(...ORDINARY, hardLink('h', 'l/passwd'), link('l', '/etc')));
    await failure('STAGING_FAILED', restorer().unpack(archive, join(parent, 'staging'), { signal }));
    expect(await readdir(parent)).toEqual([]);
  });

  it('holds nothing', async () => {
    const parent = await freshFolder();
    const work = restorer().unpack(sourceOf(tarGz()), join(parent, 'staging'), { signal });
    expect((await failure('ARTIFACT_UNREADABLE', work)).message).toContain('has no members');
    expect(await readdir(parent)).toEqual([]);
  });

  it('is not one with links and names that only look alike', async () => {
    const folder = await freshFolder();
    const members = [
      link('a', '/etc'),
      { name: 'ab/c' },
      { name: 'x -> /etc/y' },
      { name: '..x' },
      { name: 'b/...' },
      { name: 'b/.geolens-backup-x' },
    ];
    const unpacked = await restorer().unpack(
      sourceOf(tarGz(...members, hardLink('same', 'a'), hardLink('q"uote', 'x -> /etc/y'))),
      folder,
      { signal },
    );
    expect(unpacked.members).toBe(8);
  });
});

describe('an archive of an earlier version that holds devices', () => {
  it('is restored without them, with a warning that names them', async () => {
    const folder = await freshFolder();
    const archive = tarGz(
      { name: './', type: '5', mode: 0o755 },
      { name: './null', type: '3' },
      { name: './inner/', type: '5', mode: 0o755 },
      { name: './inner/null', content: 'a file' },
      { name: './nul', content: 'x' },
      { name: './inner/d*[k] ü', type: '4' },
      hardLink('./same', './null'),
      { name: './null.tif', content: 'x' },
      { name: './pipe', type: '6' },
    );
    for (const source of [sourceOf(archive), await asFile(archive)]) {
      const unpacked = await restorer().unpack(source, folder, { signal });
      expect(unpacked.leftOut).toEqual(['devices: ./null, ./inner/d*[k] ü, ./same -> ./null']);
      expect(unpacked.members).toBe(6);
      await unpacked.swap();
      expect((await readdir(folder)).filter((name) => !name.startsWith('.')).sort()).toEqual([
        'inner',
        'nul',
        'null.tif',
        'pipe',
      ]);
      expect(await readdir(join(folder, 'inner'))).toEqual(['null']);
    }
  });

  it('keeps names of users that begin like those of a restore', async () => {
    const folder = await freshFolder();
    const names = ['.geolens-backup-before-2026', '.geolens-backup-notes.txt'];
    for (const name of names) await writeFile(join(folder, name), 'x');
    const copy = await freshFolder();
    await (await restorer().unpack(await archiveOf(folder), copy, { signal })).swap();
    expect((await readdir(copy)).sort()).toEqual(names);
  });
});

describe('an archive that is damaged', () => {
  it('leaves the old content untouched, and nothing else', async () => {
    const source = await freshFolder();
    await writeFile(
      join(source, 'file'),
      Buffer.from(Array.from({ length: 200_000 }, (_, index) => (index * index) % 251)),
    );
    const bytes = await readAll((await archiveOf(source)).open());
    const flipped = Buffer.from(bytes);
    flipped[Math.floor(bytes.length / 2)]! ^= 0x10;
    const folder = await freshFolder();
    await writeFile(join(folder, 'old'), 'old');
    for (const damaged of [
      bytes.subarray(0, bytes.length / 2),
      bytes.subarray(0, -1),
      flipped,
      Buffer.from('no archive'),
    ]) {
      for (const given of [sourceOf(damaged), await asFile(damaged)]) {
        await failure('ARTIFACT_UNREADABLE', restorer().unpack(given, folder, { signal }));
        expect(await readdir(folder)).toEqual(['old']);
      }
    }
  });
});
