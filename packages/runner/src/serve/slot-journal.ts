import type { JournalState, RunJournal } from '@geolens/backup-core';

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
