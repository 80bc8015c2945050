import { existsSync, readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs';
import { chmod, mkdtemp, readdir, rm } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';
import { onTestFinished } from 'vitest';
import { readAll } from '@geolens/backup-core/testing';
import type { DrillGround, DrillNeeds, DrillOptions, Rehearsal, RestoreInput } from '@geolens/backup-core';
import {
  ScratchDrill,
  type ScratchDrillOptions,
} from '../../../packages/adapter-local/src/postgres/drill/scratch-drill.ts';
import type { TestDatabase } from '../../support/clusters.ts';
import { env, fileOf, never, producerFor, within, type Place } from './producers.ts';
import { backupOf } from './restoring.ts';

export const FEW: DrillNeeds = { databaseBytes: 1_000_000, dumpBytes: 1_000_000, keptBytes: 0 };

/** A folder for drills, which everybody may pass through, with a short path: sockets are made in it. */
export async function drillParent(): Promise<string> {
  const folder = await mkdtemp('/tmp/drills-');
  await chmod(folder, 0o755);
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

export function drillIn(
  folder: string,
  { binDir }: Pick<Place, 'binDir'>,
  options: Partial<ScratchDrillOptions> = {},
): ScratchDrill {
  return new ScratchDrill({ folders: [folder], binDir, env, jobs: 2, ...options });
}

/** A ground that has to come about; it is disposed of when the test is finished, if not before. */
export async function groundOf(
  drill: ScratchDrill,
  needs: DrillNeeds = FEW,
  options: Partial<DrillOptions> = {},
): Promise<DrillGround> {
  const ground = await drill.open(needs, { signal: never, ...options });
  if ('unprovable' in ground) throw new Error(ground.unprovable.join('; '));
  onTestFinished(() => ground[Symbol.asyncDispose]());
  return ground;
}

/** One whole drill. */
export async function rehearsed(
  drill: ScratchDrill,
  input: RestoreInput,
  options: Partial<DrillOptions> = {},
): Promise<Rehearsal> {
  await using ground = await groundOf(drill, FEW, options);
  return await ground.rehearse(input);
}

/** As `rehearsed`, of a dump that has to be restored. */
export async function restored(
  drill: ScratchDrill,
  input: RestoreInput,
): Promise<Extract<Rehearsal, { outcome: 'restored' }>> {
  const rehearsal = await rehearsed(drill, input);
  if (rehearsal.outcome !== 'restored') throw new Error(JSON.stringify(rehearsal));
  return rehearsal;
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
      sha256: '',
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
 * Programs that work in the folder or have it on their command line; the locks of living drills are held by
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

/** The inodes of the data folders of the drills in a folder. */
export function dataFoldersIn(folder: string): readonly number[] {
  const inodeOf = (name: string): number =>
    statSync(`${folder}/${name}/data`, { throwIfNoEntry: false })?.ino ?? 0;
  return readdirSync(folder)
    .filter((name) => !name.endsWith('.lock'))
    .map(inodeOf)
    .filter((inode) => inode > 0);
}

/** What a drill has left: nothing, when all is well. */
export async function leftIn(folder: string): Promise<readonly string[]> {
  const giveUpAt = performance.now() + 5000;
  for (;;) {
    const left = [...(await readdir(folder)), ...programsIn(folder)];
    // A process that was killed is seen for a moment.
    if (left.length === 0 || performance.now() > giveUpAt) return left;
    await pause(50);
  }
}
