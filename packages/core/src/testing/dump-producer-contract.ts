import assert from 'node:assert/strict';
import { isBackupError } from '../base/errors.ts';
import type { DumpProducer, DumpSnapshot } from '../ports/dump-producer.ts';
import type { ContractCase } from './contract-case.ts';
import { readAll, sourceOf } from './sources.ts';

/** A producer under test, with the means to change its database concurrently. */
export interface DumpProducerSubject {
  readonly producer: DumpProducer;
  /** Adds at least one row, in a separate transaction. */
  readonly addRow: () => Promise<void>;
}

/**
 * Returns the contract of DumpProducer. The database of the subject has at least one table with rows.
 * @param subject returns a producer whose database no other process writes to; called once for each case
 */
export function dumpProducerContract(subject: () => Promise<DumpProducerSubject>): readonly ContractCase[] {
  const signal = (): AbortSignal => new AbortController().signal;
  const within = async <T>(
    producer: DumpProducer,
    work: (snapshot: DumpSnapshot) => Promise<T>,
  ): Promise<T> => {
    const snapshot = await producer.snapshot({ signal: signal() });
    try {
      return await work(snapshot);
    } finally {
      await snapshot.close();
    }
  };
  const total = async (producer: DumpProducer, snapshot: DumpSnapshot): Promise<number> => {
    const { rows } = await producer.check(sourceOf(await readAll(snapshot.dump())), { signal: signal() });
    return snapshot.rowCounts(rows).tables.reduce((sum, table) => sum + table.rows, 0);
  };

  return [
    {
      title: 'makes a dump that its own check accepts',
      async check() {
        const { producer } = await subject();
        const dump = await within(producer, (snapshot) => readAll(snapshot.dump()));
        assert.ok(dump.length > 0);
        await producer.check(sourceOf(dump), { signal: signal() });
      },
    },
    {
      title: 'refuses a dump that was cut short, as ARTIFACT_UNREADABLE',
      async check() {
        const { producer } = await subject();
        const dump = await within(producer, (snapshot) => readAll(snapshot.dump()));
        for (const share of [0, 0.1, 0.5, 0.9]) {
          const cut = sourceOf(dump.subarray(0, Math.floor(dump.length * share)));
          await assert.rejects(producer.check(cut, { signal: signal() }), (error) =>
            isBackupError(error, 'ARTIFACT_UNREADABLE'),
          );
        }
      },
    },
    {
      title: 'finds the rows in the dump as they were when the snapshot was taken',
      async check() {
        const { producer, addRow } = await subject();
        const before = await within(producer, (snapshot) => total(producer, snapshot));
        const during = await within(producer, async (snapshot) => {
          await addRow();
          return total(producer, snapshot);
        });
        assert.equal(during, before);
        assert.ok((await within(producer, (snapshot) => total(producer, snapshot))) > before);
      },
    },
    {
      title: 'gives dump and globals side by side',
      async check() {
        const { producer } = await subject();
        await within(producer, async (snapshot) => {
          const globals = snapshot.globals();
          const [dump] = await Promise.all([
            readAll(snapshot.dump()),
            globals === undefined ? undefined : readAll(globals),
          ]);
          assert.ok(dump.length > 0);
        });
      },
    },
    {
      title: 'names the tables of its dump, also after it was closed',
      async check() {
        const { producer } = await subject();
        const snapshot = await producer.snapshot({ signal: signal() });
        const dump = await readAll(snapshot.dump()).finally(() => snapshot.close());
        const { rows } = await producer.check(sourceOf(dump), { signal: signal() });
        const { tables, ofExtensions } = snapshot.rowCounts(rows);
        assert.ok(tables.length > 0);
        assert.ok(tables.length + ofExtensions.length <= rows.size);
      },
    },
    {
      title: 'says which server, which client, which compression, and whose database it is',
      async check() {
        const { producer } = await subject();
        await within(producer, ({ origin }) => {
          assert.match(origin.serverVersion, /\d/);
          assert.match(origin.clientVersion, /\d/);
          assert.notEqual(origin.compression, '');
          assert.notEqual(origin.databaseProperties?.owner, '');
          assert.notEqual(origin.databaseProperties?.encoding, '');
          assert.ok((origin.databaseBytes ?? 0) > 0);
          return Promise.resolve();
        });
      },
    },
    {
      title: 'fails the dump, and does not just end it, when it is stopped',
      async check() {
        const { producer } = await subject();
        const stop = new AbortController();
        const snapshot = await producer.snapshot({ signal: stop.signal });
        try {
          stop.abort();
          await assert.rejects(readAll(snapshot.dump()));
        } finally {
          await snapshot.close();
        }
      },
    },
    {
      title: 'can be closed twice',
      async check() {
        const { producer } = await subject();
        const snapshot = await producer.snapshot({ signal: signal() });
        await snapshot.close();
        await snapshot.close();
      },
    },
  ];
}
