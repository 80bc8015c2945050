import { describe, expect, it } from 'vitest';
import type { DumpProducer, DumpSnapshot } from '../../src/index.ts';
import { chunksOf, dumpProducerContract, FakeDumpProducer } from '../../src/testing/index.ts';

type Change = (
  snapshot: DumpSnapshot,
  producer: FakeDumpProducer,
  signal: AbortSignal,
) => Partial<DumpSnapshot>;

/** Snapshots that are wrong in one way each. */
const BROKEN: Record<string, Change> = {
  'counts the rows as they are now': (_snapshot, producer) => ({
    rowCounts: () => ({ tables: producer.rows, ofExtensions: [] }),
  }),
  'counts nothing': () => ({ rowCounts: () => ({ tables: [], ofExtensions: [] }) }),
  'dumps nothing': () => ({ dump: () => chunksOf('') }),
  'dumps something else': () => ({ dump: () => chunksOf('-- a text') }),
  'ends its dump quietly when it is stopped': (snapshot, _producer, signal) => ({
    dump: () => (signal.aborted ? chunksOf('half') : snapshot.dump()),
  }),
  'can be closed only once': (snapshot) => {
    let closed = false;
    const close = async (): Promise<void> => {
      if (closed) throw new Error('closed already');
      closed = true;
      await snapshot.close();
    };
    return { close };
  },
  'does not know its server': ({ origin }) => ({ origin: { ...origin, serverVersion: '' } }),
};

/** The titles of the clauses that a producer breaks. */
async function broken(change: Change, check?: DumpProducer['check']): Promise<string[]> {
  const failed: string[] = [];
  const suite = dumpProducerContract(() => {
    const producer = new FakeDumpProducer();
    const snapshot = producer.snapshot.bind(producer);
    producer.snapshot = async (options) => {
      const view = await snapshot(options);
      return { ...view, ...change(view, producer, options!.signal!) };
    };
    if (check !== undefined) Object.assign(producer, { check });
    const addRow = (): Promise<void> =>
      Promise.resolve(
        void (producer.rows = producer.rows.map((table) => ({ ...table, rows: table.rows + 1 }))),
      );
    return Promise.resolve({ producer, addRow });
  });
  for (const clause of suite) await clause.check().catch(() => failed.push(clause.title));
  return failed;
}

describe('the producer suite', () => {
  it('is content with one that is not broken', async () => {
    expect(await broken(() => ({}))).toEqual([]);
  });

  it.each(Object.entries(BROKEN))('finds out one that %s', async (_title, change) => {
    expect(await broken(change)).not.toEqual([]);
  });

  it('finds out a check that accepts everything', async () => {
    expect(
      await broken(
        () => ({}),
        (dump) => new FakeDumpProducer().check(dump).catch(() => ({ rows: new Map() })),
      ),
    ).toEqual(['refuses a dump that was cut short, as ARTIFACT_UNREADABLE']);
  });

  it('finds out a check that refuses everything', async () => {
    expect(
      await broken(
        () => ({}),
        () => Promise.reject(new Error('no')),
      ),
    ).toContain('makes a dump that its own check accepts');
  });
});
