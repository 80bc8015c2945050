import {
  BackupError,
  isBackupError,
  throwIfAborted,
  withReason,
  type ArtifactContent,
  type Cipher,
  type CipherText,
  type Secret,
  type StoreOptions,
} from '@geolens/backup-core';
import { findProgram, missing, programOutput, type ProgramEnvironment } from '@geolens/backup-system';
import { exactly, readStart, startedWith } from './chunks.ts';
import { decryptedBytes, encryptedBytes, headerOf } from './format.ts';
import { recipientsOf } from './identities.ts';
import { encryptArguments, fingerprintOf, parseRecipients } from './recipients.ts';
import { judge } from './run-age.ts';

/**
 * Decrypts stdin with the identities of descriptor 3, which is a socket and has no path. The pipe has one. So
 * the identities are in no argument, variable or file.
 */
const DECRYPT = 'exec 4<&0; cat <&3 | "$0" -d -i /dev/fd/5 5<&0 <&4 3<&- 4<&-';

/** Message of age if no identity fits, in versions 1.0 to 1.3: the only text on which errors depend. */
const NO_MATCH = /\bno identity matched\b/;

/** Where age reads the identity. A failure there is none of the content. */
const IDENTITY_PIPE = '/dev/fd/5';

/** Keys of a cipher, and the environment of its programs. */
export interface AgeCipherOptions {
  /** Public keys, of age or SSH. Empty if the cipher only decrypts. */
  readonly recipients: readonly string[];
  /**
   * Text of an identity file: age identities, one per line, with comments, or one SSH private key in PEM
   * without a passphrase. `undefined` if the cipher only encrypts.
   */
  readonly identities?: Secret | undefined;
  readonly env: ProgramEnvironment;
}

/** Encrypts and decrypts with the program age: https://age-encryption.org. */
export class AgeCipher implements Cipher {
  readonly scheme = 'age';
  readonly recipients: readonly string[];
  readonly identities: readonly string[];
  private readonly keys: AgeCipherOptions;

  private constructor(keys: AgeCipherOptions, ownRecipients: readonly string[]) {
    this.keys = keys;
    this.recipients = keys.recipients.map(fingerprintOf);
    this.identities = ownRecipients.map(fingerprintOf);
  }

  /**
   * Makes a cipher. Tries the identities, if there are any, on a text that is encrypted to the first of them.
   * @throws BackupError CONFIG_INVALID if the identities are invalid, or a recipient is an identity
   */
  static async create(options: AgeCipherOptions, { signal }: StoreOptions = {}): Promise<AgeCipher> {
    const { identities, env } = options;
    const recipients = options.recipients.flatMap(parseRecipients);
    if (identities === undefined) return new AgeCipher({ recipients, env }, []);
    const own = await recipientsOf(identities, env, { signal });
    // One recipient: age refuses mixtures of some kinds.
    await new AgeCipher({ recipients: own.slice(0, 1), identities, env }, own).tryIdentities({ signal });
    return new AgeCipher({ recipients, identities, env }, own);
  }

  async encrypt(content: ArtifactContent, { signal }: StoreOptions = {}): Promise<CipherText> {
    const { recipients, env } = this.keys;
    if (recipients.length === 0) throw failed('there is no recipient');
    const stop = new AbortController();
    const output = programOutput(
      'age',
      encryptArguments(recipients),
      { env, signal: signal === undefined ? stop.signal : AbortSignal.any([signal, stop.signal]) },
      judge('age', (reason) => failed(`age does not encrypt: ${reason}`)),
      exactly(content),
    );
    const end = async (): Promise<void> => {
      stop.abort();
      await output.return(undefined);
    };
    const start = await readStart(output);
    const header = headerOf(start);
    if (header === undefined) {
      await end();
      throw failed('age wrote no header of a known format');
    }
    const bytes = encryptedBytes(header.bytes, content.bytes);
    let isUsed = false;
    const read = async function* (): AsyncGenerator<Uint8Array> {
      if (isUsed) throw failed('an encrypted content can be read only once');
      isUsed = true;
      let length = start.length;
      try {
        yield start;
        for await (const chunk of output) {
          length += chunk.length;
          yield chunk;
        }
        throwIfAborted(stop.signal);
        if (length !== bytes) throw failed(`age wrote ${length} bytes where its format has ${bytes}`);
      } finally {
        await end();
      }
    };
    const discard = (): Promise<void> => {
      isUsed = true;
      return end();
    };
    return { bytes, content: { [Symbol.asyncIterator]: read }, discard };
  }

  async *decrypt(
    content: AsyncIterable<Uint8Array>,
    { signal }: StoreOptions = {},
  ): AsyncGenerator<Uint8Array> {
    const { identities, env } = this.keys;
    if (identities === undefined)
      throw new BackupError(
        'KEY_MISSING',
        'it is encrypted, and no identity is given',
        withReason('identity-missing'),
      );
    const input = content[Symbol.asyncIterator]();
    try {
      const start = await readStart(input);
      const header = headerOf(start);
      if (header === undefined) throw damaged('it does not begin with a complete header of age');
      if (header.hasPassphrase) throw wrong('it is encrypted with a passphrase, not to a recipient');
      const program = await findProgram(['age'], env['PATH'] ?? '');
      if (program === undefined) throw missing('age');
      yield* programOutput(
        'sh',
        ['-c', DECRYPT, program],
        { env, signal, secret: identities },
        judge('age', (reason) =>
          NO_MATCH.test(reason)
            ? wrong('no given identity is of one of its recipients')
            : reason.includes(IDENTITY_PIPE)
              ? new BackupError('PROGRAM_ENDED', `age could not read the identity: ${reason}`)
              : damaged(`age does not decrypt it: ${reason}`),
        ),
        startedWith(start, input),
      );
    } finally {
      await input.return?.();
    }
  }

  plainBytes(bytes: number, start: Uint8Array): number | undefined {
    const header = headerOf(start);
    return header === undefined ? undefined : decryptedBytes(header.bytes, bytes);
  }

  private async tryIdentities(options: StoreOptions): Promise<void> {
    const trial = { bytes: 0, open: () => startedWith(Buffer.alloc(0)) };
    try {
      const { content } = await this.encrypt(trial, options);
      const plain = this.decrypt(content, options);
      while ((await plain.next()).done !== true);
    } catch (error) {
      if (isBackupError(error, 'ENCRYPTION_FAILED'))
        throw new BackupError('CONFIG_INVALID', 'the identities are of a kind that age does not support');
      if (!isBackupError(error, 'KEY_MISSING', 'ARTIFACT_UNREADABLE')) throw error;
      throw new BackupError('CONFIG_INVALID', `the identities fail a trial: ${error.message}`);
    }
  }
}

function failed(message: string): BackupError {
  return new BackupError('ENCRYPTION_FAILED', message);
}

function wrong(message: string): BackupError {
  return new BackupError('KEY_MISSING', message, withReason('identity-wrong'));
}

function damaged(message: string): BackupError {
  return new BackupError('ARTIFACT_UNREADABLE', message);
}
