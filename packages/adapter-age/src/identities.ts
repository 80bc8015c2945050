import { open } from 'node:fs/promises';
import { BackupError, Secret, withReason, type StoreOptions } from '@geolens/backup-core';
import { programBytes, programText, type ProgramEnvironment } from '@geolens/backup-system';
import { INTRO } from './format.ts';
import { judge } from './run-age.ts';
import { sshRecipient } from './ssh-identity.ts';

const ARMOR = '-----BEGIN AGE ENCRYPTED FILE-----';

/** A new pair of keys. */
export interface GeneratedIdentity {
  /** Public key. */
  readonly recipient: string;
  /** Text of an identity file, with its comments. */
  readonly identity: Secret;
  /** Time in the format of RFC 3339. */
  readonly createdAt: string;
}

/**
 * Makes a new pair of keys with age-keygen.
 * @throws BackupError PROGRAM_MISSING if it is not installed
 */
export async function generateIdentity(
  env: ProgramEnvironment,
  { signal }: StoreOptions = {},
): Promise<GeneratedIdentity> {
  const failed = judge(
    'age-keygen',
    (reason) => new BackupError('UNEXPECTED', `age-keygen failed: ${reason}`),
  );
  const text = await programText('age-keygen', [], { env, signal }, failed);
  const [, recipient] = /^# public key: (\S+)$/m.exec(text) ?? [];
  const [, createdAt] = /^# created: (\S+)$/m.exec(text) ?? [];
  if (recipient === undefined || createdAt === undefined)
    throw new BackupError('UNEXPECTED', 'age-keygen printed no public key');
  return { recipient, identity: new Secret(text), createdAt };
}

/**
 * Returns the recipients of the identities: of age identities, or of one SSH key.
 * @throws BackupError CONFIG_INVALID if the text has no identities, or has others
 */
export async function recipientsOf(
  identities: Secret,
  env: ProgramEnvironment,
  { signal }: StoreOptions = {},
): Promise<readonly string[]> {
  const text = identities.reveal();
  if (isEncrypted(Buffer.from(text))) throw locked('the identity file has a passphrase');
  if (text.startsWith('-----BEGIN')) return [sshRecipient(text)];
  const recipients = await programBytes(
    'age-keygen',
    ['-y'],
    [Buffer.from(text)],
    { env, signal },
    // The reason may quote the text: only the number of the line leaves this function.
    judge('age-keygen', (reason) => {
      const [, line] = /\bline (\d+)\b/.exec(reason) ?? [];
      const where = line === undefined ? '' : ` (line ${line})`;
      return new BackupError('CONFIG_INVALID', `age-keygen finds no valid identities in the text${where}`, {
        hint: 'Give the text of an identity file of age, or one SSH private key',
      });
    }),
  );
  return recipients.toString('utf8').trim().split('\n');
}

/**
 * Returns the identities of an identity file. If the file has a passphrase, age asks for it on the terminal
 * of this process. The plain identities exist in memory only.
 * @throws BackupError CONFIG_INVALID if it has a passphrase and there is no terminal
 * @throws BackupError KEY_MISSING if the passphrase is wrong (reason `identity-wrong`)
 */
export async function unlockIdentities(
  file: Uint8Array,
  env: ProgramEnvironment,
  { signal }: StoreOptions = {},
): Promise<Secret> {
  const content = Buffer.from(file);
  if (!isEncrypted(content)) return new Secret(content.toString('utf8').trimStart());
  if (!(await hasTerminal()))
    throw locked('the identity file has a passphrase, and no terminal can ask for it');
  const text = await programBytes(
    'age',
    ['-d'],
    [content],
    { env, signal, foreground: true },
    judge(
      'age',
      (reason) =>
        new BackupError(
          'KEY_MISSING',
          `the identity file was not unlocked: ${reason}`,
          withReason('identity-wrong', { hint: 'Enter the passphrase of the identity file' }),
        ),
    ),
  );
  return new Secret(text.toString('utf8').trimStart());
}

/** Returns whether an identity file is itself encrypted, in either form. */
function isEncrypted(file: Buffer): boolean {
  const start = file.toString('latin1', 0, 4096).trimStart();
  return start.startsWith(INTRO) || start.startsWith(ARMOR);
}

async function hasTerminal(): Promise<boolean> {
  return open('/dev/tty', 'r+').then(
    async (terminal) => {
      await terminal.close();
      return true;
    },
    () => false,
  );
}

function locked(message: string): BackupError {
  return new BackupError('CONFIG_INVALID', message, {
    hint: 'Work at a terminal, or give an identity without a passphrase',
  });
}
