import { readFile } from 'node:fs/promises';
import { AgeCipher, unlockIdentities } from '@geolens/backup-adapter-age';
import { toBackupError } from '@geolens/backup-core';

/* Unlocks the identity file and prints the fingerprints of its identities, or the code of the error. */
const [path = ''] = process.argv.slice(2);
const env = { PATH: process.env['PATH'] ?? '' };
try {
  const identities = await unlockIdentities(await readFile(path), env);
  const cipher = await AgeCipher.create({ recipients: [], identities, env });
  console.log(`unlocked ${cipher.identities.join(' ')}`);
} catch (error) {
  const { code, message, details } = toBackupError(error);
  console.log(`failed ${code} ${details.reason ?? ''} ${message}`);
}
