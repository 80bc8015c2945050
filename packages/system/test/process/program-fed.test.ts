import { describe, expect, it } from 'vitest';
import { chunksOf } from '@geolens/backup-core/testing';
import { programFed } from '../../src/process/program-output.ts';
import { failure } from '../support/failure.ts';
import { isAlive } from '../support/processes.ts';
import { env } from '../support/search-path.ts';

const LONG = Buffer.alloc(10_000_000, 'geolens');

const feed = (
  script: string,
  content: AsyncIterable<Uint8Array>,
  signal?: AbortSignal,
  onOutput?: (chunk: Uint8Array) => void,
) => programFed('sh', ['-c', script], content, { env, signal }, onOutput);

describe('a program that is fed', () => {
  it('reads the content whole and hands on what it writes', async () => {
    let written = 0;
    const end = await feed('cat', chunksOf(LONG), undefined, (chunk) => (written += chunk.length));
    expect([end.code, written]).toEqual([0, LONG.length]);
  });

  it('may stop reading before the content ends: its end tells whether that is well', async () => {
    expect(await feed('head -c 1 >/dev/null; exit 0', chunksOf(LONG))).toMatchObject({ code: 0 });
    expect(await feed('exec <&-; echo damaged >&2; exit 4', chunksOf(LONG))).toMatchObject({
      code: 4,
      stderr: 'damaged',
    });
  });

  it('may end while the content is still to come, which is then let go', async () => {
    let released = false;
    const slow = async function* (): AsyncGenerator<Uint8Array> {
      try {
        for (;;) yield await new Promise<Uint8Array>((resolve) => setImmediate(resolve, Buffer.from('x')));
      } finally {
        released = true;
      }
    };
    expect(await feed('exit 5', slow())).toMatchObject({ code: 5 });
    expect(released).toBe(true);
  });

  it.each(['EIO', 'EPIPE', 'ECONNRESET', 'ERR_STREAM_PREMATURE_CLOSE'])(
    'fails as its content does, with %s too',
    async (code) => {
      const failure = Object.assign(new Error('the store went away'), { code });
      await expect(feed('cat >/dev/null', chunksOf(LONG, { failure }))).rejects.toBe(failure);
    },
  );

  it('fails as its content does, even when it could live with what it got', async () => {
    const failure = new Error('the store went away');
    await expect(feed('cat >/dev/null; exit 0', chunksOf('', { failure }))).rejects.toBe(failure);
  });

  it('is ended when it is aborted', async () => {
    const stop = new AbortController();
    let pid = 0;
    const work = feed('echo $$; exec sleep 1000', chunksOf(LONG), stop.signal, (chunk) => {
      pid = Number(Buffer.from(chunk).toString());
      stop.abort();
    });
    await failure('ABORTED', work);
    expect(isAlive(pid)).toBe(false);
  });

  it('is PROGRAM_MISSING when it is not installed', async () => {
    await failure('PROGRAM_MISSING', programFed('no-such-program', [], chunksOf(LONG), { env }));
  });
});
