import type { ArtifactContent, StoreOptions } from './artifact-store.ts';

/** The encrypted form of a content, which is made while it is read. */
export interface CipherText {
  /** Length in bytes. */
  readonly bytes: number;
  /** All bytes, once. Fails if the encryption fails. Leaving it early ends the encryption. */
  readonly content: AsyncIterable<Uint8Array>;
  /** Ends the encryption if the content is not read. Safe to call at any time. */
  discard(): Promise<void>;
}

/**
 * Encrypts to recipients, and decrypts with identities. A recipient is a public key; an identity is the
 * private key of a recipient. Each of the recipients can decrypt alone.
 */
export interface Cipher {
  /** Format for manifests and messages: `age`. */
  readonly scheme: string;
  /** Fingerprints of the recipients. Empty if it only decrypts. */
  readonly recipients: readonly string[];
  /** Fingerprints of the identities, in the same format. Empty if it only encrypts. */
  readonly identities: readonly string[];

  /**
   * Starts the encryption of a content to all recipients. Encrypting the same content again gives other
   * bytes.
   * @throws BackupError ENCRYPTION_FAILED if the program refuses a recipient
   */
  encrypt(content: ArtifactContent, options?: StoreOptions): Promise<CipherText>;

  /**
   * Decrypts a content with the first identity that opens it. The plain text is complete only if the stream
   * ends without an error: what is yielded before may be cut off, but is not altered.
   * @throws BackupError KEY_MISSING if there is no identity, or none opens it (reason `identity-missing` or
   * `identity-wrong`)
   * @throws BackupError ARTIFACT_UNREADABLE if it is damaged
   */
  decrypt(content: AsyncIterable<Uint8Array>, options?: StoreOptions): AsyncIterable<Uint8Array>;

  /**
   * Returns the length in bytes of the plain text. `undefined` if the content is not of this format.
   * @param bytes length of the encrypted content
   * @param start its first bytes, at least {@link HEADER_BYTES} of them if it has as many
   */
  plainBytes(bytes: number, start: Uint8Array): number | undefined;
}

/** Maximum length in bytes of what precedes the encrypted content. */
export const HEADER_BYTES = 16 * 1024;
