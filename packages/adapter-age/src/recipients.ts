import { createHash } from 'node:crypto';
import { BackupError, isBackupError, type StoreOptions } from '@geolens/backup-core';
import { programBytes, type ProgramEnvironment } from '@geolens/backup-system';
import { judge } from './run-age.ts';

/** Text of private keys of age, of its plugins and of SSH. A recipient has none of it. */
const PRIVATE = /AGE-SECRET-KEY|AGE-PLUGIN-|PRIVATE KEY/i;

const FINGERPRINT_DIGITS = 16;

/**
 * Returns the fingerprint of a recipient: the first 16 hex digits of the SHA-256 of its text, without the
 * comment of an SSH key.
 */
export function fingerprintOf(recipient: string): string {
  return createHash('sha256').update(withoutComment(recipient)).digest('hex').slice(0, FINGERPRINT_DIGITS);
}

/**
 * Returns the recipients of a text: separated by commas or lines, with `#` comments. Drops the comments of SSH
 * keys, and repetitions.
 * @throws BackupError CONFIG_INVALID if the text holds a private key, which the message does not repeat
 */
export function parseRecipients(text: string): readonly string[] {
  if (PRIVATE.test(text))
    throw new BackupError('CONFIG_INVALID', 'the recipients hold an identity (private key)', {
      hint: 'Give the public key of that identity, and keep the identity elsewhere',
    });
  const items = text
    .split(/[\r\n]/)
    .flatMap((line) => line.replace(/(?:^|\s)#.*$/, '').split(','))
    .map(withoutComment)
    .filter((item) => item !== '');
  return [...new Set(items)];
}

/**
 * Returns the recipients of the text after a trial: the program encrypts an empty text to each of them, and to
 * all of them. So the program decides which kinds of recipients there are.
 * @throws BackupError CONFIG_INVALID if the program refuses a recipient, or the text holds a private key
 */
export async function checkRecipients(
  text: string,
  env: ProgramEnvironment,
  { signal }: StoreOptions = {},
): Promise<readonly string[]> {
  const recipients = parseRecipients(text);
  const encrypt = (to: readonly string[], name: string): Promise<Buffer> =>
    programBytes(
      'age',
      encryptArguments(to),
      undefined,
      { env, signal },
      judge('age', (reason) => new BackupError('CONFIG_INVALID', `${name}: ${reason}`)),
    );
  const problems: string[] = [];
  for (const recipient of recipients) {
    try {
      await encrypt([recipient], `age refuses the recipient ${recipient}`);
    } catch (error) {
      if (!isBackupError(error, 'CONFIG_INVALID')) throw error;
      problems.push(error.message);
    }
  }
  if (problems.length > 0)
    throw new BackupError('CONFIG_INVALID', problems.join('; '), {
      hint: 'Correct it, or install a version of age (or its plugin) that has this kind of recipient',
    });
  if (recipients.length > 1) await encrypt(recipients, 'age refuses these recipients together');
  return recipients;
}

/** Returns the arguments with which age encrypts stdin to the recipients. */
export function encryptArguments(recipients: readonly string[]): readonly string[] {
  return recipients.flatMap((recipient) => ['-r', recipient]);
}

/** Returns the recipient in one form: an SSH key is its type and its key, every other kind is one word. */
function withoutComment(recipient: string): string {
  const text = recipient.trim();
  return text.startsWith('ssh-') ? text.split(/\s+/, 2).join(' ') : text;
}
