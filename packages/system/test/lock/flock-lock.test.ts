import { execFileSync } from 'node:child_process';
import { link, mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
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

  it.each(['a file', 'nothing'])(
    'is not taken through a link to %s, which stays as it is',
    async (target) => {
      const folder = await freshFolder();
      const [path, outside] = [join(folder, 'lock'), join(await freshFolder(), 'shadow')];
      if (target === 'a file') await writeFile(outside, 'root only');
      await symlink(outside, path);
      const { message, hint } = await failure('STORE_FAILED', new FlockLock(path).acquire(RUN));
      expect(message).toBe(`the lock ${path} is not a file`);
      expect(hint).toContain('remove it');
      expect(await readFile(outside, 'utf8').catch(() => 'none')).toBe(
        target === 'a file' ? 'root only' : 'none',
      );
    },
  );

  it.each([
    ['a pipe', (path: string) => Promise.resolve(void execFileSync('mkfifo', [path]))],
    ['a folder', (path: string) => mkdir(path)],
  ])('is not taken on %s', async (_, make) => {
    const path = join(await freshFolder(), 'lock');
    await make(path);
    await expect(new FlockLock(path).acquire(RUN)).rejects.toMatchObject({ code: 'STORE_FAILED' });
  });

  it('leaves a file as it is that has a second name', async () => {
    const folder = await freshFolder();
    const [path, other] = [join(folder, 'lock'), join(folder, 'other')];
    await writeFile(other, 'content');
    await link(other, path);
    const lease = await new FlockLock(path).acquire(RUN);
    await failure('LOCK_HELD', new FlockLock(path).acquire(RUN));
    await lease.release();
    expect(await readFile(other, 'utf8')).toBe('content');
    expect(await readdir(folder)).toEqual(['lock', 'other']);
  });
});
