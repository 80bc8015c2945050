import { BackupError } from '../base/errors.ts';
import type { Archiver } from '../ports/archiver.ts';

/** For sets of a database alone. It is asked for nothing, for such sets have no archive. */
export const noArchiver: Archiver = {
  archive: () => Promise.resolve({ nothing: 'no files belong to the database' }),
  check: () =>
    Promise.reject(new BackupError('ARTIFACT_UNREADABLE', 'there is nobody here who reads archives')),
};
