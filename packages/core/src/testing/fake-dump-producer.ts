import { createHash } from 'node:crypto';
import { abortedBy, BackupError, throwIfAborted } from '../base/errors.ts';
import type { TableRows } from '../model/manifest.ts';
import type { ArtifactContent } from '../ports/artifact-store.ts';
import type { DumpContent, DumpProducer, DumpSnapshot } from '../ports/dump-producer.ts';
import { chunksOf, readAll } from './sources.ts';

const MAGIC = 'FAKE';

/**
 * A producer whose database is a list of tables in memory. Its dumps contain `FAKE`, their digest and the
 * rows.
 */
export class FakeDumpProducer implements DumpProducer {
  readonly database: string;
  /** Content of the database. The next snapshot shows changes. */
  rows: readonly TableRows[] = [{ schema: 'catalog', table: 'datasets', rows: 3 }];
  /** Thrown in the middle of the next dumps. Defaults to none. */
  failure: Error | undefined;
  /** Warnings of the next snapshots. */
  warnings: readonly string[] = [];
  /** Number of open snapshots. */
  openSnapshots = 0;

  constructor(database = 'geolens') {
    this.database = database;
  }

  snapshot({ signal }: { readonly signal?: AbortSignal } = {}): Promise<DumpSnapshot> {
    if (signal?.aborted) return Promise.reject(abortedBy(signal));
    this.openSnapshots += 1;
    const rows = this.rows;
    let open = true;
    return Promise.resolve({
      origin: {
        serverVersion: '17.2',
        clientVersion: '17.2',
        extensions: [],
        databaseProperties: {
          owner: 'geolens',
          encoding: 'UTF8',
          collate: 'C.UTF-8',
          ctype: 'C.UTF-8',
          localeProvider: 'libc',
        },
        databaseBytes: 8_000_000,
        compression: 'none',
      },
      dump: () =>
        stoppable(
          signal,
          chunksOf(fakeDump(JSON.stringify(rows)), {
            size: 16,
            ...(this.failure && { failure: this.failure }),
          }),
        ),
      globals: () => stoppable(signal, chunksOf('-- roles and grants\n')),
      rowCounts: (dumped) => ({
        tables: rows.flatMap((table) => {
          const count = dumped.get(keyOf(table));
          return count === undefined ? [] : [{ ...table, rows: count }];
        }),
        ofExtensions: [],
      }),
      warnings: () => this.warnings,
      close: () => {
        if (open) this.openSnapshots -= 1;
        open = false;
        return Promise.resolve();
      },
    });
  }

  async check(dump: ArtifactContent): Promise<DumpContent> {
    const text = (await readAll(dump.open())).toString('latin1');
    const body = text.slice(MAGIC.length + 64);
    if (text !== fakeDump(body)) throw new BackupError('ARTIFACT_UNREADABLE', 'the dump is damaged');
    return { rows: new Map(parsed(body).map((table) => [keyOf(table), table.rows])) };
  }
}

/** Returns the rows in a dump of a FakeDumpProducer. */
export async function rowsInFakeDump(dump: ArtifactContent): Promise<readonly TableRows[]> {
  const text = (await readAll(dump.open())).toString('latin1');
  return JSON.parse(text.slice(MAGIC.length + 64)) as readonly TableRows[];
}

function keyOf({ schema, table }: TableRows): string {
  return JSON.stringify([schema, table]);
}

/** Returns the rows in a body. Empty for other bodies, which tests also use. */
function parsed(body: string): readonly TableRows[] {
  try {
    return JSON.parse(body) as readonly TableRows[];
  } catch {
    return [];
  }
}

async function* stoppable(
  signal: AbortSignal | undefined,
  content: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  throwIfAborted(signal);
  for await (const chunk of content) {
    yield chunk;
    throwIfAborted(signal);
  }
}

function fakeDump(body: string): string {
  return MAGIC + createHash('sha256').update(body, 'latin1').digest('hex') + body;
}
