import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  randomBytes,
  sign,
  verify,
} from 'node:crypto';
import { BackupError } from '../base/errors.ts';
import { Secret } from '../base/secret.ts';

/*
 * Signatures in the format of minisign: Ed25519 over the BLAKE2b-512 of the content, and over the signature
 * with its trusted comment. https://jedisct1.github.io/minisign/#signature-format
 */

const KEY_ALGORITHM = 'Ed';
const SIGNATURE_ALGORITHM = 'ED';
const ID_BYTES = 8;
const KEY_BYTES = 32;
const SIGNATURE_BYTES = 64;

/** Parts of a secret key without a password: two algorithms, a checksum method, and an unused derivation. */
const SECRET_HEAD = Buffer.concat([
  Buffer.from(KEY_ALGORITHM),
  Buffer.alloc(2),
  Buffer.from('B2'),
  Buffer.alloc(48),
]);
const SECRET_BYTES = SECRET_HEAD.length + ID_BYTES + 2 * KEY_BYTES + 32;

/** DER structure before the 32 bytes of an Ed25519 key: https://www.rfc-editor.org/rfc/rfc8410 */
const PRIVATE_DER = Buffer.from('302e020100300506032b657004220420', 'hex');
const PUBLIC_DER = Buffer.from('302a300506032b6570032100', 'hex');

const COMMENT = 'untrusted comment: ';
const TRUSTED = 'trusted comment: ';

/** A public key of minisign. */
export interface PublicKey {
  /** Eight bytes that name the key, in hex, as minisign prints them. */
  readonly id: string;
  /** Text in one line: `RW…`. */
  readonly text: string;
}

/** A secret key of minisign without a password. */
export interface SigningKey {
  readonly publicKey: PublicKey;
  /** Seed of the Ed25519 key. */
  readonly seed: Secret;
}

/** Generates a key. */
export function generateSigningKey(): SigningKey {
  const { privateKey } = generateKeyPairSync('ed25519');
  const seed = privateKey.export({ format: 'der', type: 'pkcs8' }).subarray(-KEY_BYTES);
  return keyOf(randomBytes(ID_BYTES), seed);
}

/** Returns the text of a secret key file, as `minisign -G -W` writes it. */
export function formatSigningKey({ publicKey, seed }: SigningKey): string {
  const [id, key] = [idOf(publicKey.text), publicBytes(publicKey.text)];
  const bytes = Buffer.concat([SECRET_HEAD, id, Buffer.from(seed.reveal(), 'hex'), key, Buffer.alloc(32)]);
  return `${COMMENT}minisign secret key ${publicKey.id}, without a password\n${bytes.toString('base64')}\n`;
}

/**
 * Parses a secret key file.
 * @throws BackupError CONFIG_INVALID if it is none, or has a password; the message does not repeat it
 */
export function parseSigningKey(text: string): SigningKey {
  const bytes = Buffer.from(lastLineOf(text), 'base64');
  if (bytes.length !== SECRET_BYTES || bytes.toString('latin1', 0, 2) !== KEY_ALGORITHM)
    throw new BackupError('CONFIG_INVALID', 'the signing key is no secret key of minisign');
  if (bytes.readUInt16LE(2) !== 0)
    throw new BackupError(
      'CONFIG_INVALID',
      'the signing key has a password, which no scheduled run can enter',
      { hint: 'Use a key without one, as `minisign -G -W` makes it' },
    );
  const from = SECRET_HEAD.length;
  const key = keyOf(
    bytes.subarray(from, from + ID_BYTES),
    bytes.subarray(from + ID_BYTES, from + ID_BYTES + KEY_BYTES),
  );
  if (!publicBytes(key.publicKey.text).equals(bytes.subarray(from + ID_BYTES + KEY_BYTES, -KEY_BYTES)))
    throw new BackupError('CONFIG_INVALID', 'the signing key is damaged: its two halves do not fit');
  return key;
}

/**
 * Parses public keys, separated by white space or commas. Skips the comment lines of key files.
 * @throws BackupError CONFIG_INVALID if a word is no public key
 */
