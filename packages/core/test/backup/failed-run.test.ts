import { beforeEach, describe, expect, it } from 'vitest';
import { BackupError, type RunReport } from '../../src/index.ts';
import { chunksOf } from '../../src/testing/index.ts';
import { NOTHING_OPEN, RunKit } from '../support/run-kit.ts';

const failure = new BackupError('DUMP_FAILED', 'pg_dump: error: relation vanished');

/** What can go wrong before a set is published. */
const FAULTS: Record<string, (kit: RunKit) => Promise<RunReport>> = {
  'the dump fails half-way': (kit) => {
    kit.producer.failure = failure;
    return kit.run();
  },
  'the server is away': (kit) => {
    kit.producer.snapshot = () => Promise.reject(failure);
    return kit.run();
  },
  'the globals fail': (kit) => {
    const snapshot = kit.producer.snapshot.bind(kit.producer);
    kit.producer.snapshot = async (options) => ({
      ...(await snapshot(options)),
      globals: () => chunksOf('-- ', { failure }),
    });
    return kit.run();
  },
  'the dump does not read through': (kit) => {
    kit.producer.check = () => Promise.reject(failure);
    return kit.run();
  },
  'the archive cannot be begun': (kit) => {
    kit.archiver.archive = () => Promise.reject(failure);
    return kit.run();
  },
  'the archive fails half-way': (kit) => {
    kit.archiver.archive = () =>
      Promise.resolve({ content: chunksOf('files', { failure }), warnings: () => [] });
    return kit.run();
  },
  'the dump is found damaged': (kit) => {
    kit.producer.check = () => Promise.reject(failure);
    return kit.run();
  },
  'the archive is found damaged': (kit) => {
    kit.archiver.check = () => Promise.reject(failure);
    return kit.run();
  },
  'the volume is full': (kit) =>
    kit.run({
      fault: ({ operation, key }) =>
        operation === 'write' && key?.includes('staging') === true ? failure : undefined,
    }),
  'the set cannot be published': (kit) =>
    kit.run({ fault: ({ operation }) => (operation === 'commit' ? failure : undefined) }),
  'the store cannot be listed': (kit) =>
    kit.run({ fault: ({ operation }) => (operation === 'list' ? failure : undefined) }),
};

describe('a run that fails before its set is published', () => {
  let kit: RunKit;
  let before: string[];

  beforeEach(async () => {
    kit = new RunKit();
    await kit.runDaily(3);
    kit.keep = { daily: 1, weekly: 1 };
    before = kit.files();
  });

  it.each(Object.entries(FAULTS))(
    'because %s leaves no file, prunes nothing and keeps the cause',
    async (_title, attempt) => {
      const report = await attempt(kit);
      expect(report).toMatchObject({
        outcome: 'failed',
        manifest: undefined,
        removed: [],
        errors: [failure],
      });
      expect(report.errors[0]).toBe(failure);
      expect(kit.files()).toEqual(before);
      expect(kit.open).toEqual(NOTHING_OPEN);
      expect(kit.journal.state).toMatchObject({
        lastRun: { outcome: 'failed', error: failure.message },
        lastSuccessAt: '2026-01-05T02:00:00.000Z',
      });
    },
  );

  it.each(['dump', 'globals', 'staging', 'manifest'])(
    'because the disk gives back other bytes of the %s than were written',
    async (kind) => {
      const pattern = kind === 'dump' ? '.dump' : `${kind}-`;
      const draft = kit.store.draft.bind(kit.store);
      kit.store.draft = async (key, content, options) => {
        const made = await draft(key, content, options);
        if (key.includes(pattern)) made.open = () => chunksOf(Buffer.alloc(made.bytes, 'x'));
        return made;
      };
      const report = await kit.run({}, { verify: 'checksum' });
      expect(report).toMatchObject({ outcome: 'failed', errors: [{ code: 'ARTIFACT_UNREADABLE' }] });
      expect(report.errors[0]!.message).toContain(pattern);
      expect(kit.files()).toEqual(before);
      expect(kit.open).toEqual(NOTHING_OPEN);
    },
  );

  it('wraps a foreign error and keeps it as the cause', async () => {
    const foreign = new Error('EIO');
    const { errors } = await kit.run({
      fault: ({ operation }) => (operation === 'commit' ? foreign : undefined),
    });
    expect(errors).toMatchObject([{ code: 'UNEXPECTED', cause: foreign }]);
  });

  it('tells the cause even where the drafts cannot be thrown away', async () => {
    const draft = kit.store.draft.bind(kit.store);
    kit.store.draft = async (key, content, options) =>
      Object.assign(await draft(key, content, options), {
        discard: () => Promise.reject(new Error('cannot unlink')),
      });
    expect(
      (await kit.run({ fault: ({ operation }) => (operation === 'commit' ? failure : undefined) })).errors,
    ).toEqual([failure]);
    kit.archiver.check = () => Promise.reject(failure);
    expect((await kit.run()).errors).toEqual([failure]);
  });

  it('does not wait for a dump that would take hours when something else failed', async () => {
    const snapshot = kit.producer.snapshot.bind(kit.producer);
    kit.archiver.archive = () => Promise.reject(failure);
    kit.producer.snapshot = async (options) => {
      const view = await snapshot(options);
      let end: (error: Error) => void = () => undefined;
      const dumping = new Promise<never>((_resolve, reject) => (end = reject));
      const close = async (): Promise<void> => {
        end(new Error('connection terminated'));
        await view.close();
      };
      return {
        ...view,
        dump: async function* () {
          yield await dumping;
        },
        close,
      };
    };
    expect(await kit.run()).toMatchObject({ outcome: 'failed', errors: [failure] });
    expect(kit.open).toEqual(NOTHING_OPEN);
  });

  it('is followed by one that succeeds as if nothing had been', async () => {
    await FAULTS['the dump fails half-way']!(kit);
    kit.producer.failure = undefined;
    expect(await kit.run()).toMatchObject({ outcome: 'succeeded' });
  });
});
