import { readdirSync } from 'node:fs';
import type { Operator } from '../../support/operator.ts';
import { programsIn } from '../../adapter-postgres/support/restore-tests.ts';
import { programsOn } from '../../support/programs-on.ts';
import { related } from '../../cli/restore/support/databases.ts';
import type { TestBucket } from '../../support/buckets.ts';

/** What is there that no command may leave behind, once the next one has ended; empty where all is well. */
export async function orphansOf(operator: Operator, bucket?: TestBucket): Promise<readonly string[]> {
  const { database, volume } = operator;
  const files = (await volume.everything()).filter((name) => !/^(daily|weekly)\/[^.]/.test(name));
  const staging = readdirSync(`${volume.staging}/..`).filter(
    (name) => !['backups', 'staging'].includes(name),
  );
  const restoreTests = readdirSync(operator.env['BACKUP_RESTORE_TEST_DIR']!);
  const uploads = bucket === undefined ? [] : await bucket.uploads();
  const databases = (await related(database)).filter((name) => name.includes('_restoring_'));
  const sessions = await database.client.psql(
    'postgres',
    `SELECT pid || ' ' || coalesce(query, '') FROM pg_stat_activity WHERE application_name = 'geolens-backup' AND datname LIKE '${database.database}%'`,
  );
  return [
    ...files,
    ...staging.map((name) => `beside the staging folder: ${name}`),
    ...restoreTests.map((name) => `temporary server: ${name}`),
    ...uploads.map((key) => `upload of ${key}`),
    ...databases.map((name) => `database ${name}`),
    ...(sessions === '' ? [] : sessions.split('\n').map((line) => `session ${line}`)),
    ...programsOn(database.database).map((line) => `program ${line}`),
    ...[volume.backups, operator.env['BACKUP_RESTORE_TEST_DIR']!]
      .flatMap(programsIn)
      .map((line) => `program ${line}`),
  ];
}
