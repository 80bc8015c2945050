import { mkdir, mkdtemp, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { largeObjectsIn } from '../../src/restore-test/compare-content.ts';
import { assertionsIn, readAssertions } from '../../src/restore-test/read-assertions.ts';
import type { TocEntry } from '../../src/restore/toc/toc.ts';

describe('assertions', () => {
  it.each([
    ['SELECT 1', ['assertion 1']],
    ['-- a\nSELECT 1;SELECT 2', ['assertion 1 (a)', 'assertion 2']],
    ['-- head\n\n-- a\n-- more\nSELECT 1', ['assertion 1 (a)']],
    ['--\r\n-- a\r\nSELECT 1', ['assertion 1']],
    ['SELECT 1; -- of the first\nSELECT 2', ['assertion 1', 'assertion 2']],
    ['SELECT 1;\n  -- a\n\n SELECT 2 -- b', ['assertion 1', 'assertion 2 (a)']],
    ['/* a\n * more */ SELECT 1', ['assertion 1 (a)']],
    ['--- a \u001b[1m\nSELECT 1;;\n;', ['assertion 1 (a  [1m)']],
    [`-- ${'long'.repeat(100)}\nSELECT 1`, [`assertion 1 (${'long'.repeat(30)})`]],
  ])('of %j have their number and the first line of the comment before them', (text, names) => {
    expect(assertionsIn(text).map(({ name }) => name)).toEqual(names);
  });

  it('are not read from what is no file of SQL text', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'assertions-'));
    onTestFinished(() => rm(folder, { recursive: true }));
    const [path, label] = [join(folder, 'a.sql'), 'BACKUP_RESTORE_TEST_SQL'];
    const wrong = (why: RegExp): Promise<void> =>
      expect(readAssertions({ path, label })).rejects.toMatchObject({
        code: 'CONFIG_INVALID',
        message: expect.stringMatching(new RegExp(`^${label} names ${path}, which ${why.source}`)) as string,
        hint: expect.stringContaining(label) as string,
      });
    await wrong(/cannot be read: ENOENT/);
    await mkdir(path);
    await wrong(/cannot be read: it is no file/);
    await rm(path, { recursive: true });
    await writeFile(path, '\ufeff-- nothing');
    await wrong(/has no query/);
    await writeFile(path, '\ufeffSELECT 1');
    expect(await readAssertions({ path, label })).toEqual([{ name: 'assertion 1', sql: 'SELECT 1' }]);
    await writeFile(path, 'SELECT 1;\n\\set password secret');
    await wrong(/has a command of psql: \\set$/);
    await writeFile(path, 'SELECT \0');
    await wrong(/is not UTF-8 text/);
    await truncate(path, 2_000_000);
    await wrong(/cannot be read: it is longer than/);
  });
});

describe('large objects of a table of contents', () => {
  it('are those of single entries and of groups', () => {
    const entry = (kind: string, name: string, definition = ''): TocEntry =>
      ({ kind, name, definition }) as unknown as TocEntry;
    expect(
      largeObjectsIn({
        entries: [
          entry('BLOB', '16400'),
          entry('BLOB METADATA', '16401..16403', '16401\n16403\n'),
          entry('BLOBS', 'BLOBS'),
          entry('TABLE', '1', '2'),
        ],
      }),
    ).toEqual(['16400', '16401', '16403']);
  });
});
