import { createHash, randomUUID } from 'node:crypto';
import { BackupError, withReason } from '../base/errors.ts';
import type { ArtifactContent } from '../ports/artifact-store.ts';
import type { Cipher, CipherText } from '../ports/cipher.ts';

const MAGIC = 'fake-cipher ';
const DIGEST_BYTES = 32;
const MASK = 0x55;

/**
 * A cipher for tests, without any secrecy. Each text names its recipients, is different every time, and ends
 * with a digest.
 */
export class FakeCipher implements Cipher {
  readonly scheme = 'fake';
  readonly recipients: readonly string[];
  readonly identities: readonly string[];

  constructor(recipients: readonly string[] = ['alice'], identities: readonly string[] = recipients) {
    this.recipients = recipients;
    this.identities = identities;
  }

  encrypt(plain: ArtifactContent): Promise<CipherText> {
    const header = Buffer.from(`${MAGIC}${this.recipients.join(',')} ${randomUUID()}\n`);
    const content = async function* (): AsyncGenerator<Uint8Array> {
      const hash = createHash('sha256').update(header);
      yield header;
      for await (const chunk of plain.open()) {
        const masked = maskOf(chunk);
        hash.update(masked);
        yield masked;
      }
      yield hash.digest();
    };
    return Promise.resolve({
      bytes: header.length + plain.bytes + DIGEST_BYTES,
      content: content(),
      discard: () => Promise.resolve(),
    });
  }

  async *decrypt(content: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    if (this.identities.length === 0)
      throw new BackupError('KEY_MISSING', 'there is no identity', withReason('identity-missing'));
    const chunks: Uint8Array[] = [];
    for await (const chunk of content) chunks.push(Uint8Array.from(chunk));
    const all = Buffer.concat(chunks);
    const recipients = recipientsIn(all);
    if (recipients?.some((recipient) => this.identities.includes(recipient)) === false)
      throw new BackupError('KEY_MISSING', 'no identity opens it', withReason('identity-wrong'));
    const hash = createHash('sha256').update(all.subarray(0, -DIGEST_BYTES)).digest();
    if (recipients === undefined || !hash.equals(all.subarray(-DIGEST_BYTES)))
      throw new BackupError('ARTIFACT_UNREADABLE', 'the cipher text is damaged');
    yield maskOf(all.subarray(all.indexOf('\n') + 1, -DIGEST_BYTES));
  }

  plainBytes(bytes: number, start: Uint8Array): number | undefined {
    if (recipientsIn(Buffer.from(start)) === undefined) return undefined;
    return bytes - Buffer.from(start).indexOf('\n') - 1 - DIGEST_BYTES;
  }
}

function recipientsIn(text: Buffer): readonly string[] | undefined {
  const header = text.subarray(0, Math.max(0, text.indexOf('\n'))).toString();
  return header.startsWith(MAGIC) ? header.slice(MAGIC.length).split(' ')[0]?.split(',') : undefined;
}

function maskOf(bytes: Uint8Array): Uint8Array {
  const masked = Uint8Array.from(bytes);
  for (const [index, byte] of bytes.entries()) masked[index] = byte ^ MASK;
  return masked;
}
