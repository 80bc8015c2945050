import { formatSigningKey, generateSigningKey, toBackupError } from '@geolens/backup-core';
import { newIdentity } from '../compose-encryption.ts';
import { programEnvironment } from '../config/config.ts';
import { readEnvironment } from '../config/read-environment.ts';
import { EXIT, exitCodeOf, type ExitCode } from '../exit-code.ts';
import type { CliOptions } from '../io.ts';
import { describeError } from '../present/hints.ts';

/**
 * Implements `key generate`: prints a new identity, and keeps nothing. Stdout is an identity file, whose
 * comments have the commands for an emergency. Needs no valid configuration.
 * @param signing whether to print a key that signs sets instead, as a key file of minisign
 */
export async function keyGenerate({ env, io, signal }: CliOptions, signing = false): Promise<ExitCode> {
  if (signing) {
    const key = generateSigningKey();
    io.stdout(formatSigningKey(key));
    io.stderr(comments(signingSteps(key.publicKey.text)));
    return EXIT.done;
  }
  try {
    const { identity, recipient, fingerprint } = await newIdentity(programEnvironment(env), signal);
    const prefix = readEnvironment(env).values.BACKUP_COMMAND_PREFIX ?? 'geolens-backup';
    io.stdout(`${identity.reveal().trimEnd()}\n${comments(emergencyText(recipient, fingerprint, prefix))}`);
    // A terminal of Docker joins both outputs: together they are an identity file too.
    io.stderr(comments(nextSteps(recipient, prefix)));
    return EXIT.done;
  } catch (error) {
    io.stderr(`geolens-backup: ${describeError(error)}\n`);
    return exitCodeOf(toBackupError(error));
  }
}

function emergencyText(recipient: string, fingerprint: string, prefix: string): string {
  return `
Identity (private key) that decrypts backups of geolens-backup. Keep it away from the backups.
Recipient (public key), for BACKUP_AGE_RECIPIENTS: ${recipient}
Fingerprint of the recipient: ${fingerprint}

In an emergency, on a machine with the settings of the bucket, enter this command. Then enter the
line that begins with AGE-SECRET-KEY, and press Enter and Ctrl-D:

  ${prefix} restore latest --store s3 --identity-file -

Without geolens-backup: install age (https://age-encryption.org), download the files of a set, and
save this text as geolens.key. RESTORE.txt beside the set has all commands. The first one is:

  age -d -i geolens.key DATABASE_TIMESTAMP.dump.age > geolens.dump
`;
}

function comments(text: string): string {
  return text.trimEnd().replace(/^/gm, '# ').replace(/ +$/gm, '').concat('\n');
}

function signingSteps(publicKey: string): string {
  return `
The secret key above is not kept on this host. What to do:

  1. Save it as a file that only the backup container reads: BACKUP_SIGNING_KEY_FILE.
  2. Keep a copy away from this host: a new machine needs it to go on.
  3. Trust its public key, and keep it with the settings: BACKUP_TRUSTED_KEYS=${publicKey}
  4. Sign the sets that exist already, once: geolens-backup trust --before YYYY-MM-DD
`;
}

function nextSteps(recipient: string, prefix: string): string {
  return `
The identity above is not kept on this host. What to do:

  1. Store it away from this host: on paper, in a password manager, with a second person.
     Without it, encrypted sets cannot be restored.
  2. Repeat this command for a second identity (escrow), and store it in another place.
  3. Set the recipients of both: BACKUP_AGE_RECIPIENTS=${recipient},age1…
  4. After the next run, and twice a year, check each identity:
     ${prefix} key check --identity-file -
`;
}
