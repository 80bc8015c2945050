import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { FlockLock } from '../../src/lock/flock-lock.ts';
import { failure } from '../support/failure.ts';
import { freshFolder, freshMount, mayMount, remount } from '../support/folders.ts';
import { processesWith, until } from '../support/processes.ts';

const RUN = { command: 'run' };

describe('the lock of a volume', () => {
  it('is held by one at a time, and says by whom and since when', async () => {
    const path = join(await freshFolder(), 'lock');
    const began = new Date().toISOString();
    const lease = await new FlockLock(path).acquire({ command: 'prune' });
    const { message, hint } = await failure('LOCK_HELD', new FlockLock(path).acquire(RUN));
    expect(message).toContain(`another prune (process ${process.pid}, since `);
    expect(message).toContain(path);
    expect(hint).toBe('Try again when it has ended');
    const since = /since (\S+)\)/.exec(message)?.[1] ?? '';
    expect(since >= began && since <= new Date().toISOString(), since).toBe(true);
    await lease.release();
    await (await new FlockLock(path).acquire(RUN)).release();
  });

  it('is exclusive within one instance too', async () => {
    const lock = new FlockLock(join(await freshFolder(), 'lock'));
    const leases = await Promise.allSettled([1, 2, 3].map(() => lock.acquire(RUN)));
    const held = leases.filter((lease) => lease.status === 'fulfilled');
    expect(held.length).toBe(1);
    await held[0]!.value.release();
  });

  it('can be given back twice, and leaves no process', async () => {
    const path = join(await freshFolder(), 'lock');
    const lease = await new FlockLock(path).acquire(RUN);
    await Promise.all([lease.release(), lease.release()]);
    await lease.release();
    const next = await new FlockLock(path).acquire(RUN);
    await lease.release(); // nothing to the next holder
    await failure('LOCK_HELD', new FlockLock(path).acquire(RUN));
    await next.release();
    expect(processesWith(path)).toEqual([]);
  });

  it('is waited for, when asked, in turn and by one at a time', async () => {
    const lock = new FlockLock(join(await freshFolder(), 'lock'));
    let inside = 0;
    let most = 0;
    const turns = Array.from({ length: 5 }, async () => {
      const lease = await lock.acquire(RUN, { whenHeld: 'wait' });
      most = Math.max(most, (inside += 1));
      await new Promise((resolve) => setImmediate(resolve));
      inside -= 1;
      await lease.release();
    });
    await Promise.all(turns);
    expect(most).toBe(1);
  });

  it('is not waited for any longer when that is aborted', async () => {
    const path = join(await freshFolder(), 'lock');
    const lease = await new FlockLock(path).acquire(RUN);
    const stop = new AbortController();
    const waiting = failure(
      'ABORTED',
      new FlockLock(path).acquire(RUN, { whenHeld: 'wait', signal: stop.signal }),
    );
    await until(() => processesWith(path).length > 0, 'a process that waits');
    stop.abort();
    await waiting;
    expect(processesWith(path)).toEqual([]);
    await lease.release();
    await (await new FlockLock(path).acquire(RUN)).release();
  });

  it('is not begun to be taken when the signal has fired before', async () => {
    const path = join(await freshFolder(), 'lock');
    await failure('ABORTED', new FlockLock(path).acquire(RUN, { signal: AbortSignal.abort() }));
    await expect(readFile(path)).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it('stays held when a signal fires that was given for the taking', async () => {
    const path = join(await freshFolder(), 'lock');
    const stop = new AbortController();
    const lease = await new FlockLock(path).acquire(RUN, { signal: stop.signal });
    stop.abort();
    await failure('LOCK_HELD', new FlockLock(path).acquire(RUN));
    await lease.release();
  });

  it('says that its folder is missing', async () => {
    const path = join(await freshFolder(), 'missing', 'lock');
    expect((await failure('STORE_UNAVAILABLE', new FlockLock(path).acquire(RUN))).message).toContain(path);
  });

  it.skipIf(!mayMount)(
    'says that its volume is read-only (only where file systems can be mounted)',
    async () => {
      const root = await freshMount('size=1m');
      remount(root, 'ro');
      expect(
        (await failure('STORE_UNAVAILABLE', new FlockLock(join(root, 'lock')).acquire(RUN))).message,
      ).toContain('read-only');
    },
  );
});
