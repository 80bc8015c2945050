import { createHash } from 'node:crypto';
import { open, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { chunksOf } from '@geolens/backup-core/testing';
import { writeDurably } from '../../src/files/write-durably.ts';
import { filesBelow, freshFolder } from '../support/folders.ts';

const sha256 = (content: Uint8Array): string => createHash('sha256').update(content).digest('hex');

async function fileHandlePrototype(): Promise<{
  writev: (buffers: readonly Uint8Array[]) => Promise<{ bytesWritten: number }>;
}> {
  const handle = await open('/dev/null', 'r');
  await handle.close();
  return Object.getPrototypeOf(handle) as never;
}

describe('writing durably', () => {
  afterEach(() => vi.restoreAllMocks());

  it('writes the very bytes that come and answers their number and hash, whatever the sizes of the chunks', async () => {
    const folder = await freshFolder();
    const sizes = fc.array(
      fc.oneof(fc.nat(40), fc.nat(70_000), fc.constantFrom(0, 1, 1_048_575, 1_048_576, 1_048_577)),
      { maxLength: 12 },
    );
    let files = 0;
    await fc.assert(
      fc.asyncProperty(sizes, async (lengths) => {
        const chunks = lengths.map((length, index) => Buffer.alloc(length, `chunk ${index} `));
        const path = join(folder, String((files += 1)));
        const whole = Buffer.concat(chunks);
        expect(await writeDurably(path, asStream(chunks))).toEqual({
          bytes: whole.length,
          sha256: sha256(whole),
        });
        expect((await readFile(path)).equals(whole)).toBe(true);
      }),
      { numRuns: 60 },
    );
  });

  it('takes tens of thousands of tiny chunks', async () => {
    const path = join(await freshFolder(), 'file');
    const whole = Buffer.alloc(50_000, 'geolens');
    expect(await writeDurably(path, chunksOf(whole, { size: 1 }))).toEqual({
      bytes: 50_000,
      sha256: sha256(whole),
    });
    expect((await readFile(path)).equals(whole)).toBe(true);
  });

  it('answers the hash of the bytes as they came, so that a change on their way to the disk is found', async () => {
    const path = join(await freshFolder(), 'file');
    const content = async function* (): AsyncGenerator<Uint8Array> {
      const chunk = Buffer.from('right');
      yield await Promise.resolve(chunk);
      chunk.write('wrong'); // as broken memory would
    };
    expect((await writeDurably(path, content())).sha256).toBe(sha256(Buffer.from('right')));
    expect(await readFile(path, 'utf8')).toBe('wrong');
  });

  it('writes on where the system has written less than it was given', async () => {
    const prototype = await fileHandlePrototype();
    const whole = prototype.writev;
    const short = vi.spyOn(prototype, 'writev').mockImplementation(async function (this: unknown, buffers) {
      return whole.call(this as never, [Buffer.concat(buffers).subarray(0, 1_000)]);
    });
    const path = join(await freshFolder(), 'file');
    const content = Buffer.alloc(3_000_000, 'geolens');
    await writeDurably(path, chunksOf(content));
    expect(short).toHaveBeenCalled();
    expect((await readFile(path)).equals(content)).toBe(true);
  });

  it('makes the file 0600', async () => {
    const path = join(await freshFolder(), 'file');
    await writeDurably(path, chunksOf('x'));
    expect((await stat(path)).mode & 0o777).toBe(0o600);
  });

  it('leaves no file when the content fails half-way', async () => {
    const folder = await freshFolder();
    const failure = new Error('pg_dump failed');
    const content = Buffer.alloc(2_500_000, 'x');
    await expect(writeDurably(join(folder, 'file'), chunksOf(content, { failure }))).rejects.toBe(failure);
    expect(await filesBelow(folder)).toEqual([]);
  });

  it('leaves no file when it is aborted, and lets go of the content', async () => {
    const folder = await freshFolder();
    const stop = new AbortController();
    let released = false;
    const content = async function* (): AsyncGenerator<Uint8Array> {
      try {
        for (;;) {
          yield await Promise.resolve(Buffer.alloc(100_000));
          stop.abort();
        }
      } finally {
        released = true;
      }
    };
    await expect(writeDurably(join(folder, 'file'), content(), stop.signal)).rejects.toMatchObject({
      code: 'ABORTED',
    });
    expect(released).toBe(true);
    expect(await filesBelow(folder)).toEqual([]);
  });

  it('does not touch a file that is there', async () => {
    const path = join(await freshFolder(), 'file');
    await writeFile(path, 'mine');
    await expect(writeDurably(path, chunksOf('x'))).rejects.toMatchObject({ code: 'EEXIST' });
    expect(await readFile(path, 'utf8')).toBe('mine');
  });
});

async function* asStream(chunks: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  await Promise.resolve();
  yield* chunks;
}
