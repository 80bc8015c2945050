import { createHash } from 'node:crypto';
import { link } from 'node:fs/promises';
import { BackupError, throwIfAborted, type ArtifactKey } from '@geolens/backup-core';
import { readFile, errnoOf, writeDurably, type Written } from '@geolens/backup-system';

/**
 * Answers of link(2) on volumes that have no hard links, or no room for one more: then the bytes are copied.
 */
const NO_HARD_LINK = new Set(['EPERM', 'EXDEV', 'EMLINK', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS']);

/**
 * Makes the file also stand under another path: as a hard link, otherwise as a copy that is read back.
 * @param key what the path will be called, for the message
 * @throws BackupError ARTIFACT_MISMATCH when the copy does not read back as what was copied
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
