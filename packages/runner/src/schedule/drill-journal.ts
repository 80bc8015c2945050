import type { JournalState, RunJournal } from '@geolens/backup-core';

/** The journal as the loop of the drills sees it: its slots are other ones than those of the runs. */
export function drillJournal(journal: RunJournal): Pick<RunJournal, 'read' | 'update'> {
  return {
    read: async () => {
      const { firstStartAt, lastDrillSlot: lastSlot } = await journal.read();
      return { firstStartAt, lastSlot };
    },
    update: ({ lastSlot, firstStartAt }: JournalState) =>
      journal.update({
        ...(firstStartAt !== undefined && { firstStartAt }),
        ...(lastSlot !== undefined && { lastDrillSlot: lastSlot }),
      }),
  };
}
