import { spawn } from 'node:child_process';
import { setTimeout as pause } from 'node:timers/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import { isRoot } from '../../../system/test/support/folders.ts';
import type { Account } from '../../src/restore-test/account.ts';
import { processesOf } from '../../src/restore-test/account-processes.ts';
import { Cage } from '../../src/restore-test/cage.ts';

const env = { PATH: process.env['PATH'] ?? '' };
const { signal } = new AbortController();

/** No account of this machine has this number. */
const ACCOUNT: Account = { name: 'geolens-restore-test', uid: 471_100, gid: 471_100 };
const OTHER: Account = { name: 'geolens-restore-test-2', uid: 471_101, gid: 471_101 };

function start({ uid, gid }: Account, program: string): void {
  const limited = ['--reuid', `${uid}`, '--regid', `${gid}`, '--clear-groups', 'prlimit', '--nproc=60'];
  const child = spawn('setpriv', [...limited, 'sh', '-c', program], { stdio: 'ignore', detached: true });
  onTestFinished(() => void child.kill('SIGKILL'));
}

async function claimed(...accounts: readonly Account[]): Promise<Cage | string> {
  const cage = await Cage.claim({ env, signal, accounts, whenHeld: 'fail' });
  if ('lacking' in cage) return cage.lacking;
  onTestFinished(() => cage.release().catch(() => undefined));
  return cage;
}

describe.runIf(isRoot)('the cage of a restore test', () => {
  it('is refused while another process runs as its account, which goes on', async () => {
    start(ACCOUNT, 'exec sleep 60');
    await expect.poll(() => processesOf(ACCOUNT.uid)).toHaveLength(1);
    const [id] = await processesOf(ACCOUNT.uid);
    expect(await claimed(ACCOUNT)).toMatch(new RegExp(`runs other processes: ${id}\\. End them`));
    expect(await processesOf(ACCOUNT.uid)).toEqual([id]);
    const other = await claimed(ACCOUNT, OTHER);
    expect(other).toMatchObject({ account: OTHER });
  });

  it('is claimed by one restore test at a time', async () => {
    const cage = await claimed(OTHER);
    expect(await claimed(OTHER)).toMatch(/^another restore test runs/);
    await (cage as Cage).release();
    expect(await claimed(OTHER)).toMatchObject({ account: OTHER });
  });

  let uid = ACCOUNT.uid + 10; // each with an own one: processes that ended may count for a while
  it.each([
    ['ignores signals', `trap '' TERM INT HUP QUIT; while :; do sleep 1; done`],
    ['multiplies', `exec perl -e '$SIG{TERM} = "IGNORE"; $end = time + 60; while (time < $end) { fork }'`],
    ['kills every other process of the account', `exec perl -e 'while (1) { kill KILL => -1 }'`],
    ['has left its session', `setsid sh -c 'sleep 60 & sleep 61' & sleep 0.1`],
    ['is stopped', `kill -STOP $$`],
  ])('ends a program that %s', async (_, program) => {
    const account = { ...ACCOUNT, uid: (uid += 1) };
    const cage = (await claimed(account)) as Cage;
    start(account, program);
    await expect.poll(() => processesOf(account.uid)).not.toEqual([]);
    await pause(200);
    expect(await cage.endAll()).toBe(true);
    expect(await processesOf(account.uid)).toEqual([]);
    await cage.release();
  });
});
