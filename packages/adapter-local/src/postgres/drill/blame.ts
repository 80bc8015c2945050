import type { BackupError, ErrorCode } from '@geolens/backup-core';

/** What this machine says when it, and not the dump, is at fault. */
const MACHINE = /no space left on device|out of memory|could not resize shared memory|cannot allocate memory|server closed the connection|connection terminated|terminating connection|disk quota exceeded|ended by SIGKILL/i;

const MACHINES: readonly ErrorCode[] = ['PROGRAM_MISSING', 'PROGRAM_NOT_STARTED', 'STORE_FULL', 'DATABASE_UNREACHABLE', 'LOCK_LOST', 'CLIENT_TOO_OLD'];

/** Whether the dump is to blame for what a rehearsal failed with, rather than the machine that it was tried on. */
export function isDumpToBlame(error: BackupError, step: string): boolean {
  if (step === 'scratch' || step === 'create') return false;
  return !MACHINES.includes(error.code) && !MACHINE.test(error.message);
}
