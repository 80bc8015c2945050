import { beforeEach, describe, expect, it } from 'vitest';
import {
  artifactKey,
  parseManifest,
  readSets,
  type ArtifactKey,
  type BackupSet,
  type RunReport,
} from '../../src/index.ts';
import { formatManifest, MemoryRecords } from '../../src/internal.ts';
import { MemoryStore } from '../../src/testing/index.ts';
import { RunKit, SATURDAY, SUNDAY } from '../support/run-kit.ts';

/** A run kit with a bucket that others can write to. */
class BucketKit extends RunKit {
  readonly records = new MemoryRecords();
  readonly bucket = new MemoryStore('s3', this.records);

  async replicatedRun(): Promise<RunReport> {
    const report = await this.run({ replicas: [this.bucket] });
    this.clock.jumpTo(new Date(this.clock.now().getTime() + 86_400_000));
    return report;
  }

  key(start: string, store = this.bucket): ArtifactKey {
    const found = [...store.artifacts.keys()].filter((key) => key.startsWith(start)).sort()[0];
    if (found === undefined) throw new Error(`there is no ${start}`);
    return found;
  }

  /** Puts noise of the same length under a key, past the store. */
  spoil(key: ArtifactKey): void {
    this.bucket.artifacts.set(key, new Uint8Array(this.bucket.artifacts.get(key)?.length ?? 0).fill(7));
  }

  isAsHere(key: ArtifactKey): boolean {
    return Buffer.from(this.bucket.artifacts.get(key)!).equals(Buffer.from(this.store.artifacts.get(key)!));
  }

  async oldest(): Promise<BackupSet> {
    return (await readSets(this.bucket)).at(-1)!;
  }
}

let kit: BucketKit;
beforeEach(async () => {
  kit = new BucketKit(SATURDAY);
  await kit.replicatedRun();
});

describe('a copy that was replaced by other bytes of the same length', () => {
  it.each(['daily/geolens_', 'daily/globals-', 'daily/staging-', 'daily/manifest-'])(
    'is bad, reported by the next run and sent again: %s',
    async (start) => {
      const key = kit.key(start);
      kit.spoil(key);
      expect((await kit.oldest()).state).toBe(start === 'daily/manifest-' ? 'partial' : 'bad');
      const report = await kit.replicatedRun();
      expect(report.outcome).toBe('with-errors');
      expect(report.errors).toMatchObject([
        { code: 'ARTIFACT_MISMATCH', details: { reason: 'replica-changed' } },
      ]);
      expect(report.errors[0]?.message).toContain(key);
      expect(kit.isAsHere(key)).toBe(true);
      expect((await kit.oldest()).state).toBe('complete');
      expect((await kit.replicatedRun()).outcome).toBe('succeeded');
    },
  );

  it('is no source of a weekly copy', async () => {
    const sunday = new BucketKit(SUNDAY);
    await sunday.replicatedRun();
    for (const tier of ['daily', 'weekly']) sunday.spoil(sunday.key(`${tier}/geolens_`));
    await sunday.replicatedRun();
    for (const tier of ['daily', 'weekly'])
      expect(sunday.isAsHere(sunday.key(`${tier}/geolens_`))).toBe(true);
  });

  it('is reported while it is there, if the volume has no such set any more', async () => {
    const key = kit.key('daily/geolens_');
    for (const own of [...kit.store.artifacts.keys()]) kit.store.artifacts.delete(own);
    kit.spoil(key);
    expect((await kit.replicatedRun()).errors[0]?.message).toContain('the volume has it no more');
    kit.bucket.artifacts.delete(key);
    expect((await kit.replicatedRun()).outcome).toBe('succeeded');
  });

  it('is not sent from a damaged original', async () => {
    const key = kit.key('daily/geolens_');
    kit.spoil(key);
    kit.store.artifacts.set(key, new Uint8Array(kit.store.artifacts.get(key)!.length));
    const before = kit.bucket.artifacts.get(key);
    const report = await kit.replicatedRun();
    expect(report.errors[0]).toMatchObject({ code: 'ARTIFACT_MISMATCH' });
    expect(kit.bucket.artifacts.get(key)).toBe(before);
  });
});

describe('checks of a copy', () => {
  it('are those that were made there: what was sent has been compared, and no more', async () => {
    const [here] = await readSets(kit.store);
    expect(here?.checks.content?.outcome).toBe('passed');
    expect((await kit.oldest()).checks).toEqual({
      checksum: { outcome: 'passed', at: expect.any(String) as string },
    });
  });

  it('are none where nothing is known of it', async () => {
    await kit.records.update(new Map([...(await kit.records.read()).keys()].map((key) => [key, undefined])));
    expect(await kit.oldest()).toMatchObject({ state: 'complete', checks: {} });
  });

  it('are none that its manifest or state file names, of another installation', async () => {
    const set = await kit.oldest();
    const passed = { outcome: 'passed', at: '2026-01-09T00:00:00.000Z' } as const;
    const key = kit.key('daily/manifest-');
    const manifest = parseManifest(Buffer.from(kit.bucket.artifacts.get(key)!).toString());
    const forged = { ...manifest, checks: { checksum: passed, content: passed, restoreTest: passed } };
    kit.bucket.artifacts.set(key, Buffer.from(formatManifest(forged)));
    const state = { schemaVersion: 1, timestamp: set.timestamp, checks: { restoreTest: passed } };
    kit.bucket.artifacts.set(
      artifactKey('daily', `state-${set.timestamp}.json`),
      Buffer.from(JSON.stringify(state)),
    );
    const shown = await kit.oldest();
    expect(shown.checks.restoreTest).toBeUndefined();
    expect(shown.checks.content).toBeUndefined();
    expect(shown.state).toBe('bad');
  });
});
