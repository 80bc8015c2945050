import { join } from 'node:path';
import { FileJournal, journalName, LocalStore, systemClock } from '@geolens/backup-adapter-local';
import { connectionFromUrl, PgDumpProducer } from '@geolens/backup-adapter-postgres';
import { FlockLock, LOCK_NAME } from '@geolens/backup-system';
import { S3Store } from '@geolens/backup-adapter-s3';
import { errorText, run, Secret } from '@geolens/backup-core';
import { byMonth } from './by-month.ts';

/** A setting, or an end that says which one is missing. */
function setting(name: string): string {
  const value = process.env[name];
  if (value === undefined || value === '') throw new Error(`set ${name}`);
  return value;
}

const folder = setting('FOLDER');
const env = { PATH: setting('PATH') };
const settings = {
  endpoint: setting('S3_ENDPOINT'),
  bucket: setting('S3_BUCKET'),
  credentials: {
    accessKeyId: new Secret(setting('S3_ACCESS_KEY_ID')),
    secretAccessKey: new Secret(setting('S3_SECRET_ACCESS_KEY')),
  },
};

// Both have their sets in one folder and one bucket, under one lock: so one after the other.
for (const url of [setting('SHOP_URL'), setting('FORUM_URL')]) {
  const connection = connectionFromUrl(url);
  const { database } = connection;
  const replica = new S3Store({ settings, database });
  const report = await run(
    {
      clock: systemClock,
      producer: new PgDumpProducer({ connection, env }),
      primary: new LocalStore({ root: folder }),
      replicas: [replica],
      lock: new FlockLock(join(folder, LOCK_NAME), env),
      journal: new FileJournal(join(folder, journalName(database))),
      retention: byMonth(14),
    },
    { toolVersion: 'two-databases 1', whenLockHeld: 'wait' },
  );
  replica.close();
  console.log(`${database}: ${report.outcome} ${report.timestamp ?? ''}`);
  for (const error of report.errors) console.error(`${database}: ${error.code}: ${errorText(error)}`);
  if (report.outcome !== 'succeeded') process.exitCode = 1;
}
