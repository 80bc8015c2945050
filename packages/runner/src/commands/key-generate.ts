import { toBackupError } from '@geolens/backup-core';
import { newIdentity } from '../compose-encryption.ts';
import { programEnvironment } from '../config/config.ts';
import { readEnvironment } from '../config/read-environment.ts';
import { EXIT, exitCodeOf, type ExitCode } from '../exit-code.ts';
import type { CliOptions } from '../io.ts';
import { describeError } from '../present/hints.ts';

/**
 * Implements `key generate`: prints a new identity, and keeps nothing. Stdout is an identity file, whose
 * comments have the commands for an emergency. Needs no valid configuration.
 */
export async function keyGenerate({ env, io, signal }: CliOptions): Promise<ExitCode> {
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
