import {
  BackupError,
  type DumpedRows,
  type DumpSnapshot,
  type RowCounts,
  type TableRows,
} from '@geolens/backup-core';
import { type ProgramEnd, programOutput } from '@geolens/backup-system';
import { type GlobalsRequest, globalsOf } from './globals.ts';
import { readingConnectionString } from '../connection/program-connection.ts';
import { compressionArgument, lockWait } from './dump-arguments.ts';
import type { ConnectionSettings } from '../connection/connection-settings.ts';
import { postgresError, programError } from '../connection/postgres-errors.ts';
import { endWithoutValues } from '../connection/program-messages.ts';
import { ServerActivity } from '../connection/server-activity.ts';
import { namesOf, IDENTIFIER } from '../connection/identifiers.ts';
import { rewrittenOf } from './snapshot.ts';
import { dollarQuoted } from '../connection/sql-text.ts';

/** Matches server errors for rows that cannot be read or sent; in English, as pg_dump runs with LC_ALL=C. */
const UNREADABLE =
  /(?:missing|unexpected) chunk number|compressed \w+ data is corrupt|invalid page in block|could not read block|invalid byte sequence/;
const TOO_LARGE = /Cannot enlarge string buffer|invalid memory alloc request size/;

/** Matches the failed statement, as pg_dump prints it. */
const COPY = new RegExp(`^pg_dump: detail: Command was: COPY (${IDENTIFIER}\\.${IDENTIFIER}) `, 'mu');

/**
 * Returns a hint for a table whose rows pg_dump cannot copy, with a statement that finds these rows.
 * `undefined` if pg_dump failed for another reason. The statement reads each row separately, so it takes as
 * long as reading the table. The hint only quotes it: reading a row as text can run functions of the table's
 * owner.
 */
export function brokenRowsHint(stderr: string): string | undefined {
  const table = COPY.exec(stderr)?.[1];
  if (table === undefined || !(UNREADABLE.test(stderr) || TOO_LARGE.test(stderr))) return undefined;
  const problem = UNREADABLE.test(stderr)
    ? `the server cannot read rows of ${table}`
    : `rows of ${table} are damaged, or larger as text than the 1 GB that the server can send`;
  const body = `DECLARE place tid; BEGIN FOR place IN SELECT ctid FROM ${table} LOOP BEGIN PERFORM pg_catalog.length(r::text) FROM ${table} r WHERE ctid = place; EXCEPTION WHEN OTHERS THEN RAISE NOTICE '% %', place, SQLSTATE; END; END LOOP; END`;
  return `Repair the table first, or restore it from a former set: ${problem}. Its owner finds the ctid of each with: DO ${dollarQuoted(body)};`;
}

function dumpError(end: ProgramEnd, connection: ConnectionSettings): BackupError {
  const error = programError(endWithoutValues('pg_dump', end), 'the dump', connection);
  const hint = brokenRowsHint(end.stderr);
  return hint === undefined ? error : new BackupError('DUMP_FAILED', error.message, { hint });
}

export interface PgSnapshotParts extends Omit<GlobalsRequest, 'warn'> {
  readonly origin: DumpSnapshot['origin'];
}

/** A snapshot that a session holds, and its dumps. */
export class PgSnapshot implements DumpSnapshot {
  readonly origin: DumpSnapshot['origin'];
  private readonly parts: PgSnapshotParts;
  private readonly found: string[] = [];
  private readonly stop = new AbortController();
  private readonly signal: AbortSignal;
  private readonly activity: ServerActivity;

  constructor(parts: PgSnapshotParts) {
    this.parts = parts;
    this.activity = new ServerActivity(parts.connection);
    this.origin = parts.origin;
    this.signal = AbortSignal.any([parts.signal, this.stop.signal]);
  }

  async *dump(): AsyncGenerator<Uint8Array> {
    const { programs, snapshot, connection, lockTimeoutMs, env } = this.parts;
    const args = [
      '-Fc',
      '--no-owner',
      '--no-acl',
      compressionArgument(this.origin.compression, programs.major),
      `--snapshot=${snapshot.snapshotId}`,
      lockWait(lockTimeoutMs, { isFirst: snapshot.unlocked.length > 0 }),
      `--dbname=${readingConnectionString(connection.database, programs.major)}`,
    ];
    const content = programOutput(programs.pgDump, args, { env, signal: this.signal }, (end) =>
      end.code === 0 ? undefined : dumpError(end, connection),
    );
    let hasLocks = false;
    for await (const chunk of content) {
      // pg_dump writes its first block once it has locked all tables.
      if (!hasLocks) await this.checkUnlocked();
      hasLocks = true;
      yield chunk;
    }
  }

  globals(): AsyncIterable<Uint8Array> {
    return globalsOf({ ...this.parts, warn: (text) => void this.found.push(text), signal: this.signal });
  }

  warnings(): readonly string[] {
    return [...this.parts.snapshot.warnings, ...this.found];
  }

  /** Checks for tables rewritten between the snapshot and pg_dump's lock: the dump lacks their rows. */
  private async checkUnlocked(): Promise<void> {
    const { session, snapshot, tolerant, connection } = this.parts;
    const rewritten = await rewrittenOf(session.client, snapshot.unlocked).catch((error: unknown) => {
      throw postgresError(error, 'the dump', connection);
    });
    if (rewritten.length === 0) return;
    const names = namesOf(rewritten.map(({ schema, table }) => `${schema}.${table}`));
    if (!tolerant)
      throw new BackupError('TABLES_BUSY', `another session rewrote ${names} while the dump began`, {
        hint: 'Run again when no migration is going on',
      });
    this.found.push(
      `rows of ${names} may not be in the dump: another session rewrote it while the dump began`,
    );
  }

  isWorking(signal: AbortSignal): Promise<boolean> {
    return this.activity.isWorking(signal);
  }

  rowCounts(dumped: DumpedRows): RowCounts {
    const named = (ofExtension: boolean): readonly TableRows[] =>
      this.parts.snapshot.tables
        .filter((table) => table.ofExtension === ofExtension)
        .flatMap(({ oid, schema, table }) => {
          const rows = dumped.get(oid);
          return rows === undefined ? [] : [{ schema, table, rows }];
        });
    return { tables: named(false), ofExtensions: named(true) };
  }

  async close(): Promise<void> {
    this.stop.abort();
    await this.parts.session.close();
  }
}
