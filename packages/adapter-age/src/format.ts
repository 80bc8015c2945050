import { HEADER_BYTES } from '@geolens/backup-core';

/** First line of every file of this format, see https://age-encryption.org/v1. */
export const INTRO = 'age-encryption.org/v1\n';

const CLOSING_LINE = /^--- [A-Za-z0-9+/]{43}\n/;
const CLOSING_BYTES = '--- '.length + 43 + 1;

const NONCE_BYTES = 16;
const CHUNK_BYTES = 64 * 1024;
/** Authentication tag of each chunk. */
const TAG_BYTES = 16;

/** Header of an encrypted content. */
export interface Header {
  /** Length in bytes. */
  readonly bytes: number;
  /** Whether it is encrypted with a passphrase, not to recipients. */
  readonly hasPassphrase: boolean;
}

/**
 * Returns the header at the start of an encrypted content. `undefined` if the start has no complete one. Only
 * the first and the last line are checked.
 */
export function headerOf(start: Uint8Array): Header | undefined {
  const text = Buffer.from(start.buffer, start.byteOffset, Math.min(start.length, HEADER_BYTES));
  if (text.toString('latin1', 0, INTRO.length) !== INTRO) return undefined;
  const closing = text.indexOf('\n--- ', INTRO.length - 1) + 1;
  const bytes = closing + CLOSING_BYTES;
  if (closing === 0 || !CLOSING_LINE.test(text.toString('latin1', closing, bytes))) return undefined;
  const hasPassphrase = text.toString('latin1', INTRO.length).startsWith('-> scrypt ');
  return { bytes, hasPassphrase };
}

/** Returns the length in bytes of an encrypted content. */
export function encryptedBytes(headerBytes: number, plainBytes: number): number {
  const chunks = Math.max(1, Math.ceil(plainBytes / CHUNK_BYTES));
  return headerBytes + NONCE_BYTES + plainBytes + chunks * TAG_BYTES;
}

/** Returns the length in bytes of the plain text. `undefined` if no content has this length. */
export function decryptedBytes(headerBytes: number, bytes: number): number | undefined {
  const payload = bytes - headerBytes - NONCE_BYTES;
  const chunks = Math.ceil(payload / (CHUNK_BYTES + TAG_BYTES));
  const plain = payload - chunks * TAG_BYTES;
  return chunks > 0 && plain >= 0 && encryptedBytes(headerBytes, plain) === bytes ? plain : undefined;
}
