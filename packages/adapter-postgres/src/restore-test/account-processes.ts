import { readdir, readFile } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';
import { Program, type ProgramEnvironment } from '@geolens/backup-system';
import type { Account } from './account.ts';

const POLL_MS = 50;

/** Milliseconds in which processes of an account are killed again and again. */
const ENDED_WITHIN_MS = 15_000;

/**
 * Switches to the account and kills all its processes: root without CAP_KILL may not. A shell would be a
 * process of the account while it starts, so a hostile process could kill it first.
 */
const END = `
const [gid, uid] = process.argv.slice(1).map(Number);
process.setgroups([]); process.setgid(gid); process.setuid(uid);
if (uid > 0 && process.getuid() === uid) try { process.kill(-1, 'SIGKILL') } catch {}`;

/** Returns the ids of running processes that have the user id as one of theirs. */
export async function processesOf(uid: number): Promise<readonly number[]> {
  return (await allOf(uid)).filter(({ ended }) => !ended).map(({ id }) => id);
}

/** Returns the number of ended processes that still count, because their parent has not waited for them. */
export async function endedProcessesOf(uid: number): Promise<number> {
  return (await allOf(uid)).filter(({ ended }) => ended).length;
}

async function allOf(uid: number): Promise<readonly { readonly id: number; readonly ended: boolean }[]> {
  const ids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number);
  const found = await Promise.all(
    ids.map(async (id) => {
      const status = await readFile(`/proc/${id}/status`, 'utf8').catch(() => '');
      const uids = /^Uid:\s+(.*)$/m.exec(status)?.[1]?.split(/\s+/).map(Number) ?? [];
      return uids.includes(uid) ? [{ id, ended: /^State:\s+[ZX]/m.test(status) }] : [];
    }),
  );
  return found.flat();
}

/** Kills every process of the account. Never fails; returns whether none is left. */
export async function endProcessesOf({ uid, gid }: Account, env: ProgramEnvironment): Promise<boolean> {
  const giveUpAt = performance.now() + ENDED_WITHIN_MS;
  while ((await processesOf(uid)).length > 0) {
    if (performance.now() > giveUpAt) return false;
    // The system may have no free process for a moment, so failed attempts are repeated.
    await attempt(['-e', END, String(gid), String(uid)], env);
    await pause(POLL_MS);
  }
  return true;
}

async function attempt(args: readonly string[], env: ProgramEnvironment): Promise<void> {
  try {
    await new Program(process.execPath, args, { env: { PATH: env['PATH'] ?? '' } }).end();
  } catch {
    // The next attempt follows.
  }
}
