import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import {
  acceptSet,
  artifactKey,
  noLock,
  parseManifest,
  readSets,
  type ArtifactKey,
} from '../../src/index.ts';
import { formatManifest, manifestChecksumProblem } from '../../src/internal.ts';
import { replicate } from '../../src/replicate/replicate.ts';
import { Phases } from '../../src/progress/phases.ts';
import { ManualClock, MemoryStore } from '../../src/testing/index.ts';
import { at } from '../support/manifests.ts';
import { RunKit } from '../support/run-kit.ts';

/** Manifests that version 0.9.0 wrote, before there were state files. */
const FOLDER = new URL('../fixtures/older-manifests/', import.meta.url);
const TEXTS = new Map(
  readdirSync(FOLDER).map((name) => [name, readFileSync(new URL(name, FOLDER), 'utf8')] as const),
);

function olderStore(name = 'local'): MemoryStore {
  const store = new MemoryStore(name);
  for (const [file, text] of TEXTS) {
    store.artifacts.set(artifactKey('daily', file), Buffer.from(text));
    for (const artifact of parseManifest(text).artifacts)
      store.artifacts.set(artifactKey('daily', artifact.name), new Uint8Array(artifact.bytes));
  }
  return store;
}

const manifestsIn = ({ artifacts }: MemoryStore): Map<string, string> =>
  new Map(
    [...artifacts]
      .filter(([key]) => key.includes('/manifest-'))
      .map(([key, content]) => [key.slice('daily/'.length), Buffer.from(content).toString()]),
  );

describe('sets whose manifests an older version has written', () => {
  it('are shown as that version has shown them', async () => {
    const sets = await readSets(olderStore());
    expect(sets.map(({ timestamp, state }) => `${timestamp} ${state}`)).toEqual([
      '20260105_020000 bad',
      '20260104_020000 suspicious',
      '20260103_020000 complete',
      '20260102_020000 complete',
      '20260101_020000 complete',
    ]);
    expect(sets[0]!.problems).toEqual([
      'it failed the check "readable" at 2026-01-06T04:00:00.000Z: globals-20260105_020000.sql: its SHA-256 is another',
    ]);
    expect(sets[2]).toMatchObject({ acceptedAt: '2026-01-03T09:00:00.000Z', suspicion: undefined });
    expect(sets[3]!.checks.restoreTest).toEqual({ outcome: 'passed', at: '2026-01-04T04:00:00.000Z' });
  });

  it('can be accepted, and are replicated, without a manifest being written again', async () => {
    const [primary, replica] = [olderStore(), olderStore('s3')];
    await acceptSet(
      { stores: [primary], clock: new ManualClock('2026-01-07T00:00:00Z'), lock: noLock },
      { database: 'geolens', timestamp: at('20260104_020000') },
    );
    const report = await replicate({
      primary,
      replica,
      sets: await readSets(primary),
      database: 'geolens',
      phases: new Phases(new ManualClock('2026-01-07T00:00:00Z')),
    });
    expect(report).toMatchObject({ missing: 0, errors: [] });
    for (const store of [primary, replica]) {
      expect(manifestsIn(store)).toEqual(TEXTS);
      expect((await readSets(store))[1]).toMatchObject({ timestamp: '20260104_020000', state: 'complete' });
    }
  });

  it('are replicated where the older version has written more into one of two manifests', async () => {
    const [primary, replica] = [olderStore(), olderStore('s3')];
    const file = 'manifest-20260102_020000.json';
    const { restoreTest, ...checks } = parseManifest(TEXTS.get(file)!).checks;
    expect(restoreTest).toBeDefined();
    const fewer = formatManifest({ ...parseManifest(TEXTS.get(file)!), checks });
    for (const [store, other] of [
      [primary, replica],
      [replica, primary],
    ] as const) {
      store.artifacts.set(artifactKey('daily', file), Buffer.from(fewer));
      other.artifacts.set(artifactKey('daily', file), Buffer.from(TEXTS.get(file)!));
      const before = [manifestsIn(primary), manifestsIn(replica)];
      const report = await replicate({
        primary,
        replica,
        sets: await readSets(primary),
        database: 'geolens',
        phases: new Phases(new ManualClock('2026-01-07T00:00:00Z')),
      });
      expect(report).toMatchObject({ copied: [], missing: 0, errors: [] });
      expect([manifestsIn(primary), manifestsIn(replica)]).toEqual(before);
    }
  });
});

describe('a manifest as an older version reads it', () => {
  it('is written byte for byte as that version has written it', () => {
    const unamended = ['manifest-20260101_020000.json', 'manifest-20260104_020000.json'];
    for (const text of unamended.map((name) => TEXTS.get(name)!))
      expect(formatManifest(parseManifest(text))).toBe(text);
  });

  it('has the fields of that version, and its checksum', async () => {
    const kit = new RunKit();
    await kit.run();
    const key = kit.files().find((name) => name.includes('/manifest-')) as ArtifactKey;
    const text = Buffer.from(kit.store.artifacts.get(key)!).toString();
    const known = Object.keys(JSON.parse(TEXTS.get('manifest-20260101_020000.json')!) as object);
    const manifest = JSON.parse(text) as Record<string, unknown>;
    expect(Object.keys(manifest)).toEqual(known);
    expect(manifest).toMatchObject({ schemaVersion: 1, sealedWith: 'sha256' });
    const made = { ok: true, at: '2026-01-03T02:00:00.000Z' };
    expect(manifest['checks']).toStrictEqual({ checksum: made, readable: made });
    const unsealed = text.replace(/"seal": "[0-9a-f]{64}"/, '"seal": ""');
    expect(manifest['seal']).toBe(createHash('sha256').update(unsealed).digest('hex'));
    expect(manifestChecksumProblem(text)).toBeUndefined();
  });
});
