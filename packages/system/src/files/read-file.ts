import { close, constants, open as openDescriptor, read } from 'node:fs';
import { open } from 'node:fs/promises';
import { promisify } from 'node:util';
import { type ByteRange, type ReadingOptions, BackupError } from '@geolens/backup-core';
import { errnoOf } from './store-errors.ts';

/** Chunk size in bytes: large enough to be fast, small enough to hold for several files at once. */
const READ_BYTES = 64 * 1024;

/** Size of each of the two reused read buffers, in bytes. */
const REUSED_BUFFER_BYTES = 256 * 1024;

/** Size of the first chunk, in bytes. Most manifests fit into it, and a store may hold ten thousand. */
const FIRST_BYTES = 16 * 1024;

const [openFile, readBytes, closeFile] = [promisify(openDescriptor), promisify(read), promisify(close)];

const WHOLE: ByteRange = { start: 0, end: Infinity };

/** Another user may have put a pipe in the place of a file: reading it fails, and does not block. */
const WITHOUT_WAITING = constants.O_RDONLY | constants.O_NONBLOCK;

/**
 * Reads a file, or a range of it, in chunks. Opens the file at the first chunk. Uses no stream: creating one
 * for each of ten thousand manifests takes longer than reading them.
 */
export async function* readFile(
  path: string,
  range: ByteRange = WHOLE,
  { reuseBuffer = false }: ReadingOptions = {},
): AsyncGenerator<Uint8Array> {
  if (range.end <= range.start) return;
  const fd = await openFile(path, WITHOUT_WAITING);
  try {
    yield* reuseBuffer ? reusedChunks(fd, range) : ownChunks(fd, range);
  } finally {
    await closeFile(fd);
  }
}

async function* ownChunks(fd: number, { start, end }: ByteRange): AsyncGenerator<Uint8Array> {
  for (let at = start, size = FIRST_BYTES; at < end; size = READ_BYTES) {
    const wanted = Math.min(size, end - at);
    const { bytesRead, buffer } = await readBytes(fd, Buffer.allocUnsafe(wanted), 0, wanted, at);
    if (bytesRead === 0) return;
    yield buffer.subarray(0, bytesRead);
    at += bytesRead;
  }
}

/** Reads into two buffers in turn: while the reader uses one, the other is filled. */
async function* reusedChunks(fd: number, { start, end }: ByteRange): AsyncGenerator<Uint8Array> {
  const fill = async (buffer: Buffer, at: number): Promise<Uint8Array> => {
    const { bytesRead } = await readBytes(fd, buffer, 0, Math.min(buffer.length, end - at), at);
    return buffer.subarray(0, bytesRead);
  };
  let [mine, other] = [
    Buffer.allocUnsafe(Math.min(REUSED_BUFFER_BYTES, end - start)),
    Buffer.allocUnsafe(Math.min(REUSED_BUFFER_BYTES, end - start)),
  ];
  let filling = fill(mine, start);
  try {
    for (let at = start; at < end; [mine, other] = [other, mine]) {
      const chunk = await filling;
      if (chunk.length === 0) return;
      at += chunk.length;
      if (at < end) filling = fill(other, at);
      filling.catch(() => undefined); // thrown when the reader requests the chunk
      yield chunk;
    }
  } finally {
    await filling.catch(() => undefined); // the file is closed after this
  }
}

const FLAGS = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

/**
 * Reads a file that only this software writes. Another user may have put something else in its place: a link
 * would lead to another file, and a pipe would block.
 * @param atMost size in bytes
 * @throws BackupError STORE_FAILED if it is a link, a pipe or a device, or larger
 */
export async function readOwnFile(path: string, atMost: number): Promise<Buffer> {
  const handle = await open(path, FLAGS).catch((error: unknown) => {
    throw errnoOf(error) === 'ELOOP' ? refusal(`${path} is not a regular file`, error) : error;
  });
  try {
    const stats = await handle.stat();
    // The system itself refuses to read a folder.
    if (!stats.isFile() && !stats.isDirectory()) throw refusal(`${path} is not a regular file`);
    if (stats.size > atMost) throw refusal(`${path} has ${stats.size} bytes; at most ${atMost} are read`);
    return await handle.readFile();
  } finally {
    await handle.close();
  }
}

function refusal(message: string, cause?: unknown): BackupError {
  return new BackupError('STORE_FAILED', message, {
    cause,
    hint: 'Find out who put it there, remove it, and let no other user write to the folder',
  });
}
