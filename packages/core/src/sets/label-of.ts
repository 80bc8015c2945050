import type { ArtifactStore } from '../ports/artifact-store.ts';
import type { BackupSet } from '../model/backup-set.ts';

/** What people call a set. */
export function labelOf(store: Pick<ArtifactStore, 'name'>, { timestamp, tier }: BackupSet): string {
  return `set ${timestamp} (${tier}, ${store.name})`;
}