export function parsePublicKeys(text: string): readonly PublicKey[] {
  const words = text
    .split('\n')
    .filter((line) => !line.startsWith(COMMENT))
    .flatMap((line) => line.split(/[\s,]+/))
    .filter((word) => word !== '');
  return words.map((word) => {
    const bytes = Buffer.from(word, 'base64');
    if (bytes.length !== 2 + ID_BYTES + KEY_BYTES || bytes.toString('latin1', 0, 2) !== KEY_ALGORITHM)
      throw new BackupError('CONFIG_INVALID', 'a trusted key is no public key of minisign (RW…)');
    return publicKeyOf(bytes.subarray(2, 2 + ID_BYTES), bytes.subarray(2 + ID_BYTES));
  });
}

/** Returns the text of a signature file. The trusted comment is one line, and is signed too. */
export function signText(content: string, trustedComment: string, { publicKey, seed }: SigningKey): string {
  const key = createPrivateKey({
    key: Buffer.concat([PRIVATE_DER, Buffer.from(seed.reveal(), 'hex')]),
    format: 'der',
    type: 'pkcs8',
  });
  const signature = sign(null, hashOf(content), key);
  const global = sign(null, Buffer.concat([signature, Buffer.from(trustedComment)]), key);
  const bytes = Buffer.concat([Buffer.from(SIGNATURE_ALGORITHM), idOf(publicKey.text), signature]);
  return [
    `${COMMENT}signature of ${publicKey.id}`,
    bytes.toString('base64'),
    `${TRUSTED}${trustedComment}`,
    `${global.toString('base64')}\n`,
  ].join('\n');
}

/** Result of a verification: the trusted comment, or why the signature does not count. */
export type SignatureCheck = { readonly trustedComment: string } | { readonly problem: string };

/** Verifies a signature file of a content. */
export function verifySignature(
  content: string,
  signatureFile: string,
  keys: readonly PublicKey[],
): SignatureCheck {
  const [, first = '', comment = '', second = ''] = signatureFile.split('\n');
  const bytes = Buffer.from(first, 'base64');
  const global = Buffer.from(second, 'base64');
  if (
    bytes.length !== 2 + ID_BYTES + SIGNATURE_BYTES ||
    bytes.toString('latin1', 0, 2) !== SIGNATURE_ALGORITHM ||
    global.length !== SIGNATURE_BYTES ||
    !comment.startsWith(TRUSTED)
  )
    return { problem: 'its signature is no prehashed signature of minisign' };
  const id = bytes.subarray(2, 2 + ID_BYTES);
  const key = keys.find(({ text }) => idOf(text).equals(id));
  if (key === undefined) return { problem: `it is signed by the key ${idText(id)}, which is not trusted` };
  const publicKey = createPublicKey({
    key: Buffer.concat([PUBLIC_DER, publicBytes(key.text)]),
    format: 'der',
    type: 'spki',
  });
  const signature = bytes.subarray(2 + ID_BYTES);
  const trustedComment = comment.slice(TRUSTED.length);
  const isValid =
    verify(null, hashOf(content), publicKey, signature) &&
    verify(null, Buffer.concat([signature, Buffer.from(trustedComment)]), publicKey, global);
  return isValid ? { trustedComment } : { problem: 'its signature is not of this content' };
}

function keyOf(id: Uint8Array, seed: Uint8Array): SigningKey {
  const key = createPrivateKey({ key: Buffer.concat([PRIVATE_DER, seed]), format: 'der', type: 'pkcs8' });
  const bytes = createPublicKey(key).export({ format: 'der', type: 'spki' }).subarray(-KEY_BYTES);
  return { publicKey: publicKeyOf(id, bytes), seed: new Secret(Buffer.from(seed).toString('hex')) };
}

function publicKeyOf(id: Uint8Array, key: Uint8Array): PublicKey {
  const text = Buffer.concat([Buffer.from(KEY_ALGORITHM), id, key]).toString('base64');
  return { id: idText(id), text };
}

/** Returns the id as minisign prints it: as a number, the last byte first. */
function idText(id: Uint8Array): string {
  return Buffer.from(id).reverse().toString('hex').toUpperCase();
}

function idOf(text: string): Buffer {
  return Buffer.from(text, 'base64').subarray(2, 2 + ID_BYTES);
}

function publicBytes(text: string): Buffer {
  return Buffer.from(text, 'base64').subarray(2 + ID_BYTES);
}

function hashOf(content: string): Buffer {
  return createHash('blake2b512').update(content, 'utf8').digest();
}

function lastLineOf(text: string): string {
  return text.trim().split('\n').at(-1)?.trim() ?? '';
}
