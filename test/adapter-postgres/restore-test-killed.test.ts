import { setTimeout as pause } from 'node:timers/promises';
import { readdir, readFile, symlink, utimes, writeFile, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { isBackupError } from '@geolens/backup-core';
import { Script } from '../../packages/system/test/support/processes.ts';
import { type ClusterFacts, clusters, newestCluster } from '../support/clusters.ts';
import { Random } from '../support/random.ts';
import {
  dataFoldersIn,
  restoreTestIn,
  restoreTestParent,
  groundOf,
  leftIn,
  programsIn,
  testedRestore,
  restored,
  segmentsLeftBy,
} from './support/restore-tests.ts';
import { env } from './support/producers.ts';
import { backupOf } from './support/restoring.ts';
import { smallDatabase } from './support/small-database.ts';

const TIMES = 5;
const ENDS_WITHIN_MS = 5_000;

const NAME = '.geolens-backup-drill-00000000-0000-4000-8000-000000000000';

/** Starts a restore test in a process group of its own. */
function testing(folder: string, { binDir }: ClusterFacts, dump: string): Script {
  return new Script(
    new URL('support/scripts/restore-test.ts', import.meta.url),
    JSON.stringify({ folders: [folder], binDir, env, jobs: 2 }),
    dump,
  );
}

describe.each(newestCluster())('a restore test on $title', (facts) => {
  it(`told to stop at ${TIMES} random moments does so within seconds, and leaves nothing`, {
    timeout: 240_000,
  }, async () => {
    const [parent, database, random] = [
      await restoreTestParent(),
      await smallDatabase(facts),
      new Random(20261122),
    ];
    const input = await backupOf(database);
    const began = performance.now();
    await restored(restoreTestIn(parent, facts), input);
    const whole = performance.now() - began;
    for (let time = 0; time < TIMES; time += 1) {
      const stop = new AbortController();
      const running = testedRestore(restoreTestIn(parent, facts), input, { signal: stop.signal }).catch(
        (error: unknown) => error,
      );
      await pause(random.next() * whole);
      const asked = performance.now();
      stop.abort();
      const outcome = await running;
      expect(performance.now() - asked).toBeLessThan(ENDS_WITHIN_MS);
      expect(
        isBackupError(outcome, 'ABORTED') || (outcome as { outcome: string }).outcome === 'passed',
        String(outcome),
      ).toBe(true);
      expect(await leftIn(parent)).toEqual([]);
    }
  });

  it(`killed at ${TIMES} random moments leaves no program, and a clean-up removes the rest of it but nothing of one that lives`, {
    timeout: 240_000,
  }, async () => {
    const [parent, database, random] = [
      await restoreTestParent(),
      await smallDatabase(facts),
      new Random(20261122),
    ];
    const input = await backupOf(database);
    const restoreTest = restoreTestIn(parent, facts);
    const ground = await groundOf(restoreTest);
    const living = (await readdir(parent)).sort();
    const moments = ['opened', 'server', 'restore', 'compare'];
    for (let time = 0; time < TIMES; time += 1) {
      const script = testing(parent, facts, input.dump.path!);
      await script.says(moments[time % moments.length]!);
      await pause(random.next() * 300);
      const inodes = dataFoldersIn(parent);
      await script.kill('SIGKILL');
      const dead = (await readdir(parent)).filter(
        (name) => !living.includes(name) && !name.endsWith('.lock'),
      );
      const removed = await restoreTest.cleanUp();
      expect(removed).toEqual(
        dead.map((name) => `${join(parent, name)}, of a restore test that was cut off`),
      );
      expect((await readdir(parent)).sort()).toEqual(living);
      // The shell around the clean-up's last program is seen for a moment.
      for (const name of dead)
        await expect.poll(() => programsIn(join(parent, name)), { timeout: ENDS_WITHIN_MS }).toEqual([]);
      expect(inodes.flatMap(segmentsLeftBy)).toEqual([]);
    }
    expect((await ground.runRestoreTest(input)).outcome).toBe('passed');
    await ground[Symbol.asyncDispose]();
    expect(await leftIn(parent)).toEqual([]);
  });

  it('killed leaves no program, also without a clean-up', async () => {
    const [parent, database] = [await restoreTestParent(), await smallDatabase(facts)];
    const script = testing(parent, facts, (await backupOf(database)).dump.path!);
    await script.says('restore');
    expect(programsIn(parent).join()).toContain('postgres');
    await script.kill('SIGKILL');
    await expect.poll(() => programsIn(parent), { timeout: ENDS_WITHIN_MS }).toEqual([]);
    expect(await restoreTestIn(parent, facts).cleanUp()).toHaveLength(1);
  });

  it('goes on, in another process, while it is cleaned up around', async () => {
    const [parent, database] = [await restoreTestParent(), await smallDatabase(facts)];
    const script = testing(parent, facts, (await backupOf(database)).dump.path!);
    await script.says('opened');
    while (!script.output.includes('{')) expect(await restoreTestIn(parent, facts).cleanUp()).toEqual([]);
    await script.says('over');
    await script.end;
    expect(script.output).toContain('"outcome":"passed"');
    expect(await leftIn(parent)).toEqual([]);
  });
});

describe('a clean-up', () => {
  const facts = clusters()[0]!;

  it('takes no folder for a dead restore test’s that is no restore test’s, nor a link', async () => {
    const [parent, other] = [await restoreTestParent(), await restoreTestParent()];
    await writeFile(join(other, 'precious'), 'x');
    await symlink(other, join(parent, NAME));
    await mkdir(join(parent, `${NAME}x`));
    expect(await restoreTestIn(parent, facts).cleanUp()).toEqual([]);
    expect(await readFile(join(other, 'precious'), 'utf8')).toBe('x');
    expect(await readdir(parent)).toHaveLength(2);
  });

  it('leaves a restore test alone that is just being made, and removes a lock that was left', async () => {
    const parent = await restoreTestParent();
    const lock = join(parent, `${NAME}.lock`);
    await writeFile(lock, '');
    await restoreTestIn(parent, facts).cleanUp();
    expect(await readdir(parent)).toHaveLength(1);
    await utimes(lock, 0, 0);
    expect(await restoreTestIn(parent, facts).cleanUp()).toEqual([]);
    expect(await readdir(parent)).toEqual([]);
  });

  it('minds no folder that is not there', async () => {
    expect(await restoreTestIn('/nowhere', facts).cleanUp()).toEqual([]);
  });

  it('does not happen once it is told to stop', async () => {
    const parent = await restoreTestParent();
    await mkdir(join(parent, NAME));
    await expect(restoreTestIn(parent, facts).cleanUp({ signal: AbortSignal.abort() })).rejects.toMatchObject(
      { code: 'ABORTED' },
    );
    expect(await readdir(parent)).toEqual([NAME]);
  });
});
