/** Integers in a custom-format dump: a byte for the sign, four for the value. */
const INTEGER_BYTES = 5;
const DATA_BLOCK = 1;

/** A place in a dump where one entry can be spoilt. */
export interface Flaw {
  /** What the entry does, as an error names it: without literals. */
  readonly names: string;
  /** The dump with that entry spoilt, of the same length. */
  spoil(): Buffer;
}

const integer = (value: number): Buffer => {
  const bytes = Buffer.alloc(INTEGER_BYTES);
  bytes.writeUInt32LE(value, 1);
  return bytes;
};

/**
 * What pg_restore does only when it makes the database itself; and schemas, for which it has words of its
 * own.
 */
const NOT_SENT = /^\w+ (?:ON )?DATABASE |^ALTER ROLE |^CREATE SCHEMA |^ALTER [^]* DROP /;

/**
 * Every statement that pg_restore sends for the dump's entries, which its table of contents holds as plain
 * text.
 */
export function statementsIn(dump: Buffer): readonly Flaw[] {
  const text = dump.toString('latin1');
  return [...text.matchAll(/(?:CREATE|ALTER|COMMENT ON|SELECT pg_catalog\.setval) ?/g)].flatMap(
    ({ index }) => {
      const length = index < INTEGER_BYTES ? 0 : dump.readUInt32LE(index - INTEGER_BYTES + 1);
      const statement = dump.subarray(index, index + length);
      if (
        !dump.subarray(index - INTEGER_BYTES, index).equals(integer(length)) ||
        !/;\n+$/.test(statement.toString('latin1'))
      )
        return [];
      if (NOT_SENT.test(statement.toString('latin1'))) return [];
      return [
        {
          names: `BROKEN${statement
            .subarray(6)
            .toString('utf8')
            .split(/\n| '|\(/)[0]!
            .slice(0, 40)
            .trimEnd()}`,
          spoil: () => patched(dump, index, 'BROKEN'),
        },
      ];
    },
  );
}

/**
 * The rows of every table that has some, in an uncompressed dump; `listing` is what `pg_restore --list`
 * prints.
 */
export function rowsIn(dump: Buffer, listing: string): readonly Flaw[] {
  return [...listing.matchAll(/^(\d+); \d+ \d+ TABLE DATA \S+ (.*) \S+$/gm)].flatMap(([, id, table]) => {
    const start = dump.indexOf(Buffer.concat([Buffer.from([DATA_BLOCK]), integer(Number(id))]));
    const rows = start + 1 + 2 * INTEGER_BYTES;
    const end = rows + (start < 0 ? 0 : dump.readUInt32LE(rows - INTEGER_BYTES + 1));
    const tab = dump.indexOf('\t', rows);
    return start < 0 || tab < 0 || tab >= end
      ? []
      : [{ names: `COPY failed for table "${table!}"`, spoil: () => patched(dump, tab, '_') }];
  });
}

function patched(dump: Buffer, at: number, text: string): Buffer {
  const copy = Buffer.from(dump);
  copy.write(text, at, 'latin1');
  return copy;
}
