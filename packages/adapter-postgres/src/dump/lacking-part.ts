/** Line of the globals where a part could not be read. */
export const LACKING_PART =
  '-- This part could not be read when the backup was made; the manifest has the reason.';
