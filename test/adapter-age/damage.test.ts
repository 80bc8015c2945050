import { randomBytes } from 'node:crypto';
import { beforeAll, describe, expect, it } from 'vitest';
import type { AgeCipher } from '@geolens/backup-adapter-age';
import { isBackupError } from '@geolens/backup-core';
import { chunksOf, readAll, sourceOf } from '@geolens/backup-core/testing';
import { failure } from '../../packages/system/test/support/failure.ts';
import { ageKeys, cipherOf, sshKeys } from './support/keys.ts';

const CHUNK = 64 * 1024;
const PLAIN = randomBytes(2 * CHUNK + 1000);

let cipher: AgeCipher;
let content: Buffer;
let header: number;

beforeAll(async () => {
  cipher = await cipherOf(await ageKeys());
  content = await readAll((await cipher.encrypt(sourceOf(PLAIN))).content);
  header = content.indexOf('\n', content.indexOf('\n--- ') + 1) + 1;
});

/** Decrypts, and returns what came before the error. */
async function decrypting(bytes: Uint8Array): Promise<{ readonly plain: Buffer; readonly error: unknown }> {
  const chunks: Buffer[] = [];
  try {
    for await (const chunk of cipher.decrypt(chunksOf(bytes))) chunks.push(Buffer.from(chunk));
    return { plain: Buffer.concat(chunks), error: undefined };
  } catch (error) {
    return { plain: Buffer.concat(chunks), error };
  }
}

async function expectDamage(bytes: Uint8Array, name: string): Promise<void> {
  const { plain, error } = await decrypting(bytes);
  expect(isBackupError(error, 'ARTIFACT_UNREADABLE'), `${name}: ${String(error)}`).toBe(true);
  expect(PLAIN.subarray(0, plain.length).equals(plain), name).toBe(true);
}

describe('a content', () => {
  it('that is cut off is damaged, wherever it ends', async () => {
    const lengths = [
      ...Array.from({ length: 8 }, (_, index) => Math.floor((header * index) / 8)),
      ...[-2, -1, 0, 1, 15, 16, 17, 31, 32, 33].map((offset) => header + offset),
      ...[-1, 0, 1, 16].map((offset) => header + 16 + CHUNK + 16 + offset),
      ...[-1, 0, 1, 16].map((offset) => header + 16 + 2 * (CHUNK + 16) + offset),
      ...[-17, -16, -1].map((offset) => content.length + offset),
    ];
    for (const length of lengths) await expectDamage(content.subarray(0, length), `${length} bytes`);
  });

  it('with a flipped bit is damaged, or has no key in the lines of its recipient', async () => {
    const recipient = { start: content.indexOf('-> X25519 ') + 3, end: content.indexOf('\n--- ') };
    const offsets = [
      ...Array.from({ length: 20 }, (_, index) => Math.floor((header * index) / 20)),
      ...[0, 8, 15, 16, 17].map((offset) => header + offset),
      header + 16 + CHUNK + 20,
      content.length - 1,
    ];
    for (const offset of offsets) {
      const flipped = Buffer.from(content);
      flipped.writeUInt8(flipped.readUInt8(offset) ^ 1, offset);
      if (offset < recipient.start || offset > recipient.end) await expectDamage(flipped, `bit at ${offset}`);
      else {
        const { plain, error } = await decrypting(flipped);
        expect(isBackupError(error, 'KEY_MISSING', 'ARTIFACT_UNREADABLE'), `bit at ${offset}`).toBe(true);
        expect(plain.length).toBe(0);
      }
    }
  });

  it('with more behind its end, or in another order, is damaged', async () => {
    await expectDamage(Buffer.concat([content, Buffer.of(0)]), 'a byte more');
    await expectDamage(Buffer.concat([content, content]), 'twice');
    const [one, two] = [header + 16, header + 16 + CHUNK + 16];
    const swapped = Buffer.concat([
      content.subarray(0, one),
      content.subarray(two, two + CHUNK + 16),
      content.subarray(one, two),
      content.subarray(two + CHUNK + 16),
    ]);
    expect(swapped.length).toBe(content.length);
    await expectDamage(swapped, 'swapped chunks');
  });

  it('with the header of another content is damaged', async () => {
    const other = await readAll((await cipher.encrypt(sourceOf(PLAIN))).content);
    await expectDamage(
      Buffer.concat([other.subarray(0, header), content.subarray(header)]),
      'another header',
    );
  });

  it('without a header is damaged, and has no length', async () => {
    for (const bytes of [Buffer.alloc(0), PLAIN, Buffer.from('PGDMP'), content.subarray(header)]) {
      await expectDamage(bytes, 'no header');
      expect(cipher.plainBytes(bytes.length, bytes)).toBeUndefined();
    }
  });

  it('that arrives byte by byte is the same', async () => {
    const small = await readAll((await cipher.encrypt(sourceOf('hello'))).content);
    expect((await readAll(cipher.decrypt(chunksOf(small, { size: 1 })))).toString()).toBe('hello');
  });

  it('for another kind of key is not damaged', async () => {
    const other = await cipherOf(await sshKeys('-t', 'ed25519', '-N', ''));
    await failure('KEY_MISSING', readAll(other.decrypt(chunksOf(content))));
  });
});
