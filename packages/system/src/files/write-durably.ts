import { createHash } from 'node:crypto';
import { open, rm, type FileHandle } from 'node:fs/promises';
import { throwIfAborted } from '@geolens/backup-core';
import { errnoOf } from './store-errors.ts';

/** Size of a batch in bytes. Batches save system calls; at most two are in memory. */
const BATCH_BYTES = 1024 * 1024;

const OWNER_ONLY = 0o600;

export interface Written {
  readonly bytes: number;
  /** SHA-256 of the bytes as they arrived, before they went to the disk. */
  readonly sha256: string;
}

/**
 * Writes a new file with mode 0600 and flushes it to the disk. If the content fails or the signal fires,
 * removes the file and rejects. Collects the next batch while the previous one is being written.
 */
export async function writeDurably(
  path: string,
  content: AsyncIterable<Uint8Array>,
  signal?: AbortSignal,
): Promise<Written> {
  const handle = await open(path, 'wx', OWNER_ONLY);
  try {
    const written = await copyInto(handle, content, signal);
    await handle.sync();
    await handle.close();
    return written;
  } catch (error) {
    await handle.close().catch(() => undefined);
    await rm(path, { force: true });
    throw error;
  }
}

/** Returns a short text as content. */
export async function* textContent(text: string): AsyncGenerator<Uint8Array> {
  yield await Promise.resolve(Buffer.from(text));
}

/**
 * Error codes of volumes that cannot flush a folder: network shares and FUSE. They write names at once, or
 * not on demand.
 */
const CANNOT_FLUSH = new Set(['EINVAL', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EBADF', 'EISDIR']);

/** Flushes a folder, so that its names survive a crash of the machine. */
export async function flushFolder(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } catch (error) {
    if (!CANNOT_FLUSH.has(errnoOf(error) ?? '')) throw error;
  } finally {
    await handle.close();
  }
}

async function copyInto(
  handle: FileHandle,
  content: AsyncIterable<Uint8Array>,
  signal: AbortSignal | undefined,
): Promise<Written> {
  const hash = createHash('sha256');
  let bytes = 0;
  let batch: Uint8Array[] = [];
  let gathered = 0;
  let writing: Promise<void> = Promise.resolve();
  const flush = async (): Promise<void> => {
    await writing;
    writing = writeAll(handle, batch);
    writing.catch(() => undefined); // the next flush awaits it; until then its failure is not unhandled
    batch = [];
    gathered = 0;
  };
  try {
    for await (const chunk of content) {
      throwIfAborted(signal);
      hash.update(chunk);
      bytes += chunk.length;
      batch.push(chunk);
      gathered += chunk.length;
      if (gathered >= BATCH_BYTES) await flush();
    }
    throwIfAborted(signal);
    await flush();
    await writing;
  } catch (error) {
    await writing.catch(() => undefined);
    throw error;
  }
  return { bytes, sha256: hash.digest('hex') };
}

async function writeAll(handle: FileHandle, batch: readonly Uint8Array[]): Promise<void> {
  if (batch.length === 0) return;
  const length = batch.reduce((sum, chunk) => sum + chunk.length, 0);
  const { bytesWritten } = await handle.writev(batch);
  if (bytesWritten === length) return;
  // A short write: the volume is nearly full, or a signal interrupted it. Writing the rest reports the cause.
  await handle.writeFile(Buffer.concat(batch).subarray(bytesWritten));
}
