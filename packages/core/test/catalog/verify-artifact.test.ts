import { describe, expect, it } from 'vitest';
import { drain, nothingMore, verifyArtifact } from '../../src/catalog/verify-artifact.ts';
import { BackupError, type ArtifactSource } from '../../src/index.ts';
import { chunksOf, readAll, sourceOf } from '../../src/testing/index.ts';

const TEXT = '0123456789'.repeat(100);

/** A source in small chunks that counts what was read of it, and whether it was closed. */
function watched(
  content: string,
  announced: string = content,
): ArtifactSource & { read: number; closed: number } {
  const source = {
    ...sourceOf(announced),
    read: 0,
    closed: 0,
    open: async function* (range?: { start: number; end: number }) {
      try {
        for await (const chunk of chunksOf(content.slice(range?.start, range?.end), { size: 10 })) {
          source.read += chunk.length;
          yield chunk;
        }
      } finally {
        source.closed += 1;
      }
    },
  };
  return source;
}

describe('verifying an artifact', () => {
  it('accepts what reads back as it was written, and answers what its judge answers', async () => {
    expect(
      await verifyArtifact('x', watched(TEXT), async (source) => (await readAll(source.open())).toString()),
    ).toBe(TEXT);
    await verifyArtifact('x', watched(''), drain);
  });

  it.each([
    ['other bytes', TEXT.replace('5', '6')],
    ['less', TEXT.slice(1)],
    ['more', `${TEXT}!`],
    ['nothing', ''],
  ])('refuses %s, though its judge is content', async (_title, content) => {
    await expect(verifyArtifact('x.dump', watched(content, TEXT), drain)).rejects.toMatchObject({
      code: 'ARTIFACT_UNREADABLE',
    });
    await expect(verifyArtifact('x.dump', watched(content, TEXT), () => Promise.resolve())).rejects.toThrow(
      'x.dump reads back with ',
    );
  });

  it('reads to the end what its judge does not: that stops early, goes away, or never begins', async () => {
    const judges: ((source: ArtifactSource) => Promise<unknown>)[] = [
      async (source) => {
        for await (const chunk of source.open()) if (chunk.length > 0) break;
      },
      (source) => source.open()[Symbol.asyncIterator]().next(),
      (source) => {
        void source.open()[Symbol.asyncIterator]().next();
        return Promise.resolve();
      },
      () => Promise.resolve(),
    ];
    for (const judge of judges) {
      const source = watched(TEXT);
      await verifyArtifact('x', source, judge);
      expect([source.read, source.closed]).toEqual([TEXT.length, 1]);
      await expect(verifyArtifact('x', watched(`${TEXT}!`, TEXT), judge)).rejects.toMatchObject({
        code: 'ARTIFACT_UNREADABLE',
      });
    }
  });

  it('lets its judge read parts, and the whole as often as it likes', async () => {
    const judged = await verifyArtifact('x', watched(TEXT), async (source) => [
      (await readAll(source.open({ start: 3, end: 6 }))).toString(),
      (await readAll(source.open())).length,
      (await readAll(source.open())).length,
      source.bytes,
    ]);
    expect(judged).toEqual(['345', 1000, 1000, 1000]);
  });

  it('fails as its judge fails, and closes what it read', async () => {
    const failure = new BackupError('ARTIFACT_UNREADABLE', 'pg_restore: error');
    const source = watched(TEXT);
    const judge = async (given: ArtifactSource): Promise<void> => {
      await given.open()[Symbol.asyncIterator]().next();
      throw failure;
    };
    await expect(verifyArtifact('x', source, judge)).rejects.toBe(failure);
    expect(source.closed).toBe(1);
  });

  it('fails as the reading fails, even where the judge keeps that to itself', async () => {
    const failure = new Error('EIO');
    const source = { ...sourceOf(TEXT), open: () => chunksOf(TEXT, { size: 10, failure }) };
    const forgiving = (given: ArtifactSource): Promise<unknown> => drain(given).catch(() => undefined);
    await expect(verifyArtifact('x', source, forgiving)).rejects.toBe(failure);
    await expect(verifyArtifact('x', source, drain)).rejects.toBe(failure);
  });

  it('stops when it is told to', async () => {
    const stop = new AbortController();
    const source = watched(TEXT);
    const judge = async (given: ArtifactSource): Promise<void> => {
      for await (const chunk of given.open()) if (chunk.length > 0) stop.abort();
    };
    await expect(verifyArtifact('x', source, judge, stop.signal)).rejects.toMatchObject({ code: 'ABORTED' });
    expect(source.read).toBe(10);
  });
});

describe('verifying a file of this machine', () => {
  const file = (content: string, announced = content): ReturnType<typeof watched> & { path: string } =>
    Object.assign(watched(content, announced), { path: '/sets/x.dump' });

  it('tells its judge where the file is, and reads every byte of it beside', async () => {
    const source = file(TEXT);
    expect(await verifyArtifact('x', source, (given) => Promise.resolve(given.path))).toBe('/sets/x.dump');
    expect([source.read, source.closed]).toEqual([TEXT.length, 1]);
  });

  it('refuses other bytes, though its judge is content', async () => {
    await expect(
      verifyArtifact('x.dump', file(TEXT.replace('5', '6'), TEXT), nothingMore),
    ).rejects.toMatchObject({ code: 'ARTIFACT_UNREADABLE' });
    await expect(verifyArtifact('x.dump', file(TEXT.slice(1), TEXT), nothingMore)).rejects.toMatchObject({
      code: 'ARTIFACT_UNREADABLE',
    });
  });

  it('does not wait for one of the two to begin with the other', async () => {
    const source = file(TEXT);
    const judge = async (): Promise<void> => {
      while (source.closed === 0)
        await new Promise((resolve) => {
          setImmediate(resolve);
        });
    };
    await verifyArtifact('x', source, judge);
  });

  it('fails as its judge fails, and does not go on reading', async () => {
    const failure = new BackupError('ARTIFACT_UNREADABLE', 'pg_restore: error');
    const source = file(TEXT);
    await expect(verifyArtifact('x', source, () => Promise.reject(failure))).rejects.toBe(failure);
    expect(source.read).toBeLessThan(TEXT.length);
    expect(source.closed).toBeLessThanOrEqual(1);
  });

  it('fails as the reading fails, whatever its judge says', async () => {
    const failure = new Error('EIO');
    await expect(
      verifyArtifact(
        'x',
        { ...sourceOf(TEXT), path: '/sets/x.dump', open: () => chunksOf(TEXT, { size: 10, failure }) },
        nothingMore,
      ),
    ).rejects.toBe(failure);
  });
});
