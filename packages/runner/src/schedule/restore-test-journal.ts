import type { JournalState, RunJournal } from '@geolens/backup-core';

/** The journal as the loop of the restore tests sees it: its slots are other ones than those of the runs. */
export function restoreTestJournal(journal: RunJournal): Pick<RunJournal, 'read' | 'update'> {
  return {
    read: async () => {
      const { firstStartAt, lastRestoreTestSlot: lastSlot } = await journal.read();
      return { firstStartAt, lastSlot };
    },
    update: ({ lastSlot, firstStartAt }: JournalState) =>
      journal.update({
        ...(firstStartAt !== undefined && { firstStartAt }),
        ...(lastSlot !== undefined && { lastRestoreTestSlot: lastSlot }),
      }),
  };
}
