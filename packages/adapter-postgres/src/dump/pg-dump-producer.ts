import {
  BackupError,
  throwIfAborted,
  Stall,
  type ArtifactContent,
  type Compression,
  type DumpCheckOptions,
  type DumpContent,
  type DumpedRows,
  type DumpProducer,
  type DumpSnapshot,
  type RowCounts,
  type SnapshotOptions,
  type StallLimit,
  type TableRows,
  withReason,
} from '@geolens/backup-core';
import {
  endedByOthers,
  describeEnd,
  type ProgramEnd,
  type ProgramEnvironment,
  programFed,
  programOutput,
} from '@geolens/backup-system';
import { libpqEnvironment, withoutConnection, readingConnectionString } from '../connection/connection.ts';
import { chooseCompression, compressionArgument, lockWait } from './dump-arguments.ts';
import type { ConnectionSettings } from '../connection/connection-settings.ts';
import { brokenRowsHint } from './broken-rows.ts';
import { globalsOf } from './globals.ts';
import { postgresError, programError, whereabouts } from '../connection/postgres-errors.ts';
import { endWithoutValues, isEntry } from '../connection/program-messages.ts';
import { watched } from '../connection/watched.ts';
import {
  findInstallations,
  newestOf,
  programsFor,
  type PostgresPrograms,
} from '../connection/postgres-programs.ts';
import { DumpRowCounter } from './dump-row-counter.ts';
import { serverVersionOf } from '../connection/queries.ts';
import { ServerActivity } from '../connection/server-activity.ts';
import { openSession, type Session } from '../connection/session.ts';
import { namesOf } from '../connection/identifiers.ts';
import { rewrittenOf, takeSnapshot, type ExportedSnapshot } from './snapshot.ts';

/**
 * How long a dump waits for a table that another session has locked. Migrations take minutes; what takes
 * longer is stuck.
 */
const LOCK_TIMEOUT_MS = 5 * 60_000;

const UNREADABLE_HINT = 'It was not kept; check the disk and the memory of this machine, then run again';

/** Which database is dumped, with which programs. */
export interface PgDumpProducerOptions {
  readonly connection: ConnectionSettings;
  /** `auto` when absent: `zstd:1` where pg_dump has it (16 and newer), otherwise `gzip:1`. */
  readonly compression?: Compression | 'auto' | undefined;
  /** Put the password hashes of the roles into the globals. Off when absent. */
  readonly rolePasswords?: boolean | undefined;
  /** The folder of pg_dump and its kin; when absent, the best of those installed is taken. */
  readonly binDir?: string | undefined;
  /** Milliseconds; five minutes when absent. */
  readonly lockTimeoutMs?: number | undefined;
  /** How long the server may make no progress while the snapshot is taken; without end when absent. */
  readonly stall?: StallLimit | undefined;
  /** What programs get as their environment: PATH at least. The connection and LC_ALL=C are added. */
  readonly env: ProgramEnvironment;
}

/** Dumps a PostgreSQL database with pg_dump, in its custom format without owners and grants. */
export class PgDumpProducer implements DumpProducer {
  readonly database: string;
  readonly server: string;
  private readonly options: PgDumpProducerOptions;
  private readonly env: ProgramEnvironment;
  private found: Promise<readonly PostgresPrograms[]> | undefined;

  constructor(options: PgDumpProducerOptions) {
    this.options = options;
    this.database = options.connection.database;
    this.server = whereabouts(options.connection);
    this.env = { ...options.env, LC_ALL: 'C', ...libpqEnvironment(options.connection) };
  }

  async snapshot({ signal, tolerant = false }: SnapshotOptions): Promise<DumpSnapshot> {
    const { stall: limit, connection } = this.options;
    if (limit === undefined) return this.takeSnapshot(signal, tolerant);
    const activity = new ServerActivity(connection);
    const stall = new Stall(limit, {
      what: `taking the snapshot (${whereabouts(connection)})`,
      working: (ended) => activity.isWorking(ended),
    });
    return stall.during(() => this.takeSnapshot(AbortSignal.any([signal, stall.signal]), tolerant));
  }

  private async takeSnapshot(signal: AbortSignal, tolerant: boolean): Promise<DumpSnapshot> {
    throwIfAborted(signal);
    // Looked for at every snapshot: they may have been upgraded since the last one.
    const installations = await this.installations(true);
    const session = await openSession(this.options.connection, signal);
    const { client } = session;
    try {
      throwIfAborted(signal); // it may have fired while the connection was being made
      const serverVersion = await serverVersionOf(client);
      const programs = programsFor(serverVersion, installations);
      const compression = chooseCompression(this.options.compression ?? 'auto', programs.major);
      const snapshot = await takeSnapshot(client, this.database, {
        lockTimeoutMs: this.options.lockTimeoutMs ?? LOCK_TIMEOUT_MS,
        signal,
      });
      const origin = {
        serverVersion,
        clientVersion: programs.version,
        extensions: snapshot.extensions,
        databaseProperties: snapshot.databaseProperties,
        databaseBytes: snapshot.databaseBytes,
        preloadedLibraries: snapshot.preloadedLibraries,
        compression,
      };
      return new PgSnapshot({
        session,
        snapshot,
        programs,
        origin,
        tolerant,
        signal,
        env: watched(this.env, serverVersion),
        options: this.options,
      });
    } catch (error) {
      await session.close();
      throwIfAborted(signal);
      throw postgresError(error, 'taking the snapshot', this.options.connection);
    }
  }

