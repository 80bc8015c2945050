import { createHash } from 'node:crypto';
import { link } from 'node:fs/promises';
import { BackupError, throwIfAborted, type ArtifactKey } from '@geolens/backup-core';
import { readFile, errnoOf, writeDurably, type Written } from '@geolens/backup-system';

/** Error codes of link(2) on volumes that have no hard links or allow no more; then the bytes are copied. */
const NO_HARD_LINK = new Set(['EPERM', 'EXDEV', 'EMLINK', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS']);

/**
 * Creates a second path for a file: a hard link, or otherwise a copy that is read back.
 * @param key name of the new path, for messages
 * @throws BackupError ARTIFACT_MISMATCH if the copy does not read back as written
 */
export async function linkOrCopy(
  source: string,
  target: string,
  key: ArtifactKey,
  signal?: AbortSignal,
): Promise<void> {
  try {
    await link(source, target);
    return;
  } catch (error) {
    if (!NO_HARD_LINK.has(errnoOf(error) ?? '')) throw error;
  }
  const read = await writeDurably(target, readFile(source), signal);
  const found = await digestOf(target, signal);
  if (found.sha256 === read.sha256) return;
  throw new BackupError(
    'ARTIFACT_MISMATCH',
    `${key}: ${read.bytes} bytes with SHA-256 ${read.sha256} were copied, but ${found.bytes} with ${found.sha256} read back`,
    { hint: 'Check the disk and the memory of this machine' },
  );
}

async function digestOf(path: string, signal: AbortSignal | undefined): Promise<Written> {
  const hash = createHash('sha256');
  let bytes = 0;
  for await (const chunk of readFile(path, undefined, { reuseBuffer: true })) {
    throwIfAborted(signal);
    hash.update(chunk);
    bytes += chunk.length;
  }
  return { bytes, sha256: hash.digest('hex') };
}
