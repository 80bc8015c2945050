import { join } from 'node:path';
import { LocalStore, systemClock } from '@geolens/backup-adapter-local';
import { FlockLock, LOCK_NAME } from '@geolens/backup-system';
import { dumpOf, keepNewest, run, totalRows } from '@geolens/backup-core';
import { SqliteProducer } from './sqlite-producer.ts';

const [path, folder] = process.argv.slice(2);
if (path === undefined || folder === undefined)
  throw new Error('usage: node backup.ts DATABASE.sqlite FOLDER');

const report = await run(
  {
    clock: systemClock,
    producer: new SqliteProducer(path),
    primary: new LocalStore({ root: folder }),
    lock: new FlockLock(join(folder, LOCK_NAME), { PATH: process.env['PATH'] ?? '' }),
    retention: keepNewest({ daily: 7, weekly: 4 }),
  },
  { toolVersion: 'sqlite 1' },
);
const dump = report.manifest && dumpOf(report.manifest);
if (dump === undefined) throw new AggregateError(report.errors, 'no set was made');
console.log(`${dump.name}: ${totalRows(dump.rowCounts ?? [])} rows in ${dump.tableCount} tables`);
