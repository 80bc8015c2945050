import { describe, expect, it } from 'vitest';
import { isBackupError } from '@geolens/backup-core';
import { readArchive } from '../../../src/restore/archive/read-archive.ts';
import type { ArchiveEntry, ArchiveToc } from '../../../src/restore/archive/entry.ts';
import { archiveBytes, integer, type ArchiveForm } from './archive-bytes.ts';

const ENTRIES: readonly ArchiveEntry[] = [
  entry({ id: 5, kind: 'ENCODING', name: 'ENCODING', definition: `SET client_encoding = 'UTF8';\n` }),
  entry({
    id: 201,
    catalog: 1259,
    oid: 4_294_967_295,
    kind: 'TABLE',
    schema: 'my schema',
    name: 'a "b"\n; 7; 8 TABLE x',
    owner: 'an owner',
    tablespace: 'fast',
    definition: 'CREATE TABLE "my schema".x ();\n',
    dropping: 'DROP TABLE "my schema".x;\n',
    dependencies: [5, 17, 100_000],
  }),
  entry({ id: 202, catalog: 1255, oid: 9, kind: 'FUNCTION', schema: 's', name: 'f(integer, text)' }),
];

function entry(one: Partial<ArchiveEntry>): ArchiveEntry {
  return {
    id: 1,
    catalog: 0,
    oid: 0,
    kind: '',
    schema: undefined,
    name: '',
    owner: '',
    section: 'pre-data',
    tablespace: undefined,
    definition: '',
    dropping: '',
    dependencies: [],
    ...one,
  };
}

async function read(bytes: Buffer, chunk = bytes.length): Promise<ArchiveToc> {
  return readArchive(
    (async function* () {
      for (let at = 0; at < bytes.length; at += chunk)
        yield await Promise.resolve(bytes.subarray(at, at + chunk));
    })(),
  );
}

async function refusal(bytes: Buffer): Promise<string> {
  const error: unknown = await read(bytes).catch((failure: unknown) => failure);
  return isBackupError(error, 'ARTIFACT_UNREADABLE', 'CLIENT_TOO_OLD')
    ? error.message
    : `not refused: ${String(error)}`;
}

describe.each([12, 13, 14, 15, 16])('the table of contents of an archive of format 1.%i', (minor) => {
  it('is read entry by entry, whatever the chunks are', async () => {
    const bytes = archiveBytes({ minor }, ENTRIES);
    for (const chunk of [1, 7, bytes.length])
      expect(await read(bytes, chunk)).toMatchObject({
        format: `1.${minor}`,
        serverVersion: '15.18 (Debian)',
        clientVersion: '17.2',
        database: 'geo',
        entries: ENTRIES,
      });
  });

  it('is refused when it is cut at any byte', async () => {
    const bytes = archiveBytes({ minor }, ENTRIES);
    for (let length = 0; length < bytes.length; length += 1)
      expect(await refusal(bytes.subarray(0, length))).toMatch(/table of contents cannot be read/);
  });

  it('is read or refused, whatever byte is damaged', async () => {
    const bytes = archiveBytes({ minor }, ENTRIES);
    for (let at = 0; at < bytes.length; at += 1) {
      for (const value of [0, 1, 0x7f, 0xff]) {
        const damaged = Buffer.from(bytes);
        damaged[at] = value;
        const error: unknown = await read(damaged).then(
          () => undefined,
          (failure: unknown) => failure,
        );
        if (error !== undefined)
          expect(isBackupError(error, 'ARTIFACT_UNREADABLE', 'CLIENT_TOO_OLD')).toBe(true);
      }
    }
  });
});

describe('a table of contents', () => {
  const refusing = (form: Partial<ArchiveForm>): Promise<string> =>
    refusal(archiveBytes({ minor: 14, ...form }, ENTRIES));

  it('is refused with both versions if its format is newer', async () => {
    expect(await refusing({ minor: 17 })).toBe(
      'the dump has the archive format 1.17-0, the newest known here is 1.16',
    );
  });

  it('is not trusted with counts and lengths', async () => {
    expect(await refusing({ count: 2 ** 31 })).toContain('it claims to have 2147483648 entries');
    expect(await refusing({ count: -1 })).toContain('it claims to have -1 entries');
    expect(await refusing({ count: 4 })).toContain('it ends too early');
    const head = archiveBytes({ minor: 14, count: 1 }, []);
    const long = Buffer.concat([head, integer(1), integer(0), integer(0xffffffff), Buffer.alloc(100)]);
    expect(await refusal(long)).toContain('it claims to have a text of 4294967295 bytes');
    expect(await refusal(Buffer.concat([head, integer(-1)]))).toContain('has the number -1');
  });

  it('may be of another format than that of pg_dump -Fc', async () => {
    expect(await refusing({ format: 3 })).toContain('it is no custom-format archive');
    expect(await refusal(Buffer.from('-- PostgreSQL database dump\n'))).toContain('no custom-format archive');
  });

  it('keeps bytes that are not UTF-8', async () => {
    const bytes = archiveBytes({ minor: 14 }, [entry({ kind: 'TABLE', name: 'caf_' })]);
    bytes[bytes.indexOf('caf_') + 3] = 0xe9;
    expect((await read(bytes)).entries[0]!.name).toBe('caf\udce9');
  });

  it('has no statements of single large objects', async () => {
    const bytes = archiveBytes({ minor: 14 }, [
      entry({ kind: 'BLOB', name: '7', definition: `SELECT pg_catalog.lo_create('7');`, dropping: 'x' }),
    ]);
    expect((await read(bytes)).entries).toEqual([entry({ kind: 'BLOB', name: '7' })]);
  });

  it('ends where its entries end: rows are not read', async () => {
    const bytes = archiveBytes({ minor: 14 }, ENTRIES);
    let further = 0;
    const chunks = async function* (): AsyncGenerator<Uint8Array> {
      yield await Promise.resolve(Buffer.concat([bytes, Buffer.alloc(100_000)]));
      further += 1;
      yield Buffer.alloc(1);
    };
    expect((await readArchive(chunks())).entries).toHaveLength(3);
    expect(further).toBe(0);
  });
});
