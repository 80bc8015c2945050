import { describe, expect, it } from 'vitest';
import { BackupError, readSets, type ArtifactKey, type BackupSet } from '../../src/index.ts';
import { FaultyStore, MemoryStore } from '../../src/testing/index.ts';

const T = '20260101_020000';
const OF_PG_DUMPALL =
  '--\n-- PostgreSQL database cluster dump\n--\n\nSET default_transaction_read_only = off;\nCREATE ROLE geolens;\n';
const OURS = `-- Roles, properties of the database, owners and grants.\n${OF_PG_DUMPALL}`;

function storeWith(globals: string, besides: Record<string, string> = {}): MemoryStore {
  const store = new MemoryStore();
  const files = {
    [`geolens_${T}.dump`]: 'dump',
    [`staging-${T}.tar.gz`]: 'files',
    [`globals-${T}.sql`]: globals,
    '.last-success': '',
    ...besides,
  };
  for (const [name, content] of Object.entries(files))
    store.artifacts.set(`daily/${name}` as ArtifactKey, Buffer.from(content));
  return store;
}

const states = async (store: MemoryStore | FaultyStore): Promise<readonly BackupSet['state'][]> =>
  (await readSets(store)).map(({ state }) => state);

describe('a set without a manifest', () => {
  it('is legacy when pg_dumpall has written its globals, and the rest of a run that was cut off when a run has', async () => {
    expect(await states(storeWith(OF_PG_DUMPALL))).toEqual(['legacy']);
    expect(await states(storeWith(OURS))).toEqual(['partial']);
    expect(await states(storeWith(''))).toEqual(['partial']);
  });

  it('is partial with a manifest that cannot be read, whatever its globals are', async () => {
    expect(await states(storeWith(OF_PG_DUMPALL, { [`manifest-${T}.json`]: '{' }))).toEqual(['partial']);
  });

  it('is not taken for whole when the store does not give its globals up', async () => {
    const store = new FaultyStore(storeWith(OF_PG_DUMPALL), ({ operation }) =>
      operation === 'read' ? new BackupError('STORE_UNAVAILABLE', 'no answer') : undefined,
    );
    expect(await states(store)).toEqual(['partial']);
  });
});
