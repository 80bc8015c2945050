import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { FlockLock } from '../../src/lock/flock-lock.ts';
import { failure } from '../support/failure.ts';
import { freshFolder } from '../support/folders.ts';
import { Script, processesWith, until } from '../support/processes.ts';

const RUN = { command: 'run' };

async function heldElsewhere(): Promise<{ path: string; lock: FlockLock; holder: Script }> {
  const path = join(await freshFolder(), 'lock');
  const holder = new Script(new URL('../support/scripts/hold-lock.ts', import.meta.url), path);
  await holder.says('locked');
  return { path, lock: new FlockLock(path), holder };
}

/** The processes that this one, or another, has started. */
function childrenOf(pid: number): readonly number[] {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim();
  return children === '' ? [] : children.split(' ').map(Number);
}

function environmentsOfChildren(): readonly string[] {
  return childrenOf(process.pid).map((pid) => readFileSync(`/proc/${pid}/environ`, 'utf8'));
}

describe('the program that holds a lock', () => {
  it('knows nothing of our environment but what it was given', async () => {
    vi.stubEnv('POSTGRES_PASSWORD', 'open sesame');
    const lease = await new FlockLock(join(await freshFolder(), 'lock'), { PATH: '/usr/bin:/bin' }).acquire(
      RUN,
    );
    expect(environmentsOfChildren().filter((text) => text.includes('open sesame'))).toEqual([]);
    expect(environmentsOfChildren().some((text) => text.startsWith('PATH=/usr/bin:/bin'))).toBe(true);
    await lease.release();
    vi.unstubAllEnvs();
  });
});

describe('a lock that another process holds', () => {
  it('names that process', async () => {
    const { lock, holder } = await heldElsewhere();
    expect((await failure('LOCK_HELD', lock.acquire(RUN))).message).toContain(
      `another restore (process ${holder.pid}, since 20`,
    );
  });

  it('is free at once when its holder is killed', async () => {
    const { path, lock, holder } = await heldElsewhere();
    await holder.kill('SIGKILL');
    const lease = await lock.acquire(RUN);
    await lease.release();
    await until(() => processesWith(path).length === 0, 'no process is left');
  });

  it('is free when its holder gives it back', async () => {
    const { lock, holder } = await heldElsewhere();
    holder.child.stdin!.end();
    await holder.says('released');
    await (await lock.acquire(RUN)).release();
  });

  it('survives a Ctrl-C, which reaches the whole process group of its holder', async () => {
    const { lock, holder } = await heldElsewhere();
    process.kill(-holder.pid, 'SIGINT');
    await holder.says('interrupted');
    await failure('LOCK_HELD', lock.acquire(RUN));
    holder.child.stdin!.end();
    await holder.says('released');
    await (await lock.acquire(RUN)).release();
  });

  it.each(['SIGTERM', 'SIGHUP', 'SIGINT'] as const)(
    'survives a %s to every process of its holder’s service',
    async (signal) => {
      const { lock, holder } = await heldElsewhere();
      for (const pid of childrenOf(holder.pid)) process.kill(pid, signal);
      await failure('LOCK_HELD', lock.acquire(RUN));
      expect(holder.output).not.toContain('lost');
      holder.child.stdin!.end();
      await holder.says('released');
      expect(holder.output).not.toContain('lost');
    },
  );

  it('is told to be lost when the program that holds it is killed, as for want of memory', async () => {
    const { path, lock, holder } = await heldElsewhere();
    for (const pid of childrenOf(holder.pid)) process.kill(pid, 'SIGKILL');
    await holder.says(`lost: LOCK_LOST`);
    expect(holder.output).toContain(path);
    holder.child.stdin!.end();
    await holder.says('released');
    await (await lock.acquire(RUN)).release();
  });

  it.each(['SIGTERM', 'SIGHUP', 'SIGINT'] as const)(
    'is still waited for after a %s to every process of the service that waits',
    async (signal) => {
      const { path, lock, holder } = await heldElsewhere();
      const waiting = lock.acquire(RUN, { whenHeld: 'wait' });
      const waiters = (): readonly number[] =>
        processesWith('flock --exclusive').filter((pid) => processesWith(path).includes(pid));
      await until(() => waiters().length > 0, 'a process that waits');
      for (const pid of waiters()) process.kill(pid, signal);
      holder.child.stdin!.end();
      await (await waiting).release();
    },
  );

  it('goes to the one who waits when its holder is killed', async () => {
    const { path, lock, holder } = await heldElsewhere();
    const waiting = lock.acquire(RUN, { whenHeld: 'wait' });
    await until(() => processesWith(`${path} cat`).length > 0, 'a process that waits');
    await holder.kill('SIGKILL');
    await (await waiting).release();
  });
});
