import { chmod, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { AgeCipher } from '@geolens/backup-adapter-age';
import type { ArtifactContent } from '@geolens/backup-core';
import { chunksOf, readAll, sourceOf } from '@geolens/backup-core/testing';
import { findProgram } from '@geolens/backup-system';
import { failure } from '../../packages/system/test/support/failure.ts';
import { until } from '../../packages/system/test/support/processes.ts';
import { ageKeys, cipherOf, env, freshFolder, marked, type Keys } from './support/keys.ts';

const MIB = 1024 * 1024;
const DISK = new Error('the disk is broken');

let keys: Keys;
beforeAll(async () => {
  keys = await ageKeys();
});

/** A content of zeros that reuses its buffer. */
const zeros = (bytes: number): ArtifactContent => ({ bytes, open: () => zerosOf(bytes) });

async function* zerosOf(bytes: number): AsyncGenerator<Uint8Array> {
  const buffer = Buffer.alloc(MIB);
  for (let left = bytes; left > 0; left -= MIB)
    yield await Promise.resolve(buffer.subarray(0, Math.min(MIB, left)));
}

/** A cipher whose processes can be found. */
async function watched(): Promise<{
  readonly cipher: AgeCipher;
  readonly processes: () => readonly number[];
}> {
  const { env: environment, processes } = marked();
  return { cipher: await cipherOf(keys, environment), processes };
}

describe('the encryption', () => {
  it('does not run ahead of its reader', async () => {
    const { cipher } = await watched();
    let read = 0;
    const source = async function* (): AsyncGenerator<Uint8Array> {
      for await (const chunk of zerosOf(64 * MIB)) {
        read += chunk.length;
        yield chunk;
      }
    };
    const text = await cipher.encrypt({ bytes: 64 * MIB, open: source });
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(read).toBeLessThan(8 * MIB);
    await text.discard();
  });

  it('leaves no process if its content is discarded, before, while and after it is read', async () => {
    const { cipher, processes } = await watched();
    const text = await cipher.encrypt(zeros(64 * MIB));
    expect(processes().length).toBeGreaterThan(0);
    await text.discard();
    expect(processes()).toEqual([]);
    await text.discard();
    await failure('ENCRYPTION_FAILED', readAll(text.content));

    const half = await cipher.encrypt(zeros(64 * MIB));
    const reading = readAll(half.content);
    await half.discard();
    await failure('ABORTED', reading);
    expect(processes()).toEqual([]);

    const whole = await cipher.encrypt(zeros(MIB));
    await readAll(whole.content);
    await whole.discard();
    expect(processes()).toEqual([]);
  });

  it('leaves no process if its reader stops early', async () => {
    const { cipher, processes } = await watched();
    for (const limit of [1, 100]) {
      let chunks = 0;
      for await (const chunk of (await cipher.encrypt(zeros(64 * MIB))).content) {
        expect(chunk.length).toBeGreaterThan(0);
        if ((chunks += 1) === limit) break;
      }
      expect(processes()).toEqual([]);
    }
  });

  it('gives its bytes once', async () => {
    const { cipher } = await watched();
    const text = await cipher.encrypt(sourceOf('hello'));
    await readAll(text.content);
    await failure('ENCRYPTION_FAILED', readAll(text.content));
  });

  it('is ABORTED by its signal', async () => {
    const { cipher, processes } = await watched();
    const stop = new AbortController();
    const text = await cipher.encrypt(zeros(64 * MIB), { signal: stop.signal });
    const reading = (async () => {
      for await (const chunk of text.content) if (chunk.length > 0) stop.abort();
    })();
    await failure('ABORTED', reading);
    expect(processes()).toEqual([]);
    await failure('ABORTED', cipher.encrypt(zeros(1), { signal: stop.signal }));
  });

  it('fails with the error of its source', async () => {
    const { cipher, processes } = await watched();
    const broken = (size: number): ArtifactContent => ({
      bytes: 4 * MIB,
      open: () => chunksOf(Buffer.alloc(size), { failure: DISK }),
    });
    for (const size of [0, MIB, 4 * MIB]) {
      const reading = cipher.encrypt(broken(size)).then(({ content }) => readAll(content));
      await expect(reading).rejects.toBe(DISK);
    }
    expect(processes()).toEqual([]);
  });

  it.each([0, 1, 999_999, 1_000_001, 3_000_000])(
    'fails if a source of 1,000,000 bytes has %i',
    async (bytes) => {
      const { cipher } = await watched();
      const source = sourceOf(Buffer.alloc(bytes), { bytes: 1_000_000 });
      const reading = cipher.encrypt(source).then(({ content }) => readAll(content));
      const { message } = await failure('ARTIFACT_MISMATCH', reading);
      expect(message).toContain('1000000');
    },
  );

  it('fails if age refuses a recipient, or there is none', async () => {
    const cipher = await AgeCipher.create({ recipients: ['age1nonsense'], env });
    const { message } = await failure('ENCRYPTION_FAILED', cipher.encrypt(sourceOf('hello')));
    expect(message).toContain('recipient');
    const none = await AgeCipher.create({ recipients: [], env });
    await failure('ENCRYPTION_FAILED', none.encrypt(sourceOf('hello')));
  });

  it('fails if the program is missing, or was killed', async () => {
    const { recipient } = keys;
    const nowhere = { PATH: await freshFolder() };
    await symlink((await findProgram(['setpriv'], env.PATH))!, join(nowhere.PATH, 'setpriv'));
    const without = await AgeCipher.create({ recipients: [recipient], env: nowhere });
    await failure('PROGRAM_MISSING', without.encrypt(sourceOf('hello')));

    const { cipher, processes } = await watched();
    const text = await cipher.encrypt(zeros(64 * MIB));
    for (const pid of processes()) process.kill(pid, 'SIGKILL');
    await failure('PROGRAM_ENDED', readAll(text.content));
  });
});

describe('the decryption', () => {
  let content: Buffer;
  beforeAll(async () => {
    content = await readAll((await (await cipherOf(keys)).encrypt(zeros(16 * MIB))).content);
  });

  it('leaves no process if its reader stops early, and closes its source', async () => {
    const { cipher, processes } = await watched();
    let isClosed = false;
    const source = async function* (): AsyncGenerator<Uint8Array> {
      try {
        yield* chunksOf(content);
      } finally {
        isClosed = true;
      }
    };
    for await (const chunk of cipher.decrypt(source())) if (chunk.length > 0) break;
    expect(processes()).toEqual([]);
    expect(isClosed).toBe(true);
  });

  it('is ABORTED by its signal', async () => {
    const { cipher, processes } = await watched();
    const stop = new AbortController();
    const reading = (async () => {
      for await (const chunk of cipher.decrypt(chunksOf(content), { signal: stop.signal }))
        if (chunk.length > 0) stop.abort();
    })();
    await failure('ABORTED', reading);
    expect(processes()).toEqual([]);
  });

  it('fails with the error of its source, which is no damage', async () => {
    const { cipher, processes } = await watched();
    for (const length of [0, 50, 300, 5 * MIB, content.length]) {
      const source = chunksOf(content.subarray(0, length), { failure: DISK });
      await expect(readAll(cipher.decrypt(source))).rejects.toBe(DISK);
    }
    expect(processes()).toEqual([]);
  });

  it('that was killed is no damage', async () => {
    for (const all of [true, false]) {
      const { cipher, processes } = await watched();
      const decrypting = (async () => {
        let isKilled = false;
        for await (const chunk of cipher.decrypt(chunksOf(content))) {
          if (isKilled || chunk.length === 0) continue;
          isKilled = true;
          for (const pid of all ? processes() : processes().slice(-1)) process.kill(pid, 'SIGKILL');
        }
      })();
      await failure('PROGRAM_ENDED', decrypting);
      await until(() => processes().length === 0, 'all processes end');
    }
  });

  it('that fails for want of memory is no damage', async () => {
    const folder = await freshFolder();
    await Promise.all(
      ['sh', 'cat', 'setpriv', 'age-keygen'].map(async (name) =>
        symlink((await findProgram([name], env.PATH))!, join(folder, name)),
      ),
    );
    const age = join(folder, 'age');
    await symlink((await findProgram(['age'], env.PATH))!, join(folder, 'real-age'));
    // The trial of the identities succeeds; what follows ends as a Go program without memory does.
    await writeFile(
      age,
      `#!/bin/sh\nif [ "$1" = -d ] && [ -e ${folder}/short ]; then echo "fatal error: runtime: out of memory" >&2; exit 2; fi\nexec ${folder}/real-age "$@"\n`,
    );
    await chmod(age, 0o755);
    const cipher = await cipherOf(keys, { PATH: folder });
    await writeFile(join(folder, 'short'), '');
    await failure('PROGRAM_ENDED', readAll(cipher.decrypt(chunksOf(content))));
  });

  it('fails if age is missing', async () => {
    const PATH = await freshFolder();
    await Promise.all(
      ['sh', 'cat', 'setpriv', 'age-keygen', 'age'].map(async (name) =>
        symlink((await findProgram([name], env.PATH))!, join(PATH, name)),
      ),
    );
    const cipher = await cipherOf(keys, { PATH });
    await rm(join(PATH, 'age'));
    await failure('PROGRAM_MISSING', readAll(cipher.decrypt(chunksOf(content))));
  });
});

it('a large content goes through both directions in bounded memory', async () => {
  const bytes = 256 * MIB;
  const cipher = await cipherOf(keys);
  const { content } = await cipher.encrypt(zeros(bytes));
  const before = process.memoryUsage.rss();
  let [most, length] = [0, 0];
  for await (const chunk of cipher.decrypt(content)) {
    length += chunk.length;
    most = Math.max(most, process.memoryUsage.rss());
  }
  expect(length).toBe(bytes);
  expect(most - before).toBeLessThan(128 * MIB);
});
