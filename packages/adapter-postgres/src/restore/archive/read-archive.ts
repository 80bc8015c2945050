import { BackupError } from '@geolens/backup-core';
import { decodeBytes } from '../../connection/byte-text.ts';
import { decoderFor, type DecodeText } from '../../connection/postgres-encodings.ts';
import { ArchiveCursor, EndOfBuffer } from './archive-cursor.ts';
import type { ArchiveEntry, ArchiveToc } from './entry.ts';

/** Supported minor versions of the format: pg_dump 10 to 18 write them. */
const [OLDEST, NEWEST] = [12, 16];

/** Maximum number of entries in a table of contents. */
const MAX_ENTRIES = 10_000_000;

/** Maximum size of a table of contents in bytes. A longer one counts as damaged. */
const MAX_TOC_BYTES = 2 ** 31;

/** Maximum number of characters of all definitions together. */
const MAX_DEFINITIONS = 2 ** 28;

/** Number of bytes to read ahead. */
const READ_AHEAD_BYTES = 65_536;

/** Number of the format of `pg_dump -Fc`. */
const CUSTOM = 1;

/** Sections by their number in the archive. */
const SECTIONS: readonly (ArchiveEntry['section'] | undefined)[] = [
  undefined,
  'none',
  'pre-data',
  'data',
  'post-data',
];

/** Kind of entry whose statements are not kept: before version 17, each large object has one. */
const WITHOUT_STATEMENTS = 'BLOB';

/**
 * Reads the table of contents at the start of a custom-format archive, and no further. The archive may come
 * from another party: the reader trusts no length or count in it.
 * @throws BackupError ARTIFACT_UNREADABLE if the bytes are not such an archive or end early
 * @throws BackupError CLIENT_TOO_OLD if its format is newer than this reader
 */
export async function readArchive(bytes: AsyncIterable<Uint8Array>): Promise<ArchiveToc> {
  const reader = new ArchiveReader(bytes);
  try {
    const head = await reader.take(takeHead);
    const entries: ArchiveEntry[] = [];
    let definitions = 0;
    let encoding = 'UTF8';
    for (let index = 0; index < head.count; index += 1) {
      const entry = await reader.take((cursor) => takeEntry(cursor, head));
      if (entry.kind === 'ENCODING') reader.decode = decoderFor((encoding = encodingIn(entry.definition)));
      definitions += entry.definition.length + entry.dropping.length;
      if (definitions > MAX_DEFINITIONS) throw unreadable('its definitions are too long');
      entries.push(entry);
    }
    return { ...head, encoding, entries };
  } finally {
    await reader.close();
  }
}

/** Returns the encoding that the first entry sets. */
function encodingIn(definition: string): string {
  return /^SET client_encoding = '(\w+)';/.exec(definition)?.[1] ?? 'UTF8';
}

interface Head extends Omit<ArchiveToc, 'entries' | 'encoding'> {
  readonly minor: number;
  readonly offsetBytes: number;
  readonly count: number;
}

function takeHead(cursor: ArchiveCursor): Head {
  if (cursor.ascii(5) !== 'PGDMP') throw unreadable('it is no custom-format archive');
  const [major, minor, revision] = [cursor.byte(), cursor.byte(), cursor.byte()];
  const format = `${major}.${minor}`;
  if (major !== 1 || minor > NEWEST)
    throw new BackupError(
      'CLIENT_TOO_OLD',
      `the dump has the archive format ${format}-${revision}, the newest known here is 1.${NEWEST}`,
      { hint: 'Install a newer version of this program' },
    );
  if (minor < OLDEST)
    throw unreadable(`its archive format is ${format}, the oldest that can be read is 1.${OLDEST}`);
  cursor.integerBytes = cursor.byte();
  const offsetBytes = cursor.byte();
  if (cursor.integerBytes !== 4 || offsetBytes > 8) throw unreadable('the sizes of its numbers are unknown');
  if (cursor.byte() !== CUSTOM) throw unreadable('it is no custom-format archive');
  if (minor >= 15)
    cursor.byte(); // compression
  else cursor.integer();
  for (let part = 0; part < 7; part += 1) cursor.integer(); // creation time
  const [database, serverVersion, clientVersion] = [cursor.text(), cursor.text(), cursor.text()];
  const count = cursor.integer();
  if (count < 0 || count > MAX_ENTRIES) throw unreadable(`it claims to have ${count} entries`);
  return {
    format,
    minor,
    offsetBytes,
    database: database ?? '',
    serverVersion: serverVersion ?? '',
    clientVersion: clientVersion ?? '',
    count,
  };
}

