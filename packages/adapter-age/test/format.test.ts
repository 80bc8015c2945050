import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { HEADER_BYTES } from '@geolens/backup-core';
import { decryptedBytes, encryptedBytes, headerOf } from '../src/format.ts';

const CHUNK = 64 * 1024;
const HEADER = [
  'age-encryption.org/v1',
  '-> X25519 4gYSklsxJAJ4+b0rOBoI324hI+T8eNSybO4ZRS0tQF0',
  'sLE+MPi92agrQII/OdHz+muYIa+Wt4WShnPUUSRvqek',
  '--- Q5ZrmuCxg4+TNfD8RAPNj1OrRzVjp5CK1oQSX4yTCbc',
  '',
].join('\n');

const lengths = fc.oneof(
  fc.nat(5 * CHUNK),
  fc.nat(2 ** 40),
  fc
    .tuple(fc.nat(2 ** 20), fc.integer({ min: -17, max: 17 }))
    .map(([n, off]) => Math.max(0, n * CHUNK + off)),
);
const headers = fc.nat(HEADER_BYTES);

describe('the length of an encrypted content', () => {
  it.each([
    [0, 16 + 16],
    [1, 16 + 1 + 16],
    [CHUNK, 16 + CHUNK + 16],
    [CHUNK + 1, 16 + CHUNK + 1 + 32],
  ])('of %i bytes without its header is %i', (plain, encrypted) => {
    expect(encryptedBytes(0, plain)).toBe(encrypted);
  });

  it('gives the length of the plain text back', () => {
    fc.assert(
      fc.property(headers, lengths, (header, plain) => {
        expect(decryptedBytes(header, encryptedBytes(header, plain))).toBe(plain);
      }),
    );
  });

  it('grows with the plain text, by its bytes and one tag per chunk that begins', () => {
    fc.assert(
      fc.property(lengths, (plain) => {
        const growth = encryptedBytes(0, plain + 1) - encryptedBytes(0, plain);
        expect(growth).toBe(plain > 0 && plain % CHUNK === 0 ? 17 : 1);
      }),
    );
  });

  it('is not every length: no content ends with an empty chunk or a part of a tag', () => {
    fc.assert(
      fc.property(headers, fc.integer({ min: 1, max: 2 ** 20 }), fc.nat(15), (header, chunks, tag) => {
        const whole = encryptedBytes(header, chunks * CHUNK);
        expect(decryptedBytes(header, whole + 1 + tag)).toBeUndefined();
      }),
    );
    for (let bytes = 0; bytes < 32; bytes += 1) expect(decryptedBytes(0, bytes)).toBeUndefined();
  });
});

describe('the header', () => {
  it('ends after its last line, whatever follows', () => {
    fc.assert(
      fc.property(fc.uint8Array(), (rest) => {
        const start = Buffer.concat([Buffer.from(HEADER), rest]);
        expect(headerOf(start)).toEqual({ bytes: HEADER.length, hasPassphrase: false });
      }),
    );
  });

  it('is none while a byte of it is missing', () => {
    for (let length = 0; length < HEADER.length; length += 1)
      expect(headerOf(Buffer.from(HEADER.slice(0, length)))).toBeUndefined();
  });

  it('is none in other contents', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        expect(headerOf(bytes)).toBeUndefined();
      }),
    );
    for (const other of [HEADER.replace('v1', 'v2'), HEADER.replace('--- Q', '--- *'), ` ${HEADER}`])
      expect(headerOf(Buffer.from(other))).toBeUndefined();
  });

  it('is limited in length', () => {
    const line = `${'a'.repeat(63)}\n`;
    const longer = HEADER.replace('--- ', `${line.repeat(HEADER_BYTES / 64)}--- `);
    expect(headerOf(Buffer.from(longer))).toBeUndefined();
  });

  it('shows a passphrase', () => {
    const start = Buffer.from(HEADER.replace('-> X25519 ', '-> scrypt '));
    expect(headerOf(start)).toMatchObject({ hasPassphrase: true });
  });
});
