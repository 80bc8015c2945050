import { BackupError, type ArtifactContent } from '@geolens/backup-core';
import { describeEnd, endedByOthers } from '@geolens/backup-system';
import { tarReading, type TarOptions } from './archive-reading.ts';
import { LISTING_ARGUMENTS, MemberCheck } from './member-check.ts';

/**
 * Judges all members of an archive; nothing is unpacked.
 * @param label what messages call the archive
 * @throws BackupError ARTIFACT_UNREADABLE if the archive does not read through or has no members
 */
export async function listMembers(
  archive: ArtifactContent,
  { label, hint, onMember, ...options }: ListOptions,
): Promise<MemberCheck> {
  const check = new MemberCheck(onMember);
  const end = await tarReading(LISTING_ARGUMENTS, archive, options, check.add);
  if (end.code !== 0)
    throw (
      endedByOthers('tar', end) ??
      new BackupError('ARTIFACT_UNREADABLE', `${label} does not read through: ${describeEnd('tar', end)}`, {
        hint,
      })
    );
  // tar takes nothing at all for an archive of nothing; ours have the folder itself at least.
  if (check.members === 0) throw new BackupError('ARTIFACT_UNREADABLE', 'the archive has no members');
  return check;
}

export interface ListOptions extends TarOptions {
  readonly label: string;
  readonly hint: string;
  readonly onMember?: ((path: string) => void) | undefined;
}