  async check(dump: ArtifactContent, { signal, onProgress }: DumpCheckOptions): Promise<DumpContent> {
    const newest = newestOf(await this.installations(false));
    const [file, content] =
      dump.path === undefined ? [[], dump.open(undefined, { reuseBuffer: true })] : [[dump.path], undefined];
    const counter = new DumpRowCounter();
    // Rows alone: what else a dump has stands in its table of contents, which is read in any case.
    const args = ['--format=custom', '--data-only', '--verbose', '--file=-', ...file];
    const end = quieter(
      await programFed(
        newest.pgRestore,
        args,
        content,
        { env: { ...withoutConnection(this.env), LC_ALL: 'C' }, signal },
        (chunk) => {
          counter.add(chunk as Buffer);
          onProgress?.();
        },
      ),
    );
    if (end.stderr.includes('unsupported version')) {
      throw new BackupError(
        'CLIENT_TOO_OLD',
        `the dump was made by a newer pg_dump than the programs here (${newest.version}) can read`,
        withReason('dump-too-new'),
      );
    }
    if (end.code !== 0)
      throw (
        endedByOthers('pg_restore', end) ??
        new BackupError(
          'ARTIFACT_UNREADABLE',
          `the dump does not read through: ${describeEnd('pg_restore', end)}`,
          { hint: UNREADABLE_HINT },
        )
      );
    return { rows: counter.counts };
  }

  private installations(anew: boolean): Promise<readonly PostgresPrograms[]> {
    if (anew || this.found === undefined) {
      this.found = findInstallations(this.options);
      this.found.catch(() => (this.found = undefined));
    }
    return this.found;
  }
}

/** Without the lines about entries that a verbose pg_restore writes. */
function quieter(end: ProgramEnd): ProgramEnd {
  return {
    ...end,
    stderr: end.stderr
      .split('\n')
      .filter((line) => !isEntry(line))
      .join('\n'),
  };
}

function dumpError(end: ProgramEnd, connection: ConnectionSettings): BackupError {
  const error = programError(endWithoutValues('pg_dump', end), 'the dump', connection);
  const hint = brokenRowsHint(end.stderr);
  return hint === undefined ? error : new BackupError('DUMP_FAILED', error.message, { hint });
}

interface PgSnapshotParts {
  /** Keeps the snapshot. */
  readonly session: Session;
  readonly snapshot: ExportedSnapshot;
  readonly programs: PostgresPrograms;
  readonly origin: DumpSnapshot['origin'];
  readonly tolerant: boolean;
  readonly signal: AbortSignal;
  readonly env: ProgramEnvironment;
  readonly options: PgDumpProducerOptions;
}

class PgSnapshot implements DumpSnapshot {
  readonly origin: DumpSnapshot['origin'];
  private readonly parts: PgSnapshotParts;
  private readonly found: string[] = [];
  private readonly stop = new AbortController();
  private readonly signal: AbortSignal;
  private readonly activity: ServerActivity;

  constructor(parts: PgSnapshotParts) {
    this.parts = parts;
    this.activity = new ServerActivity(parts.options.connection);
    this.origin = parts.origin;
    this.signal = AbortSignal.any([parts.signal, this.stop.signal]);
  }

  async *dump(): AsyncGenerator<Uint8Array> {
    const { programs, snapshot, options, env } = this.parts;
    const args = [
      '-Fc',
      '--no-owner',
      '--no-acl',
      compressionArgument(this.origin.compression, programs.major),
      `--snapshot=${snapshot.snapshotId}`,
      lockWait(this.lockTimeoutMs, { isFirst: snapshot.unlocked.length > 0 }),
      `--dbname=${readingConnectionString(options.connection.database, programs.major)}`,
    ];
    const content = programOutput(programs.pgDump, args, { env, signal: this.signal }, (end) =>
      end.code === 0 ? undefined : dumpError(end, options.connection),
    );
    let hasLocks = false;
    for await (const chunk of content) {
      // pg_dump writes its first block when it has locked everything.
      if (!hasLocks) await this.checkUnlocked();
      hasLocks = true;
      yield chunk;
    }
  }

  globals(): AsyncIterable<Uint8Array> {
    const { programs, snapshot, options, env, session, tolerant } = this.parts;
    return globalsOf({
      programs,
      settings: options.connection,
      snapshotId: snapshot.snapshotId,
      client: session.client,
      sections: snapshot.sections,
      rolePasswords: options.rolePasswords ?? false,
      lockTimeoutMs: this.lockTimeoutMs,
      tolerant,
      warn: (text) => void this.found.push(text),
      env,
      signal: this.signal,
    });
  }

  warnings(): readonly string[] {
    return [...this.parts.snapshot.warnings, ...this.found];
  }

  private get lockTimeoutMs(): number {
    return this.parts.options.lockTimeoutMs ?? LOCK_TIMEOUT_MS;
  }

  /** The rows of a table that was rewritten between the snapshot and pg_dump's lock are not in the dump. */
  private async checkUnlocked(): Promise<void> {
    const { session, snapshot, tolerant, options } = this.parts;
    const rewritten = await rewrittenOf(session.client, snapshot.unlocked).catch((error: unknown) => {
      throw postgresError(error, 'the dump', options.connection);
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
