import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { Compression } from '@geolens/backup-core';
import { chunksOf, readAll, sourceOf } from '@geolens/backup-core/testing';
import { clusters } from '../support/clusters.ts';
import { asFile } from '../../packages/adapter-local/test/support/as-file.ts';
import { failure } from './support/failure.ts';
import { never, producerFor, within } from './support/producers.ts';
import { smallDatabase } from './support/small-database.ts';

describe.each(clusters())('the check of a dump of $title', (facts) => {
  const compressions: readonly (Compression | 'auto')[] =
    facts.major < 16 ? ['auto', 'none'] : ['auto', 'gzip:1', 'lz4', 'none'];

  it.each(compressions)(
    'accepts it whole and refuses it cut short, by twentieths and by a byte, compressed by %s, from a pipe and as a file',
    async (compression) => {
      const database = await smallDatabase(facts);
      const producer = producerFor(database, { compression });
      const dump = await within(producer, (snapshot) => readAll(snapshot.dump()));
      const lengths = [
        ...Array.from({ length: 20 }, (_, part) => Math.floor((dump.length * part) / 20)),
        dump.length - 1,
      ];
      for (const given of [sourceOf, asFile]) {
        await producer.check(await given(dump), { signal: never });
        for (const length of lengths)
          await failure(
            'ARTIFACT_UNREADABLE',
            producer.check(await given(dump.subarray(0, length)), { signal: never }),
          );
      }
    },
  );

  it('refuses what is no dump', async () => {
    const producer = producerFor({ ...facts, database: 'none' });
    for (const content of [
      randomBytes(10_000),
      Buffer.from('-- PostgreSQL database dump\n'),
      Buffer.from('PGDMP'),
    ]) {
      expect(
        (await failure('ARTIFACT_UNREADABLE', producer.check(sourceOf(content), { signal: never }))).message,
      ).toContain('pg_restore');
    }
  });

  it('fails as its reading does, which is no verdict on the dump', async () => {
    const lost = Object.assign(new Error('the store went away'), { code: 'ECONNRESET' });
    const source = { ...sourceOf('PGDMP'), open: () => chunksOf('PGDMP', { failure: lost }) };
    await expect(producerFor({ ...facts, database: 'none' }).check(source, { signal: never })).rejects.toBe(
      lost,
    );
  });

  it('ends when it is aborted', async () => {
    const stop = new AbortController();
    const endless = async function* (): AsyncGenerator<Uint8Array> {
      for (;;) {
        yield await Promise.resolve(Buffer.alloc(1));
        stop.abort();
      }
    };
    await failure(
      'ABORTED',
      producerFor({ ...facts, database: 'none' }).check(
        { ...sourceOf(''), open: endless },
        { signal: stop.signal },
      ),
    );
  });
});
