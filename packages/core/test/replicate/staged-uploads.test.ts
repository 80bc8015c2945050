import { beforeEach, describe, expect, it } from 'vitest';
import {
  BackupError,
  type ArtifactKey,
  type ArtifactSource,
  type RunOptions,
  type RunReport,
  type StagedUpload,
  type StoreOptions,
} from '../../src/index.ts';
import {
  FakeRestoreTester,
  FaultyStore,
  StagedUploadStore,
  type StoreCall,
} from '../../src/testing/index.ts';
import { NOTHING_OPEN, RunKit, SATURDAY, SUNDAY } from '../support/run-kit.ts';

const DUMP = 'daily/geolens_20260103_020000.dump' as ArtifactKey;
const AWAY = new BackupError('STORE_UNAVAILABLE', 's3 is away');

/** A run with a replica that takes artifacts ahead of their set. */
class SendingKit extends RunKit {
  readonly replica = new StagedUploadStore('s3');
  replicaCalls: readonly StoreCall[] = [];

  async sendingRun(
    fault: (call: StoreCall, index: number) => Error | undefined = () => undefined,
    options: Partial<RunOptions> = {},
  ): Promise<RunReport> {
    let index = 0;
    const faulty = new FaultyStore(this.replica, (call) => fault(call, index++));
    this.replicaCalls = faulty.calls;
    return this.run({ replicas: [faulty] }, options);
  }

  remote(): string[] {
    return [...this.replica.artifacts.keys()].sort();
  }

  callsOf(...operations: StoreCall['operation'][]): string[] {
    return this.replicaCalls
      .filter(({ operation }) => operations.includes(operation))
      .map(({ operation, key }) => `${operation} ${key!}`);
  }
}

let kit: SendingKit;
beforeEach(() => {
  kit = new SendingKit(SATURDAY);
});

/** A latch: opened from outside. */
function latch(): { readonly opened: Promise<void>; open(): void } {
  let open = (): void => undefined;
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open };
}

describe('a replica that takes artifacts ahead of their set', () => {
  it('gets each artifact once, and the manifest last', async () => {
    const report = await kit.sendingRun();
    expect(report).toMatchObject({
      outcome: 'succeeded',
      replication: [{ copied: [{ tier: 'daily' }], errors: [] }],
    });
    expect(kit.remote()).toEqual(kit.files());
    for (const [key, content] of kit.store.artifacts)
      expect(Buffer.from(kit.replica.artifacts.get(key)!).equals(Buffer.from(content)), key).toBe(true);
    expect(kit.callsOf('put', 'complete').map((call) => call.replace(/[_-]20260103.*/, ''))).toEqual([
      'complete daily/globals',
      'complete daily/staging',
      'complete daily/geolens',
      'put daily/manifest',
    ]);
  });

  it('has an artifact before the others are made', async () => {
    const archiveIsThere = latch();
    const stageUpload = kit.replica.stageUpload.bind(kit.replica);
    kit.replica.stageUpload = async (key, source, options) => {
      const staged = await stageUpload(key, source, options);
      if (key.includes('staging')) archiveIsThere.open();
      return staged;
    };
    changeDump(kit, async function* (dump) {
      await archiveIsThere.opened;
      yield* dump;
    });
    expect(await kit.sendingRun()).toMatchObject({ outcome: 'succeeded' });
  });

  it('tells of what is sent as a phase of its own, before the set is published', async () => {
    const { phases } = await kit.sendingRun();
    const names = phases.map(({ phase, artifact }) => [phase, artifact].join(' ').trim());
    expect(names.filter((name) => name.startsWith('staged-upload')).sort()).toEqual([
      'staged-upload dump',
      'staged-upload globals',
      'staged-upload staging',
    ]);
    expect(
      phases.find(({ phase, artifact }) => phase === 'staged-upload' && artifact === 'dump'),
    ).toMatchObject({ tier: 'daily', bytes: kit.store.artifacts.get(DUMP)!.length });
  });

  it('makes nobody wait: the set is published here while a slow line still sends', async () => {
    const published = latch();
    kit.replica.stageUpload = slowly(kit.replica, published.opened);
    const report = await kit.sendingRun(undefined, {
      observer: (event) => {
        if (event.event === 'phase.finished' && event.phase === 'publish') published.open();
      },
    });
    expect(report).toMatchObject({ outcome: 'succeeded', replication: [{ copied: [{}], errors: [] }] });
    expect(kit.callsOf('put')).toHaveLength(1);
  });

  it('is sent one artifact after the other', async () => {
    let [going, most] = [0, 0];
    const stageUpload = kit.replica.stageUpload.bind(kit.replica);
    kit.replica.stageUpload = async (key, source, options) => {
      most = Math.max(most, (going += 1));
      const staged = await stageUpload(key, source, options);
      await new Promise((resolve) => {
        setImmediate(resolve);
      });
      going -= 1;
      return staged;
    };
    await kit.sendingRun();
    expect(most).toBe(1);
  });

  it('gets the weekly set of a Sunday by copies of its own', async () => {
    const sunday = new SendingKit(SUNDAY);
    expect(await sunday.sendingRun()).toMatchObject({ outcome: 'succeeded' });
    expect(sunday.callsOf('stageUpload', 'put').filter((call) => call.includes('weekly'))).toEqual([]);
    expect(sunday.remote()).toEqual(sunday.files());
  });
});

