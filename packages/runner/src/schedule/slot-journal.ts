import {
  latestTest,
  newestPassed,
  type BackupSet,
  type JournalledRestoreTest,
  type JournalState,
  type RunJournal,
} from '@geolens/backup-core';

/** The journal as a loop other than that of the runs sees it: its slots are others. */
export function slotJournal(
  journal: RunJournal,
  field: 'lastRestoreTestSlot' | 'lastReplicaCheckSlot',
): Pick<RunJournal, 'read' | 'update'> {
  return {
    read: async () => {
      const { firstStartAt, [field]: lastSlot } = await journal.read();
      return { firstStartAt, lastSlot };
    },
    update: ({ lastSlot, firstStartAt }: JournalState) =>
      journal.update({
        ...(firstStartAt !== undefined && { firstStartAt }),
        ...(lastSlot !== undefined && { [field]: lastSlot }),
      }),
  };
}

/**
 * Whether a failed restore test needs nothing more: an operator accepted it, or this set or a newer one has
 * passed.
 * @param sets of the database, in the primary store
 */
export function isSettled(
  { outcome, timestamp }: JournalledRestoreTest,
  sets: readonly BackupSet[],
): boolean {
  if (outcome !== 'failed' || timestamp === undefined) return false;
  const passed = newestPassed(sets);
  const result = latestTest(sets.filter((set) => set.timestamp === timestamp));
  return result?.acceptedAt !== undefined || (passed !== undefined && passed >= timestamp);
}
