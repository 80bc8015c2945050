import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { TarArchiver } from '../../src/archive/tar-archiver.ts';
import { MemberCheck } from '../../src/archive/member-check.ts';

const AWKWARD = [
  'plain',
  'with space',
  'line\nfeed',
  'back\\slash',
  '\\n',
  '"quoted"',
  "it's",
  'tab\there',
  '\x01control',
  'Städte',
  '日本',
  '-dash',
  '\\101',
  'bell\x07',
];

it('an archive tells the names of its members as they are, whatever is in them', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'geolens-backup-test-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const [content, archive] = [join(folder, 'content'), join(folder, 'a.tar.gz')];
  await mkdir(join(content, 'in a folder'), { recursive: true });
  for (const name of AWKWARD) await writeFile(join(content, 'in a folder', name), 'x');
  execFileSync('tar', ['-czf', archive, '-C', content, '.']);
  const bytes = await readFile(archive);
  const source = {
    bytes: bytes.length,
    sha256: createHash('sha256').update(bytes).digest('hex'),
    open: () => chunks(bytes),
  };
  const reported: string[] = [];
  const archiver = new TarArchiver({ folder: content, env: { PATH: process.env['PATH']! } });
  const { members } = await archiver.check(source, {
    signal: new AbortController().signal,
    onMember: (path) => reported.push(path),
  });
  expect(members).toBe(reported.length);
  expect(reported.sort()).toEqual(
    ['./', './in a folder/', ...AWKWARD.map((name) => `./in a folder/${name}`)].sort(),
  );
});

it('names are read from a listing that comes in any pieces', () => {
  const line = (name: string): string => `-rw-r--r-- 0/0 1 2026-01-01 02:00 "${name}"\n`;
  const listing = Buffer.from(line('./') + line('./St\\303\\244dte') + line('./a\\nb\\\\'));
  for (let cut = 0; cut <= listing.length; cut += 1) {
    const reported: string[] = [];
    const check = new MemberCheck((path) => reported.push(path));
    check.add(listing.subarray(0, cut));
    check.add(listing.subarray(cut));
    expect([check.members, reported]).toEqual([3, ['./', './Städte', './a\nb\\']]);
  }
});

async function* chunks(bytes: Buffer): AsyncGenerator<Uint8Array> {
  for (let start = 0; start < bytes.length; start += 100)
    yield await Promise.resolve(bytes.subarray(start, start + 100));
}