function takeEntry(cursor: ArchiveCursor, { minor, offsetBytes }: Head): ArchiveEntry {
  const id = cursor.integer();
  if (id <= 0) throw unreadable(`one of its entries has the number ${id}`);
  cursor.integer(); // whether it has content
  const [catalog, oid] = [oidIn(cursor.text()), oidIn(cursor.text())];
  const [name = '', kind = ''] = [cursor.text(), cursor.text()];
  const section = SECTIONS[cursor.integer()];
  if (section === undefined) throw unreadable('one of its entries is in no section');
  const statement = (): string => {
    if (kind !== WITHOUT_STATEMENTS) return cursor.text() ?? '';
    cursor.skipText();
    return '';
  };
  const [definition, dropping] = [statement(), statement()];
  cursor.skipText(); // the statement that loads the rows
  const [schema, tablespace] = [cursor.text(), cursor.text()];
  if (minor >= 14) cursor.skipText(); // access method
  if (minor >= 16) cursor.integer(); // kind of relation
  const owner = cursor.text() ?? '';
  cursor.skipText(); // whether it has OIDs
  const dependencies: number[] = [];
  for (let text = cursor.text(); text !== undefined; text = cursor.text())
    dependencies.push(Number.parseInt(text, 10));
  cursor.skip(1 + offsetBytes); // offset of the content
  return {
    id,
    catalog,
    oid,
    kind,
    schema: schema === '' ? undefined : schema,
    name,
    owner,
    section,
    tablespace: tablespace === '' ? undefined : tablespace,
    definition,
    dropping,
    dependencies,
  };
}

function oidIn(text: string | undefined): number {
  if (text === undefined || !/^\d{1,10}$/.test(text)) throw unreadable('one of its entries has no object');
  return Number(text);
}

/** Takes values from the start of a stream, with only some bytes of it in memory. */
class ArchiveReader {
  /** Decodes the texts of the entries. */
  decode: DecodeText = decodeBytes;
  private readonly chunks: AsyncIterator<Uint8Array>;
  private rest: Buffer = Buffer.alloc(0);
  private read = 0;

  constructor(bytes: AsyncIterable<Uint8Array>) {
    this.chunks = bytes[Symbol.asyncIterator]();
  }

  /** Takes a value. If it needs more bytes than were read, doubles them and starts again. */
  async take<T>(value: (cursor: ArchiveCursor) => T): Promise<T> {
    for (;;) {
      const cursor = new ArchiveCursor(this.rest, this.decode);
      try {
        const taken = value(cursor);
        this.rest = this.rest.subarray(cursor.position);
        return taken;
      } catch (error) {
        if (!(error instanceof EndOfBuffer)) throw error;
        await this.readOn(Math.max(READ_AHEAD_BYTES, this.rest.length));
      }
    }
  }

  async close(): Promise<void> {
    await this.chunks.return?.();
  }

  private async readOn(bytes: number): Promise<void> {
    const parts: Uint8Array[] = [this.rest];
    let added = 0;
    while (added < bytes) {
      const next = await this.chunks.next();
      if (next.done === true) break;
      parts.push(next.value);
      added += next.value.length;
    }
    this.read += added;
    if (added === 0) throw unreadable('it ends too early');
    if (this.read > MAX_TOC_BYTES) throw unreadable('it is too long');
    this.rest = Buffer.concat(parts);
  }
}

function unreadable(why: string): BackupError {
  return new BackupError('ARTIFACT_UNREADABLE', `its table of contents cannot be read: ${why}`);
}
