import { createPublicKey, type JsonWebKey } from 'node:crypto';
import { BackupError } from '@geolens/backup-core';

const OPENSSH = /-----BEGIN OPENSSH PRIVATE KEY-----([A-Za-z0-9+/=\s]+)-----END OPENSSH PRIVATE KEY-----/;
const MAGIC = 'openssh-key-v1\0';

/** Returns the public key of an SSH private key in PEM, as its recipient. No message repeats the key. */
export function sshRecipient(pem: string): string {
  const [, openssh] = OPENSSH.exec(pem) ?? [];
  const key = openssh === undefined ? keyOfPem(pem) : keyOfOpenssh(Buffer.from(openssh, 'base64'));
  return `${new Fields(key).next().toString('latin1')} ${key.toString('base64')}`;
}

/** Reads the public key, which the format holds unencrypted. */
function keyOfOpenssh(content: Buffer): Buffer {
  if (content.toString('latin1', 0, MAGIC.length) !== MAGIC) throw unreadable();
  const fields = new Fields(content.subarray(MAGIC.length));
  const encryption = fields.next().toString('latin1');
  if (encryption !== 'none') throw protectedKey();
  fields.next(); // key derivation function
  fields.next(); // and its options
  fields.skip(4); // number of keys, which is 1
  return fields.next();
}

/** Derives the public key of a PKCS#1 or PKCS#8 key, in the format of SSH. */
function keyOfPem(pem: string): Buffer {
  if (pem.includes('ENCRYPTED')) throw protectedKey();
  const { kty, crv, n = '', e = '', x = '' } = jwkOf(pem);
  if (kty === 'RSA') return join(Buffer.from('ssh-rsa'), integer(e), integer(n));
  if (crv === 'Ed25519') return join(Buffer.from('ssh-ed25519'), Buffer.from(x, 'base64url'));
  throw unreadable();
}

function jwkOf(pem: string): JsonWebKey {
  try {
    return createPublicKey(pem).export({ format: 'jwk' });
  } catch {
    throw unreadable();
  }
}

/** Returns a number as SSH writes it: with a leading zero if its first bit would be a sign. */
function integer(base64url: string): Buffer {
  const bytes = Buffer.from(base64url, 'base64url');
  return (bytes[0] ?? 0) < 0x80 ? bytes : Buffer.concat([Buffer.of(0), bytes]);
}

function join(...fields: readonly Buffer[]): Buffer {
  return Buffer.concat(
    fields.flatMap((field) => {
      const length = Buffer.alloc(4);
      length.writeUInt32BE(field.length);
      return [length, field];
    }),
  );
}

/** Reads fields that each have their length in front. */
class Fields {
  private rest: Buffer;

  constructor(bytes: Buffer) {
    this.rest = bytes;
  }

  next(): Buffer {
    if (this.rest.length < 4) throw unreadable();
    const end = 4 + this.rest.readUInt32BE();
    if (this.rest.length < end) throw unreadable();
    const field = this.rest.subarray(4, end);
    this.skip(end);
    return field;
  }

  skip(bytes: number): void {
    this.rest = this.rest.subarray(bytes);
  }
}

function unreadable(): BackupError {
  return new BackupError('CONFIG_INVALID', 'the SSH key of the identities is damaged, or of another kind', {
    hint: 'Give an SSH private key of the type ed25519 or rsa',
  });
}

function protectedKey(): BackupError {
  return new BackupError('CONFIG_INVALID', 'the SSH key of the identities has a passphrase', {
    hint: 'Give a copy without a passphrase (ssh-keygen -p removes it), kept where only this program reads it',
  });
}