describe('of a set that is not made', () => {
  const nothingThere = (): void => {
    expect(kit.remote()).toEqual([]);
    expect(kit.replica.openUploads).toBe(0);
    expect(kit.open).toEqual(NOTHING_OPEN);
  };

  it('nothing stays on the replica', async () => {
    const archiveIsSent = latch();
    const stageUpload = kit.replica.stageUpload.bind(kit.replica);
    kit.replica.stageUpload = async (...args) =>
      stageUpload(...args).finally(() => {
        archiveIsSent.open();
      });
    changeDump(kit, async function* (dump) {
      yield* dump;
      await archiveIsSent.opened;
      throw new BackupError('DUMP_FAILED', 'the server went away');
    });
    expect(await kit.sendingRun()).toMatchObject({ outcome: 'failed', errors: [{ code: 'DUMP_FAILED' }] });
    expect(kit.callsOf('stageUpload').length).toBeGreaterThan(0);
    nothingThere();
  });

  it('nothing stays when an artifact that was sent proves to be bad', async () => {
    kit.producer.check = () => Promise.reject(new BackupError('ARTIFACT_UNREADABLE', 'no dump'));
    expect(await kit.sendingRun()).toMatchObject({
      outcome: 'failed',
      errors: [{ code: 'ARTIFACT_UNREADABLE' }],
    });
    nothingThere();
  });

  it('nothing stays, and nobody waits, when it is stopped while something is sent', async () => {
    const stop = new AbortController();
    kit.replica.stageUpload = (_key, _source, options) => {
      stop.abort();
      return untilAborted(options);
    };
    expect(await kit.sendingRun(undefined, { signal: stop.signal })).toMatchObject({
      outcome: 'failed',
      errors: [{ code: 'ABORTED' }],
    });
    nothingThere();
  });

  it('what was sent of the first attempt is thrown away when the dump is begun once more', async () => {
    let taken = 0;
    changeDump(kit, async function* (dump) {
      yield* dump;
      taken += 1;
      if (taken === 1) throw new BackupError('TABLES_BUSY', 'a table is locked');
    });
    expect(await kit.sendingRun()).toMatchObject({ outcome: 'succeeded' });
    expect([taken, kit.replica.openUploads]).toEqual([2, 0]);
    for (const [key, content] of kit.store.artifacts)
      expect(Buffer.from(kit.replica.artifacts.get(key)!).equals(Buffer.from(content)), key).toBe(true);
  });

  it('a set whose restore test finds other rows is not on the replica', async () => {
    const restoreTest = new FakeRestoreTester();
    restoreTest.answer = { rows: [] };
    const report = await kit.run({ replicas: [kit.replica], restoreTest }, { verify: 'restore' });
    expect(report.outcome).toBe('failed');
    nothingThere();
  });
});

