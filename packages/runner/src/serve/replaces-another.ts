import { readStores } from '@geolens/backup-core';
import { countText } from '../present/units.ts';
import type { CommandContext } from '../services.ts';

/**
 * Whether the volume has no set of the database but another store has: as when this machine replaces one that
 * is gone. A run would then be of a database that nobody has restored yet; so none is made unasked, and the
 * log says what to do.
 */
export async function replacesAnother({ config, services, log, signal }: CommandContext): Promise<boolean> {
  const { database } = config.connection;
  for await (const answer of readStores(services.stores, { signal, cacheOf: services.cacheOf })) {
    const { store, error } = answer;
    const ours = answer.error === undefined ? answer.sets.filter((set) => set.database === database) : [];
    if (store === services.primary && (error !== undefined || ours.length > 0)) return false;
    const [newest] = ours;
    if (newest === undefined) continue;
    log.warn(
      'serve.replaces_another',
      `the volume has no set of ${database}, but ${store.name} has ${countText(ours.length, 'set')}, the newest of ${newest.timestamp}: no run is made before the next slot. ` +
        'Should this machine replace another, restore first: geolens-backup restore latest. If not, give this installation an S3_PREFIX of its own',
    );
    return true;
  }
  return false;
}
