import { artifactKey, splitKey, type Manifest, type ManifestArtifact } from '@geolens/backup-core';
import { encryptedKey } from '@geolens/backup-core/internal';

/**
 * Returns instructions to restore an encrypted set without this program, with the exact commands.
 * @param recipients fingerprints of the recipients
 */
export function restoreText(manifest: Manifest, recipients: readonly string[]): string {
  const { timestamp, database, serverVersion } = manifest;
  const nameOf = (kind: ManifestArtifact['kind']): string | undefined => {
    const name = manifest.artifacts.find((artifact) => artifact.kind === kind)?.name;
    return name && splitKey(encryptedKey(artifactKey('daily', name))).fileName;
  };
  const decrypt = (name: string, rest: string): string => `  age -d -i identity.txt ${quoted(name)} ${rest}`;
  const [dump = '', globals, staging] = [nameOf('dump'), nameOf('globals'), nameOf('staging')];
  const lines = [
    `Restore of database ${database}, set ${timestamp}, without geolens-backup`,
    '',
    'The files are encrypted with age (https://age-encryption.org). The identity (private key) of one of',
    `these recipients opens them: ${recipients.join(', ')}`,
    '(the first 16 hex digits of the SHA-256 of the public key).',
    '',
    `You need age, tar, a PostgreSQL server of version ${serverVersion} or newer with its client programs,`,
    'and the identity in a file identity.txt. Other sets have another timestamp in their names.',
    'All commands are for the folder of this file.',
    '',
    '1. Decrypt the dump, and read it through:',
    '',
    decrypt(dump, '> geolens.dump'),
    '  pg_restore --file=/dev/null geolens.dump',
    ...(globals === undefined
      ? []
      : [
          '',
          '2. Create the roles. Read roles.sql first: it is executed as the superuser.',
          '',
          decrypt(globals, '> roles.sql'),
          '  psql --dbname=postgres --file=roles.sql',
        ]),
    '',
    '3. Create the database, and restore into it:',
    '',
    `  createdb ${quoted(database)}`,
    `  pg_restore --no-owner --exit-on-error --dbname=${quoted(database)} geolens.dump`,
    ...(staging === undefined
      ? []
      : [
          '',
          '4. Unpack the files into an empty folder:',
          '',
          '  mkdir staging',
          decrypt(staging, '| tar -xzf - -C staging'),
        ]),
    '',
    'What the set contained, with the rows of each table:',
    '',
    decrypt(`manifest-${timestamp}.json.age`, ''),
  ];
  return `${lines.map((line) => line.trimEnd()).join('\n')}\n`;
}

/** Returns a text as one word of a shell. */
function quoted(text: string): string {
  return /^[\w./-]+$/.test(text) && !text.startsWith('-') ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}
