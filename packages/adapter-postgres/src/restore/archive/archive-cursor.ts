import { BackupError } from '@geolens/backup-core';
import type { DecodeText } from '../../connection/postgres-encodings.ts';

/** Maximum length of a text of an entry, in bytes. */
const MAX_TEXT_BYTES = 2 ** 26;

/** Thrown if the buffer ends before the value does. */
export class EndOfBuffer extends Error {}

/** Takes the values of an archive from a buffer, one after the other. */
export class ArchiveCursor {
  position = 0;
  /** Number of bytes of a number, without its sign. */
  integerBytes = 4;
  private readonly buffer: Buffer;
  private readonly decode: DecodeText;

  constructor(buffer: Buffer, decode: DecodeText) {
    this.buffer = buffer;
    this.decode = decode;
  }

  byte(): number {
    return this.buffer.readUInt8(this.advance(1));
  }

  ascii(length: number): string {
    const from = this.advance(length);
    return this.buffer.toString('latin1', from, from + length);
  }

  /** Takes a number: a byte for the sign, then the lowest byte first. */
  integer(): number {
    const isNegative = this.byte() !== 0;
    const size = this.buffer.readUIntLE(this.advance(this.integerBytes), this.integerBytes);
    return isNegative ? -size : size;
  }

  /** Takes a text; `undefined` if the archive has none at this position. */
  text(): string | undefined {
    const length = this.textLength();
    if (length === undefined) return undefined;
    const from = this.advance(length);
    return this.decode(this.buffer.subarray(from, from + length));
  }

  /** Skips a text without decoding it. */
  skipText(): void {
    this.skip(this.textLength() ?? 0);
  }

  skip(bytes: number): void {
    this.advance(bytes);
  }

  private textLength(): number | undefined {
    const length = this.integer();
    if (length > MAX_TEXT_BYTES)
      throw new BackupError(
        'ARTIFACT_UNREADABLE',
        `its table of contents cannot be read: it claims to have a text of ${length} bytes`,
      );
    return length < 0 ? undefined : length;
  }

  /** @returns the offset of the bytes */
  private advance(bytes: number): number {
    const from = this.position;
    if (from + bytes > this.buffer.length) throw new EndOfBuffer();
    this.position = from + bytes;
    return from;
  }
}
