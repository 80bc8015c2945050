import { BackupError, type ArtifactStore } from '@geolens/backup-core';

/**
 * Returns the stores that `--store` names; all of them for `all`.
 * @throws BackupError CONFIG_INVALID if no store has this name
 */
export function chooseStores(stores: readonly ArtifactStore[], wanted: string): readonly ArtifactStore[] {
  const chosen = stores.filter(({ name }) => wanted === 'all' || wanted === name);
  if (chosen.length > 0) return chosen;
  const names = stores.map(({ name }) => name).join(', ');
  const hint = wanted === 's3' ? 'Set BACKUP_S3_ENABLED=true and S3_…' : `Choose one of ${names}, all`;
  throw new BackupError('CONFIG_INVALID', `--store ${wanted}: no such store is configured`, { hint });
}
