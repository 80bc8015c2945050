import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { chmod, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { RestoreInput } from '@geolens/backup-core';
import { isRoot } from '../../packages/system/test/support/folders.ts';
import { findAccounts } from '../../packages/adapter-postgres/src/restore-test/account.ts';
import { processesOf } from '../../packages/adapter-postgres/src/restore-test/account-processes.ts';
import { anyCluster, freshDatabase } from '../support/clusters.ts';
import { AS_CONTAINER, restoreTestInProcess } from './support/restore-test-process.ts';
import { leftIn, restoreTestParent } from './support/restore-tests.ts';
import { backupOf } from './support/restoring.ts';

const facts = anyCluster();
const { binDir } = facts;

/** A dump that runs a shell script as the superuser of the temporary server. */
async function attack(script: string, out: string): Promise<RestoreInput> {
  await writeFile(join(out, 'script'), script, { mode: 0o644 });
  const database = await freshDatabase(facts, { content: 'empty' });
  await database.query(`CREATE FUNCTION act() RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN
      IF pg_catalog.current_setting('port') = '1' THEN COPY (SELECT 1) TO PROGRAM 'cat >/dev/null; sh ${out}/script >${out}/result 2>&1'; END IF;
      RETURN true;
    END $$;
    CREATE TABLE trap (a integer CHECK (act())); INSERT INTO trap VALUES (1)`);
  return await backupOf(database);
}

async function outFolder(): Promise<string> {
  const out = await restoreTestParent();
  await chmod(out, 0o777);
  return out;
}

async function remaining(): Promise<readonly number[]> {
  const accounts = await findAccounts();
  if ('lacking' in accounts) throw new Error(accounts.lacking);
  return (await Promise.all(accounts.map(({ uid }) => processesOf(uid)))).flat();
}

describe.runIf(isRoot).each([
  ['with all capabilities', []],
  ['with the capabilities of the container', AS_CONTAINER],
])('a program of a dump in a restore test %s', (_, limits) => {
  it('runs as the account, and sees nothing that is for root, its group or the server of the database', async () => {
    const [out, parent] = [await outFolder(), await restoreTestParent()];
    await chmod(parent, 0o700);
    await writeFile(join(out, 'secret'), 'for the group of root', { mode: 0o640 });
    await writeFile(join(parent, 'secret'), 'for all who get there', { mode: 0o644 });
    const script = `id -un; id -G | wc -w; grep NoNewPrivs /proc/self/status; env | cut -d= -f1 | sort | tr '\\n' ' '; echo
      cat ${out}/secret ${parent}/secret; ls ${parent} ../..; cat /proc/$PPID/root/etc/shadow /proc/1/environ; exit 0`;
    const { dump } = await attack(script, out);
    const tested = await restoreTestInProcess({ dump: dump.path! }, { folder: parent, binDir, limits });
    expect(tested).toMatchObject({ outcome: 'passed' });
    const result = await readFile(join(out, 'result'), 'utf8');
    expect(result).toMatch(/^geolens-restore-test(-\d+)?\n1\nNoNewPrivs:\t1\n/);
    expect(result).not.toMatch(/for the group|for all|SECRET|HOME|root:/);
    expect(result.match(/Permission denied/g)!.length).toBeGreaterThanOrEqual(5);
  });

  it.each([
    [
      'goes on in a session of its own',
      `setsid sh -c 'trap "" TERM HUP; sleep 600' >/dev/null 2>&1 &`,
      'passed',
    ],
    [
      'multiplies',
      `perl -e '$SIG{$_} = "IGNORE" for qw(TERM HUP INT QUIT); $end ||= time + 60; while (time < $end) { fork }' >/dev/null 2>&1 & sleep 1`,
      undefined,
    ],
    ['kills all others', `perl -e 'while (1) { kill KILL => -1 }' >/dev/null 2>&1 & sleep 1`, 'inconclusive'],
  ])('leaves nothing where it %s', { timeout: 180_000 }, async (__, script, outcome) => {
    const [out, parent, name] = [await outFolder(), await restoreTestParent(), randomUUID()];
    const remains = [`/tmp/${name}`, `/dev/shm/${name}`];
    onTestFinished(async () => {
      for (const path of remains) await rm(path, { recursive: true, force: true });
    });
    const marks = remains.map((path) => `mkdir ${path}; echo x >${path}/file`).join('; ');
    const { dump } = await attack(`${marks}; echo $$ >${out}/id; ${script}`, out);
    const result = await restoreTestInProcess({ dump: dump.path! }, { folder: parent, binDir, limits });
    if (outcome !== undefined) expect(result.outcome, JSON.stringify(result)).toBe(outcome);
    expect(await readFile(join(out, 'id'), 'utf8')).toMatch(/^\d+$/m);
    expect(remains.filter((path) => existsSync(path))).toEqual([]);
    expect(await leftIn(parent)).toEqual([]);
    await expect.poll(remaining, { timeout: 60_000 }).toEqual([]); // other restore tests may run
  });
});
