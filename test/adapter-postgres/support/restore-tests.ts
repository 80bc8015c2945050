import { existsSync, readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs';
import { chmod, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { onTestFinished } from 'vitest';
import { readAll } from '@geolens/backup-core/testing';
import type {
  RestoreTestEnvironment,
  RestoreTestNeeds,
  RestoreTestOptions,
  RestoreTestResult,
  RestoreInput,
} from '@geolens/backup-core';
import {
  PgRestoreTester,
  type PgRestoreTesterOptions,
} from '../../../packages/adapter-postgres/src/restore-test/pg-restore-tester.ts';
import type { FilesQuery } from '../../../packages/adapter-postgres/src/restore-test/files-query.ts';
import type { AssertionsFile } from '../../../packages/adapter-postgres/src/restore-test/read-assertions.ts';
import type { TestDatabase } from '../../support/clusters.ts';
import { env, fileOf, never, producerFor, within, type Place } from './producers.ts';
import { backupOf } from './restoring.ts';

export const FEW: RestoreTestNeeds = { databaseBytes: 1_000_000, dumpBytes: 1_000_000, keptBytes: 0 };

/** A folder for restore tests, which everybody may pass through, with a short path: sockets are made in it. */
export async function restoreTestParent(): Promise<string> {
  const folder = await mkdtemp('/tmp/drills-');
  await chmod(folder, 0o755);
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

export function restoreTestIn(
  folder: string,
  { binDir }: Pick<Place, 'binDir'>,
  options: Partial<PgRestoreTesterOptions> = {},
): PgRestoreTester {
  return new PgRestoreTester({ folders: [folder], binDir, env, jobs: 2, ...options });
}

/** Returns the query for files with the label that the runner gives it. */
export function queryForFiles(sql: string): FilesQuery {
  return { sql, label: 'BACKUP_RESTORE_TEST_FILES_QUERY' };
}

/** Makes a file of assertions, with the label that the runner gives it. */
export async function assertionsIn(sql: string): Promise<AssertionsFile> {
  const path = join(await restoreTestParent(), 'assertions.sql');
  await writeFile(path, sql);
  return { path, label: 'BACKUP_RESTORE_TEST_SQL' };
}

/** A ground that has to come about; it is disposed of when the test is finished, if not before. */
export async function groundOf(
  restoreTest: PgRestoreTester,
  needs: RestoreTestNeeds = FEW,
  options: Partial<RestoreTestOptions> = {},
): Promise<RestoreTestEnvironment> {
  const ground = await restoreTest.open(needs, { signal: never, ...options });
  if ('inconclusive' in ground) throw new Error(ground.inconclusive.join('; '));
  onTestFinished(() => ground[Symbol.asyncDispose]());
  return ground;
}

/** One whole restore test. */
export async function testedRestore(
  restoreTest: PgRestoreTester,
  input: RestoreInput,
  options: Partial<RestoreTestOptions> = {},
): Promise<RestoreTestResult> {
  await using ground = await groundOf(restoreTest, FEW, options);
  return await ground.runRestoreTest(input);
}

/** As `tested`, of a dump that has to be restored. */
export async function restored(
  restoreTest: PgRestoreTester,
  input: RestoreInput,
): Promise<Extract<RestoreTestResult, { outcome: 'passed' }>> {
  const testResult = await testedRestore(restoreTest, input);
  if (testResult.outcome !== 'passed') throw new Error(JSON.stringify(testResult));
  return testResult;
}

/**
 * A backup of the database, its dump changed by hand; it is not compressed, so that text can be found in it.
 */
export async function changedBackup(
  database: TestDatabase,
  change: (dump: Buffer) => Buffer,
): Promise<RestoreInput> {
  const dump = change(
    await within(producerFor(database, { compression: 'none' }), (snapshot) => readAll(snapshot.dump())),
  );
  return {
    ...(await backupOf(database)),
    dump: {
      bytes: dump.length,
      path: await fileOf(dump),
      open: async function* () {
        yield await Promise.resolve(dump);
      },
    },
  };
}

/** Texts of a dump by others of the same length. */
export function replaced(dump: Buffer, text: string, by: string): Buffer {
  return Buffer.from(dump.toString('latin1').replaceAll(text, by), 'latin1');
}

/**
 * Programs that work in the folder or have it on their command line; the locks of living restore tests are held by
 * such.
 */
export function programsIn(folder: string): readonly string[] {
  return readdirSync('/proc')
    .filter((pid) => /^\d+$/.test(pid) && pid !== String(process.pid))
    .flatMap((pid) => {
      try {
        const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
        const name = command.split(' ', 1)[0] ?? '';
        const ours = command.includes(folder) || readlinkSync(`/proc/${pid}/cwd`).startsWith(folder);
        return ours && existsSync(`/proc/${pid}`) ? [`${pid} ${name} ${command}`] : [];
      } catch {
        return []; // it has just ended
      }
    });
}

/**
 * Segments of shared memory that a dead server with this data folder has left: their key is the folder’s
 * inode, and nobody is attached to them. One with somebody attached is of another server, to whose folder the
 * system gave the inode of a removed one.
 */
export function segmentsLeftBy(inode: number): readonly string[] {
  const lines = readFileSync('/proc/sysvipc/shm', 'utf8')
    .split('\n')
    .map((line) => line.trim());
  return lines.filter((line) => {
    const [key, , , , , , attached] = line.split(/\s+/).map(Number);
    return key === (inode | 0) && attached === 0;
  });
}

/** The inodes of the data folders of the restore tests in a folder. */
export function dataFoldersIn(folder: string): readonly number[] {
  const inodeOf = (name: string): number =>
    statSync(`${folder}/${name}/c/d`, { throwIfNoEntry: false })?.ino ?? 0;
  return readdirSync(folder)
    .filter((name) => !name.endsWith('.lock'))
    .map(inodeOf)
    .filter((inode) => inode > 0);
}

/** What a restore test has left: nothing, when all is well. */
export async function leftIn(folder: string): Promise<readonly string[]> {
  const giveUpAt = performance.now() + 5000;
  for (;;) {
    const left = [...(await readdir(folder)), ...programsIn(folder)];
    // A process that was killed is seen for a moment.
    if (left.length === 0 || performance.now() > giveUpAt) return left;
    await pause(50);
  }
}
