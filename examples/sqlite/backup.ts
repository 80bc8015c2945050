import { join } from 'node:path';
import { FileJournal, FlockLock, journalName, LocalStore, LOCK_NAME, systemClock } from '@geolens/backup-adapter-local';
import { dumpOf, keepNewest, run, totalRows } from '@geolens/backup-core';
import { SqliteProducer } from './sqlite-producer.ts';

const [path, folder] = process.argv.slice(2);
if (path === undefined || folder === undefined) throw new Error('usage: node backup.ts DATABASE.sqlite FOLDER');

const producer = new SqliteProducer(path);
const report = await run(
  {
    clock: systemClock,
    producer,
    primary: new LocalStore({ root: folder }),
    lock: new FlockLock(join(folder, LOCK_NAME), { PATH: process.env['PATH'] ?? '' }),
    journal: new FileJournal(join(folder, journalName(producer.database))),
    retention: keepNewest({ daily: 7, weekly: 4 }),
  },
  { toolVersion: 'sqlite 1' },
);
if (report.manifest === undefined) throw report.errors[0]!;
const dump = dumpOf(report.manifest)!;
console.log(`${dump.name}: ${totalRows(dump.rowCounts ?? [])} rows in ${dump.tableCount} tables`);
