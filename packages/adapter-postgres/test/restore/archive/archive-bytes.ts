import type { ArchiveEntry } from '../../../src/restore/archive/entry.ts';

export interface ArchiveForm {
  readonly minor: number;
  /** 1 is that of `pg_dump -Fc`. */
  readonly format?: number;
  /** How many entries the archive claims to have; defaults to those that it has. */
  readonly count?: number;
}

export function integer(value: number): Buffer {
  const bytes = Buffer.alloc(5);
  bytes.writeUInt8(value < 0 ? 1 : 0);
  bytes.writeUInt32LE(Math.abs(value), 1);
  return bytes;
}

export function text(value: string | undefined): Buffer {
  if (value === undefined) return integer(-1);
  const bytes = Buffer.from(value);
  return Buffer.concat([integer(bytes.length), bytes]);
}

/** Returns the head and the table of contents of an archive, as `WriteHead` and `WriteToc` of pg_dump do. */
export function archiveBytes(
  { minor, format = 1, count }: ArchiveForm,
  entries: readonly ArchiveEntry[],
): Buffer {
  return Buffer.concat([
    Buffer.from('PGDMP'),
    Buffer.from([1, minor, 0, 4, 8, format]),
    minor >= 15 ? Buffer.from([1]) : integer(-1),
    ...Array.from({ length: 7 }, () => integer(1)),
    ...['geo', '15.18 (Debian)', '17.2'].map(text),
    integer(count ?? entries.length),
    ...entries.map((entry) => entryBytes(minor, entry)),
  ]);
}

function entryBytes(minor: number, entry: ArchiveEntry): Buffer {
  return Buffer.concat([
    integer(entry.id),
    integer(0),
    ...[`${entry.catalog}`, `${entry.oid}`, entry.name, entry.kind].map(text),
    integer(['none', 'pre-data', 'data', 'post-data'].indexOf(entry.section) + 1),
    ...[entry.definition, entry.dropping, undefined, entry.schema ?? '', entry.tablespace ?? ''].map(text),
    ...(minor >= 14 ? [text('heap')] : []),
    ...(minor >= 16 ? [integer(114)] : []),
    ...[entry.owner, 'false', ...entry.dependencies.map((id) => `${id}`), undefined].map(text),
    Buffer.from([3]),
    Buffer.alloc(8),
  ]);
}
