import { createReadStream } from 'node:fs';
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import {
  abortedBy,
  BackupError,
  throwIfAborted,
  type ArtifactSource,
  type DumpContent,
  type DumpProducer,
  type DumpSnapshot,
} from '@geolens/backup-core';

const VERSION = process.versions['sqlite'] ?? 'unknown';

/**
 * Dumps an SQLite database: the dump is a database file, as `VACUUM INTO` writes it in one reading
 * transaction.
 */
export class SqliteProducer implements DumpProducer {
  readonly database: string;
  private readonly path: string;

  constructor(path: string) {
    this.path = path;
    this.database = basename(path, '.sqlite');
  }

  async snapshot({ signal }: { readonly signal: AbortSignal }): Promise<DumpSnapshot> {
    throwIfAborted(signal);
    const folder = await mkdtemp(join(tmpdir(), 'sqlite-backup-'));
    const copy = join(folder, 'copy.sqlite');
    const close = (): Promise<void> => rm(folder, { recursive: true, force: true });
    try {
      const source = new DatabaseSync(this.path);
      source.prepare('VACUUM INTO ?').run(copy);
      source.close();
      const { size } = await stat(this.path);
      return {
        origin: {
          serverVersion: VERSION,
          clientVersion: VERSION,
          extensions: [],
          databaseBytes: size,
          compression: 'none',
        },
        dump: () => readFile(copy, signal),
        globals: () => undefined,
        rowCounts: (rows) => ({
          tables: [...rows].map(([table, count]) => ({ schema: 'main', table, rows: count })),
          ofExtensions: [],
        }),
        warnings: () => [],
        close,
      };
    } catch (cause) {
      await close();
      throw new BackupError('DUMP_FAILED', `${this.path} could not be copied: ${(cause as Error).message}`, {
        cause,
      });
    }
  }

  /** SQLite looks at every page; that none is missing at the end, only the length says. */
  async check(dump: ArtifactSource, { signal }: { readonly signal: AbortSignal }): Promise<DumpContent> {
    const folder = await mkdtemp(join(tmpdir(), 'sqlite-check-'));
    try {
      const file = join(folder, 'dump.sqlite');
      await writeFile(file, dump.open(), { signal });
      const problem = problemOf(file, dump.bytes);
      if (problem !== undefined)
        throw new BackupError('ARTIFACT_UNREADABLE', `the dump is damaged: ${problem}`);
      return { rows: rowCounts(file) };
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }
}

function problemOf(file: string, bytes: number): string | undefined {
  const database = new DatabaseSync(file, { readOnly: true });
  const ask = (pragma: string): unknown => Object.values(database.prepare(`PRAGMA ${pragma}`).get() ?? {})[0];
  try {
    const reported = Number(ask('page_count')) * Number(ask('page_size'));
    if (reported === 0 || reported !== bytes) return `it has ${bytes} bytes instead of ${reported}`;
    const verdict = ask('integrity_check');
    return verdict === 'ok' ? undefined : String(verdict);
  } catch (error) {
    return (error as Error).message;
  } finally {
    database.close();
  }
}

/** By name: an SQLite database has one schema. */
function rowCounts(file: string): DumpContent['rows'] {
  const database = new DatabaseSync(file, { readOnly: true });
  try {
    const tables = database
      .prepare(
        "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY name",
      )
      .all();
    return new Map(
      tables.map(({ name }) => {
        const table = String(name);
        const counted = database
          .prepare(`SELECT count(*) AS rows FROM "${table.replaceAll('"', '""')}"`)
          .get();
        return [table, Number(counted?.['rows'])];
      }),
    );
  } finally {
    database.close();
  }
}

async function* readFile(path: string, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  try {
    yield* createReadStream(path, { signal }) as AsyncIterable<Uint8Array>;
  } catch (error) {
    throw signal.aborted ? abortedBy(signal) : error;
  }
}