describe('what could not be staged', () => {
  it.each(['stageUpload', 'complete'] as const)(
    'is put when its time comes, when its %s failed',
    async (failing) => {
      const report = await kit.sendingRun(({ operation, key }) =>
        operation === failing && key === DUMP ? AWAY : undefined,
      );
      expect(report).toMatchObject({ outcome: 'succeeded', errors: [], replication: [{ copied: [{}] }] });
      expect(kit.callsOf('put')[0]).toBe(`put ${DUMP}`);
      expect([kit.remote(), kit.replica.openUploads]).toEqual([kit.files(), 0]);
    },
  );

  it('fails the replication alone, with the reason of the put', async () => {
    const report = await kit.sendingRun(({ operation, key }) =>
      key === DUMP && operation !== 'read' ? AWAY : undefined,
    );
    expect(report).toMatchObject({ outcome: 'with-errors', errors: [AWAY] });
    expect(report.errors).toHaveLength(1);
    expect(kit.replica.openUploads).toBe(0);
  });

  it('is not waited for when the replica turns out to be away', async () => {
    kit.replica.stageUpload = (_key, _source, options) => untilAborted(options);
    const report = await kit.sendingRun(({ operation }) => (operation === 'cleanUp' ? AWAY : undefined));
    expect(report).toMatchObject({ outcome: 'with-errors', errors: [AWAY] });
  });
});

it('a run that fails or is stopped at any call of the replica leaves nothing open there, and no set that is not whole', async () => {
  await kit.sendingRun();
  const calls = kit.replicaCalls.length;
  for (let at = 0; at < calls; at += 1) {
    for (const how of ['fails', 'stops'] as const) {
      const one = new SendingKit(SATURDAY);
      const stop = new AbortController();
      const fault = (_call: StoreCall, index: number): Error | undefined => {
        if (index !== at) return undefined;
        if (how === 'fails') return AWAY;
        stop.abort();
        return undefined;
      };
      const report = await one.sendingRun(fault, { signal: stop.signal });
      expect([one.replica.openUploads, one.open], `${how} at ${at}`).toEqual([0, NOTHING_OPEN]);
      const isThere = one.remote().some((key) => key.includes('manifest'));
      if (isThere) expect(one.remote(), `${how} at ${at}`).toEqual(one.files());
      if (report.outcome === 'succeeded') expect(isThere).toBe(true);
    }
  }
});

/** Has dumps made in another way. */
function changeDump(
  { producer }: RunKit,
  change: (dump: AsyncIterable<Uint8Array>) => AsyncGenerator<Uint8Array>,
): void {
  const snapshot = producer.snapshot.bind(producer);
  producer.snapshot = async (options) => {
    const view = await snapshot(options);
    return { ...view, dump: () => change(view.dump()) };
  };
}

type StageUpload = (
  key: ArtifactKey,
  source: ArtifactSource,
  options?: StoreOptions,
) => Promise<StagedUpload>;

function slowly(store: StagedUploadStore, until: Promise<void>): StageUpload {
  const stageUpload = store.stageUpload.bind(store);
  return async (key, source, options) => {
    await until;
    return stageUpload(key, source, options);
  };
}

function untilAborted({ signal }: StoreOptions = {}): Promise<never> {
  return new Promise((_, reject) => {
    const abort = (): void => {
      reject(new BackupError('ABORTED', 'stopped'));
    };
    if (signal!.aborted) abort();
    else signal!.addEventListener('abort', abort);
  });
}
