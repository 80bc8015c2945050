import { describe, expect, it } from 'vitest';
import { BackupError, type SnapshotOptions } from '../../src/index.ts';
import { chunksOf } from '../../src/testing/index.ts';
import { NOTHING_OPEN, RunKit } from '../support/run-kit.ts';

describe('the snapshot of a run', () => {
  it('ends before the archive does, which begins after it was taken', async () => {
    const kit = new RunKit();
    const open: number[] = [];
    let ended: () => void = () => undefined;
    const snapshotEnded = new Promise<void>((resolve) => (ended = resolve));
    const snapshot = kit.producer.snapshot.bind(kit.producer);
    kit.producer.snapshot = async (options) => {
      const view = await snapshot(options);
      return { ...view, close: () => view.close().then(ended) };
    };
    kit.archiver.archive = () => {
      open.push(kit.producer.openSnapshots);
      const content = async function* (): AsyncGenerator<Uint8Array> {
        yield Buffer.from('begin');
        await snapshotEnded;
        open.push(kit.producer.openSnapshots);
      };
      return Promise.resolve({ content: content(), warnings: () => [] });
    };
    kit.archiver.check = () => Promise.resolve({ members: 1 });
    expect(await kit.run()).toMatchObject({ outcome: 'succeeded' });
    expect(open).toEqual([1, 0]);
    expect(kit.open).toEqual(NOTHING_OPEN);
  });

  it('gives the globals when its dump has ended', async () => {
    const kit = new RunKit();
    const order: string[] = [];
    const snapshot = kit.producer.snapshot.bind(kit.producer);
    kit.producer.snapshot = async (options) => {
      const view = await snapshot(options);
      return {
        ...view,
        dump: async function* () {
          yield* view.dump();
          order.push('dump');
        },
        globals: () => {
          order.push('globals');
          return view.globals();
        },
      };
    };
    await kit.run();
    expect(order).toEqual(['dump', 'globals']);
  });

  it('warns in the report and in the manifest, and the set is complete', async () => {
    const kit = new RunKit();
    kit.producer.warnings = ['the rows of one table are not in the dump'];
    const report = await kit.run();
    expect(report).toMatchObject({ outcome: 'succeeded', warnings: kit.producer.warnings });
    expect(report.manifest!.warnings).toEqual(kit.producer.warnings);
  });

  it('is tolerant at the second try only', async () => {
    const kit = new RunKit();
    const asked: (boolean | undefined)[] = [];
    const snapshot = kit.producer.snapshot.bind(kit.producer);
    kit.producer.snapshot = async (options: SnapshotOptions) => {
      asked.push(options.tolerant);
      const view = await snapshot(options);
      const failure = new BackupError('TABLES_BUSY', 'another session rewrote a table');
      return options.tolerant === true ? view : { ...view, dump: () => chunksOf('FAKE', { failure }) };
    };
    expect(await kit.run()).toMatchObject({
      outcome: 'succeeded',
      warnings: ['the dump was begun once more: another session rewrote a table'],
    });
    expect(asked).toEqual([false, true]);
  });
});
