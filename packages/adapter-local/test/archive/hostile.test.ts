import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readAll, sourceOf } from '@geolens/backup-core/testing';
import { asFile } from '../support/as-file.ts';
import { failure } from '../../../system/test/support/failure.ts';
import { freshFolder } from '../../../system/test/support/folders.ts';
import { archiveOf, restorer, signal } from '../support/staging-restoring.ts';
import { tarGz, type TarMember } from '../support/tar-writer.ts';

const LEAVES = /holds a name that would leave the folder/;
const link = (name: string, target: string): TarMember => ({ name, type: '2', link: target });
const hardLink = (name: string, target: string): TarMember => ({ name, type: '1', link: target });

const MANY_DEVICES = Array.from(
  { length: 101 },
  (_, index): TarMember => ({ name: `./${index}`, type: '3' }),
);

const HOSTILE: readonly (readonly [string, RegExp, readonly TarMember[]])[] = [
  ['an absolute name', LEAVES, [{ name: '/tmp/x' }]],
  ['an absolute name in a header of pax', LEAVES, [{ name: 'x', pax: { path: '/tmp/x' } }]],
  ['an absolute name in a header of GNU', LEAVES, [{ name: 'x', gnuLongName: '/tmp/x' }]],
  ['a name that climbs', LEAVES, [{ name: '../x' }]],
  ['a name that climbs later', LEAVES, [{ name: './a/b/../../../x' }]],
  ['a name that climbs, after a line feed', LEAVES, [{ name: 'a\n/../../x' }]],
  ['a folder that climbs', LEAVES, [{ name: './..', type: '5' }]],
  ['a member below a link', LEAVES, [link('./link', '/etc'), { name: './link/passwd' }]],
  ['a member below a link, before the link', LEAVES, [{ name: './link/passwd' }, link('./link', '/etc')]],
  ['a folder that is a link too', LEAVES, [{ name: './link', type: '5' }, link('./link/', '/etc')]],
  ['a link that is a folder too', LEAVES, [link('.//link', '/etc'), { name: './link/', type: '5' }]],
  ['a member far below a link in a folder', LEAVES, [link('a/link', '..'), { name: 'a/./link/b/c' }]],
  [
    'a member below a hard link to a link',
    LEAVES,
    [link('l', '/etc'), hardLink('h', 'l'), { name: 'h/passwd' }],
  ],
  ['a link twice', LEAVES, [link('l', '/etc/passwd'), { name: 'l' }]],
  ['a hard link to an absolute name', /link to a file outside/, [hardLink('h', '/etc/passwd')]],
  ['a hard link that climbs', /link to a file outside/, [hardLink('h', 'a/../../x')]],
  ['a hard link through a link', LEAVES, [link('l', '/etc'), hardLink('h', 'l/passwd')]],
  ['a hard link through a link that comes later', LEAVES, [hardLink('h', 'l/passwd'), link('l', '/etc')]],
  [
    'a name whose text looks like a link to elsewhere',
    /link to a file outside/,
    [{ name: 'x" link to "y' }, hardLink('x" link to "y2', '/etc/passwd')],
  ],
  ['a name of ours', /kept for restores/, [{ name: './.geolens-backup-before-20260101_020000/x' }]],
  [
    'a device under a name that tar does not write',
    /no file, folder, link or pipe/,
    [{ name: 'x', type: '3' }],
  ],
  ['a disk in a folder that climbs back', LEAVES, [{ name: './a/../disk', type: '4' }]],
  ['more devices than any sound archive', /no file, folder, link or pipe/, MANY_DEVICES],
  ['a member below a device', LEAVES, [{ name: './x', type: '3' }, { name: './x/y' }]],
  ['a device that is a folder too', LEAVES, [{ name: './x/y' }, { name: './x', type: '4' }]],
  ['a device and a file of its name', LEAVES, [{ name: './x', type: '3' }, { name: './x' }]],
  ['a type that nobody knows', /no file, folder, link or pipe/, [{ name: './x', type: 'Z' }]],
  ['a part of a file', /no file, folder, link or pipe/, [{ name: './x', type: 'M' }]],
  ['a link in the place of the folder', /in the place of the folder itself/, [link('./', '/etc')]],
  ['nothing', /has no members/, []],
  ['a name longer than any', /not listed as expected/, [{ name: 'x', pax: { path: 'x/'.repeat(50_000) } }]],
];

describe('an archive that is refused before anything is unpacked', () => {
  it.each(HOSTILE)('holds %s', async (_, said, members) => {
    const parent = await freshFolder();
    const folder = join(parent, 'staging');
    const ordinary =
      members.length === 0
        ? []
        : [
            { name: './', type: '5', mode: 0o755 },
            { name: './first', content: 'x' },
          ];
    const work = restorer().unpack(sourceOf(tarGz(...ordinary, ...members)), folder, { signal });
    expect((await failure('ARTIFACT_UNREADABLE', work)).message).toMatch(said);
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
      expect(unpacked.warnings.join()).toContain('devices: ./null, ./inner/d*[k] ü, ./same');
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
