import { existsSync, readdirSync, rmSync } from 'node:fs';

const SHARED_MEMORY = '/dev/shm';

/**
 * Removes the semaphores and shared memory of faked processes that were killed: libfaketime names them after
 * process ids, and a process of another user that gets such an id cannot have its own, says so on its stderr,
 * and fails.
 */
export function clearFaketimeOrphans(): void {
  if (!existsSync(SHARED_MEMORY)) return;
  for (const name of readdirSync(SHARED_MEMORY)) {
    const id = /^(?:sem\.)?faketime_(?:sem|shm)_(\d+)$/.exec(name)?.[1];
    if (id !== undefined && !existsSync(`/proc/${id}`)) removeIfOurs(`${SHARED_MEMORY}/${name}`);
  }
}

function removeIfOurs(path: string): void {
  try {
    rmSync(path, { force: true });
  } catch (error) {
    if (!['EPERM', 'EACCES'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
  }
}
