import { readSets, toBackupError, type ArtifactStore } from '@geolens/backup-core';
import { currentHealth } from './health.ts';
import type { CommandContext } from '../services.ts';
import { toolVersion } from '../version.ts';
import type { Status, StoreStatus } from './status.ts';

/** More frequent requests get the cached status, so that a scrape costs nothing. */
const LOCAL_REFRESH_MS = 5_000;
/** Reading a bucket costs requests. Runs change it, and each run triggers a refresh. */
const REPLICA_REFRESH_MS = 15 * 60_000;

/**
 * Caches the status of the stores. Reads the volume on request, and replicas in the background. Requests do
 * not wait for an unavailable replica.
 */
export class StatusKeeper {
  private readonly context: Pick<CommandContext, 'config' | 'services' | 'signal'>;
  private readonly seen = new Map<ArtifactStore, StoreStatus>();
  private readonly looking = new Map<ArtifactStore, Promise<StoreStatus>>();

  constructor(context: Pick<CommandContext, 'config' | 'services' | 'signal'>) {
    this.context = context;
  }

  async status(): Promise<Status> {
    const { config, services } = this.context;
    const { primary, stores, clock, journal } = services;
    const replicas = stores.filter((store) => store !== primary);
    const [local, health, state, freeBytes] = await Promise.all([
      this.seenLately(primary, LOCAL_REFRESH_MS) ?? this.inspect(primary),
      currentHealth(this.context),
      journal.read(),
      services.freeBytes(config.backupDir).catch(() => undefined),
    ]);
    for (const replica of replicas)
      if (this.seenLately(replica, REPLICA_REFRESH_MS) === undefined) void this.inspect(replica);
    const now = clock.now();
    return {
      now,
      database: config.connection.database,
      version: toolVersion(),
      health,
      journal: state,
      stores: [local, ...replicas.flatMap((replica) => this.seen.get(replica) ?? [])],
      replicas: replicas.map(({ name }) => name),
      schedule: config.schedule.expression,
      zone: config.schedule.zone,
      nextRunAt: config.schedule.next(now),
      nextRestoreTestAt: config.restoreTestSchedule?.next(now),
      freeBytes,
      retention: config.retention,
      encryption:
        config.encryption.mode === 'off'
          ? undefined
          : { mode: config.encryption.mode, recipients: services.readCipher?.recipients ?? [] },
      commandPrefix: config.commandPrefix,
    };
  }

  /** Reads all stores again, after a run has changed them. */
  async refresh(): Promise<void> {
    const { primary, stores } = this.context.services;
    this.seen.delete(primary); // later requests wait for the current state
    await Promise.all(
      stores.map(async (store) => {
        await this.looking.get(store); // this read may have begun before the change
        await this.inspect(store);
      }),
    );
  }

  private seenLately(store: ArtifactStore, withinMs: number): StoreStatus | undefined {
    const seen = this.seen.get(store);
    const age = seen && this.context.services.clock.now().getTime() - seen.inspectedAt.getTime();
    return age !== undefined && age >= 0 && age < withinMs ? seen : undefined;
  }

  /** Reads a store, once for concurrent requests. Never rejects. */
  private inspect(store: ArtifactStore): Promise<StoreStatus> {
    const inspect =
      this.looking.get(store) ?? this.inspectNow(store).finally(() => this.looking.delete(store));
    this.looking.set(store, inspect);
    return inspect;
  }

  private async inspectNow(store: ArtifactStore): Promise<StoreStatus> {
    const { config, services, signal } = this.context;
    const { database } = config.connection;
    const status = await readSets(store, { signal }).then(
      (sets): Pick<StoreStatus, 'sets' | 'error'> => ({
        sets: sets.filter((set) => set.database === database),
        error: undefined,
      }),
      (error: unknown) => ({ sets: undefined, error: toBackupError(error) }),
    );
    const seen = { name: store.name, inspectedAt: services.clock.now(), ...status };
    this.seen.set(store, seen);
    return seen;
  }
}
