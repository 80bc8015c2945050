import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { DeleteObjectsCommand } from '@aws-sdk/client-s3';
import { FileJournal, journalName, LocalStore, TarArchiver } from '@geolens/backup-adapter-local';
import { FlockLock } from '@geolens/backup-system';
import { S3Store } from '@geolens/backup-adapter-s3';
import { keepNewest, type Clock, type KeepCounts, type RunParts } from '@geolens/backup-core';
import { env, producerFor } from '../../adapter-postgres/support/producers.ts';
import { SMALL, settingsOf } from '../../adapter-s3/support/stores.ts';
import { fill, type Lane } from './lane.ts';

const GONE_WITHIN_MS = 10_000;

/** Nobody listens there. */
const NO_PORT = 1;

/** Stands still. Whoever waits for a moment has it at once. */
class StandingClock implements Clock {
  #moment = 0;

  now(): Date {
    return new Date(this.#moment);
  }

  set(moment: number): void {
    this.#moment = moment;
  }

  sleepUntil(moment: Date): Promise<void> {
    this.#moment = Math.max(this.#moment, moment.getTime());
    return Promise.resolve();
  }
}

let installations = 0;

/** The real parts of one sequence, put together as the composition root does. */
export class Installation {
  readonly clock = new StandingClock();
  readonly lane: Lane;
  readonly prefix: string;
  readonly root: string;
  readonly local: LocalStore;
  readonly s3: S3Store;
  readonly lock: FlockLock;
  readonly journal: FileJournal;
  readonly archiver: TarArchiver;

  private constructor(lane: Lane) {
    this.lane = lane;
    this.prefix = `m${(installations += 1)}`;
    this.root = join(lane.folder, this.prefix);
    this.local = new LocalStore({ root: this.root });
    const settings = {
      ...settingsOf(lane.bucket),
      endpoint: lane.proxy.endpoint,
      prefix: this.prefix,
      attempts: 1,
    };
    this.s3 = new S3Store({ settings, database: this.database, limits: SMALL });
    this.lock = new FlockLock(join(this.root, '.geolens-backup.lock'), env);
    this.journal = new FileJournal(join(this.root, journalName(this.database)));
    this.archiver = new TarArchiver({ folder: lane.staging, env });
  }

  static async make(lane: Lane, rows: number): Promise<Installation> {
    const made = new Installation(lane);
    await mkdir(made.root);
    await fill(lane, rows);
    return made;
  }

  get database(): string {
    return this.lane.database.database;
  }

  /** What a run works with; `server` is false for one that cannot be reached. */
  parts(counts: KeepCounts, server = true): RunParts {
    const { clock, lock, journal, archiver, local: primary, s3, lane } = this;
    const producer = producerFor(lane.database, server ? {} : { connection: { port: NO_PORT } });
    return {
      producer,
      archiver,
      primary,
      clock,
      lock,
      journal,
      retention: keepNewest(counts),
      replicas: [s3],
    };
  }

  /**
   * What no command may leave: a session at the server, an upload that nobody completed. Sessions may take a
   * moment to be gone.
   */
  async orphans(): Promise<readonly string[]> {
    const uploads = (await this.lane.bucket.uploads()).map((key) => `an upload of ${key} is open`);
    const giveUpAt = Date.now() + GONE_WITHIN_MS;
    for (;;) {
      const { rows } = await this.lane.client.query<{ query: string }>(
        `SELECT query FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'geolens-backup'`,
      );
      if (rows.length === 0) return uploads;
      if (Date.now() > giveUpAt)
        return [...uploads, ...rows.map(({ query }) => `a session is open: ${query}`)];
      await setTimeout(20);
    }
  }

  async remove(): Promise<void> {
    this.s3.close();
    await rm(this.root, { recursive: true, force: true });
    const { bucket } = this.lane;
    const Objects = (await bucket.keys(`${this.prefix}/`)).map((Key) => ({ Key }));
    if (Objects.length > 0)
      await bucket.client.send(
        new DeleteObjectsCommand({ Bucket: bucket.name, Delete: { Objects, Quiet: true } }),
      );
  }
}
