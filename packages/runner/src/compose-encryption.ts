import type { Cipher, Secret } from '@geolens/backup-core';
import type { DiagnosticCheck } from '@geolens/backup-core/internal';
import type { Config } from './config/config.ts';

/** Parts of the encryption. */
interface EncryptionParts {
  readonly cipher: Cipher | undefined;
  readonly checkRecipients: () => Promise<void>;
  readonly diagnosticChecks: () => readonly DiagnosticCheck[];
}

export const WITHOUT_ENCRYPTION: EncryptionParts = {
  cipher: undefined,
  checkRecipients: () => Promise.resolve(),
  diagnosticChecks: () => [],
};

/** Composes the encryption. Without recipients and identities, it reads no encrypted set and makes none. */
export async function composeEncryption({
  encryption,
  identities,
  programEnv: env,
}: Config): Promise<EncryptionParts> {
  const { AgeCipher, AgeDiagnosticCheck, checkRecipients, parseRecipients } = await import(
    '@geolens/backup-adapter-age'
  );
  const text = encryption.mode === 'off' ? '' : (encryption.recipients ?? '');
  const recipients = parseRecipients(text);
  return {
    cipher: await AgeCipher.create({ recipients, identities, env }),
    checkRecipients: async () => {
      if (recipients.length > 0) await checkRecipients(text, env);
    },
    diagnosticChecks: () => (recipients.length === 0 ? [] : [new AgeDiagnosticCheck({ recipients, env })]),
  };
}

/** Returns the identities of a file. Asks for its passphrase on the terminal if it has one. */
export async function unlockIdentityFile(
  file: Uint8Array,
  env: Config['programEnv'],
  signal: AbortSignal,
): Promise<Secret> {
  const { unlockIdentities } = await import('@geolens/backup-adapter-age');
  return unlockIdentities(file, env, { signal });
}

/** A new pair of keys. */
interface NewIdentity {
  /** Text of an identity file. */
  readonly identity: Secret;
  /** Public key. */
  readonly recipient: string;
  /** Fingerprint of the recipient. */
  readonly fingerprint: string;
}

/**
 * Makes a new pair of keys.
 * @throws BackupError PROGRAM_MISSING if the program that makes it is not installed
 */
export async function newIdentity(env: Config['programEnv'], signal: AbortSignal): Promise<NewIdentity> {
  const { fingerprintOf, generateIdentity } = await import('@geolens/backup-adapter-age');
  const { identity, recipient } = await generateIdentity(env, { signal });
  return { identity, recipient, fingerprint: fingerprintOf(recipient) };
}
