import {
  BackupError,
  type FinishedSwap,
  type Inspection,
  type KeptContent,
  type Restored,
  type RestoredAside,
  type RestoreInput,
  type RestoreMode,
  type RestoreSession,
  type TableSelection,
} from '@geolens/backup-core';
import type { RestoreJob, SessionParts } from './session-parts.ts';
import { asideName, dropAside, leftAside } from './aside-database.ts';
import { enableEventTriggers } from './event-triggers.ts';
import { dropPrevious, finishSwap, listPrevious } from './swap-databases.ts';
import { inspect } from './inspect.ts';
import { removeLeftLogins } from './remove-logins.ts';
import { dropStandIns } from './owners.ts';
import { prepare } from './prepare.ts';
import { restoreAside } from './restore-aside.ts';
import { restoreInPlace } from './restore-in-place.ts';
import { restoreTables } from './tables/restore-tables.ts';

/** Distinguishes our advisory locks from those of other programs; forms the key with the database name. */
const LOCK_CLASS = 'geolens-backup restore';

export class PgRestoreSession implements RestoreSession {
  readonly recovered: string[] = [];
  private readonly parts: SessionParts;
  private prepared: { readonly input: RestoreInput; readonly job: Promise<RestoreJob> } | undefined;

  constructor(parts: SessionParts) {
    this.parts = parts;
  }

  /** Excludes restores from other volumes and machines, and removes what an interrupted one left. */
  async acquireExclusiveLock(): Promise<void> {
    const { server, database } = this.parts;
    const [isAlone] = await server.values<boolean>(
      'taking the lock on the server',
      'SELECT pg_catalog.pg_try_advisory_lock(pg_catalog.hashtext($1), pg_catalog.hashtext($2))',
      [LOCK_CLASS, asideName(database, new Date(0))], // names that are cut to the same text share one key
    );
    if (isAlone !== true)
      throw new BackupError(
        'LOCK_HELD',
        `another restore into database "${database}" is going on, on this or another machine`,
        { hint: 'Try again when it has ended' },
      );
    for (const name of await leftAside(server, database)) {
      await dropAside(server, name);
      this.recovered.push(`database ${name}, of a restore that was cut off`);
    }
    this.recovered.push(...(await dropStandIns(server, database)));
    for (const name of await removeLeftLogins(server, database))
      this.recovered.push(`role ${name}, of a restore that was cut off`);
    if (!(await server.exists(database))) return;
    const enabled = await server.within(database, 'listing event triggers', (client) =>
      enableEventTriggers(client, server),
    );
    for (const name of enabled)
      this.recovered.push(`disabling of event trigger ${name}, by a restore that was cut off`);
  }

  async inspect(input: RestoreInput, mode: RestoreMode): Promise<Inspection> {
    return this.watched(async () => inspect(await this.job(input), mode));
  }

  async restoreAside(input: RestoreInput): Promise<RestoredAside> {
    const aside = await this.watched(async () => restoreAside(await this.job(input)));
    return {
      ...aside,
      swap: () => this.watched(() => aside.swap()),
      discard: () => this.watched(() => aside.discard()),
    };
  }

  async restoreInPlace(input: RestoreInput): Promise<Restored> {
    return this.watched(async () => restoreInPlace(await this.job(input)));
  }

  async restoreTables(input: RestoreInput, selection: TableSelection): Promise<Restored> {
    return this.watched(async () => restoreTables(await this.job(input), selection));
  }

  async finishSwap(previous: string | undefined, options: { readonly drop: boolean }): Promise<FinishedSwap> {
    return this.watched(() => finishSwap(this.parts.server, this.parts.database, previous, options));
  }

  listPrevious(): Promise<readonly KeptContent[]> {
    return this.watched(() => listPrevious(this.parts.server, this.parts.database));
  }

  dropPrevious(name: string): Promise<FinishedSwap> {
    return this.watched(() => dropPrevious(this.parts.server, this.parts.database, name));
  }

  close(): Promise<void> {
    return this.parts.server.close();
  }

  private watched<T>(work: () => Promise<T>): Promise<T> {
    return this.parts.stall?.during(work) ?? work();
  }

  private job(input: RestoreInput): Promise<RestoreJob> {
    if (this.prepared?.input !== input) this.prepared = { input, job: jobOf(this.parts, input) };
    return this.prepared.job;
  }
}

async function jobOf(parts: SessionParts, input: RestoreInput): Promise<RestoreJob> {
  const { server, installations, options, signal } = parts;
  const wanted = { extensions: [], schemas: [], roles: [], ...options.prerequisites };
  return {
    ...parts,
    ...(await prepare(server, input, installations, wanted, signal)),
    input,
    restored: { entries: 0 },
  };
}
