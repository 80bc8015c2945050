import {
  BackupError,
  throwIfAborted,
  type ArtifactContent,
  type Compression,
  type DumpCheckOptions,
  type DumpContent,
  type DumpProducer,
  type DumpSnapshot,
  type SnapshotOptions,
  type StallLimit,
  withReason,
} from '@geolens/backup-core';
import { Stall } from '@geolens/backup-core/internal';
import {
  endedByOthers,
  describeEnd,
  type ProgramEnd,
  type ProgramEnvironment,
  programFed,
} from '@geolens/backup-system';
import { PgSnapshot } from './pg-snapshot.ts';
import { libpqEnvironment, withoutConnection, watched } from '../connection/program-connection.ts';
import { chooseCompression } from './dump-arguments.ts';
import type { ConnectionSettings } from '../connection/connection-settings.ts';
import { postgresError, whereabouts } from '../connection/postgres-errors.ts';
import { isEntry } from '../connection/program-messages.ts';
import {
  findInstallations,
  newestOf,
  programsFor,
  type PostgresPrograms,
} from '../connection/postgres-programs.ts';
import { DumpRowCounter } from './dump-row-counter.ts';
import { serverVersionOf } from '../connection/queries.ts';
import { ServerActivity } from '../connection/server-activity.ts';
import { openSession } from '../connection/session.ts';
import { takeSnapshot } from './snapshot.ts';

const UNREADABLE_HINT = 'It was not kept; check the disk and the memory of this machine, then run again';

/** Milliseconds that a dump waits for a table lock of another session. Migrations take minutes at most. */
const LOCK_TIMEOUT_MS = 5 * 60_000;

/** The database to dump and the programs to use. */
export interface PgDumpProducerOptions {
  readonly connection: ConnectionSettings;
  /** Defaults to `auto`: `zstd:1` if pg_dump supports it (16 and newer), otherwise `gzip:1`. */
  readonly compression?: Compression | 'auto' | undefined;
  /** Whether to include password hashes of the roles in the globals. Defaults to `false`. */
  readonly rolePasswords?: boolean | undefined;
  /** Folder of the PostgreSQL client programs. Defaults to the best match for the server version. */
  readonly binDir?: string | undefined;
  /** Milliseconds. Defaults to five minutes. */
  readonly lockTimeoutMs?: number | undefined;
  /** How long the server may make no progress while the snapshot is taken. Defaults to no limit. */
  readonly stall?: StallLimit | undefined;
  /** Environment of the programs; it must have PATH. The connection and LC_ALL=C are added. */
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
    const { connection, rolePasswords = false, lockTimeoutMs = LOCK_TIMEOUT_MS } = this.options;
    throwIfAborted(signal);
    // Searched at every snapshot: the programs may have been upgraded since the last one.
    const installations = await this.installations(true);
    const session = await openSession(connection, signal);
    const { client } = session;
    try {
      throwIfAborted(signal); // it may have fired while the connection was being made
      const serverVersion = await serverVersionOf(client);
      const programs = programsFor(serverVersion, installations);
      const compression = chooseCompression(this.options.compression ?? 'auto', programs.major);
      const snapshot = await takeSnapshot(client, this.database, { lockTimeoutMs, signal });
      const { extensions, databaseProperties, databaseBytes, preloadedLibraries } = snapshot;
      const origin = {
        serverVersion,
        clientVersion: programs.version,
        extensions,
        databaseProperties,
        databaseBytes,
        preloadedLibraries,
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
        connection,
        rolePasswords,
        lockTimeoutMs,
      });
    } catch (error) {
      await session.close();
      throwIfAborted(signal);
      throw postgresError(error, 'taking the snapshot', connection);
    }
  }

  async check(dump: ArtifactContent, { signal, onProgress }: DumpCheckOptions): Promise<DumpContent> {
    const newest = newestOf(await this.installations(false));
    const [file, content] =
      dump.path === undefined ? [[], dump.open(undefined, { reuseBuffer: true })] : [[dump.path], undefined];
    const counter = new DumpRowCounter();
    // Rows only: the table of contents, which is always read, lists everything else.
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

/** Removes the lines about entries that a verbose pg_restore writes. */
function quieter(end: ProgramEnd): ProgramEnd {
  const lines = end.stderr.split('\n').filter((line) => !isEntry(line));
  return { ...end, stderr: lines.join('\n') };
}
