import {
  dumpOf,
  throwIfAborted,
  failedFinding,
  type BackupSet,
  type Drill,
  type Finding,
} from '@geolens/backup-core';

/**
 * Whether a scratch server could be made here, of the size that the newest set takes. It is tried up to the
 * server itself.
 */
export async function drillFinding(
  drill: Drill,
  newest: BackupSet | undefined,
  wanted: boolean,
  signal: AbortSignal,
): Promise<Finding> {
  const concern = 'scratch server';
  const manifest = newest?.manifest;
  const needs = {
    databaseBytes: manifest?.databaseBytes,
    dumpBytes: (manifest && dumpOf(manifest)?.bytes) ?? 0,
    keptBytes: 0,
  };
  try {
    const ground = await drill.open(needs, { signal });
    if ('unprovable' in ground) {
      const mend = wanted
        ? 'Until then no set is proven by a restore; BACKUP_DRILL_SCHEDULE=off says that this is wanted'
        : 'Nothing has to be done as long as no drill is wanted';
      return {
        concern,
        level: 'warn',
        message: `sets cannot be proven here: ${ground.unprovable.join('; ')}`,
        mend,
      };
    }
    await ground[Symbol.asyncDispose]();
    return { concern, level: 'ok', message: 'there is room for a scratch server, and programs to make it' };
  } catch (error) {
    throwIfAborted(signal);
    return failedFinding(concern, error, 'warn');
  }
}
