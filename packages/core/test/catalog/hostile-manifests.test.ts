import { describe, expect, it } from 'vitest';
import { artifactKey, formatTimestamp, parseManifest, readSets, readStores } from '../../src/index.ts';
import { formatManifest } from '../../src/internal.ts';
import { MemoryStore } from '../../src/testing/index.ts';
import { at, manifestOf } from '../support/manifests.ts';

const good = at('20260101_020000');
const hostile = at('20260102_020000');

function putSet(store: MemoryStore, timestamp = good, text = formatManifest(manifestOf(timestamp))): void {
  store.artifacts.set(artifactKey('daily', `geolens_${timestamp}.dump`), new Uint8Array(10));
  store.artifacts.set(artifactKey('daily', `staging-${timestamp}.tar.gz`), new Uint8Array(5));
  store.artifacts.set(artifactKey('daily', `manifest-${timestamp}.json`), Buffer.from(text));
}

/** The text of a manifest with one thing changed in its JSON. */
function changed(change: (manifest: Record<string, unknown>) => void): string {
  const manifest = JSON.parse(formatManifest(manifestOf(hostile))) as Record<string, unknown>;
  change(manifest);
  return JSON.stringify(manifest);
}

const withMore = (text: string): string => changed(() => undefined).replace(/\}$/, () => `,${text}}`);
const withBytes = (bytes: string): string =>
  changed(() => undefined).replace('"bytes":10', () => `"bytes":${bytes}`);

const HOSTILE: Readonly<Record<string, readonly [text: string | Uint8Array, problem: string]>> = {
  '64 MiB': [new Uint8Array(64 * 1024 * 1024).fill(32), '67108864 bytes'],
  'more content than a manifest has': [withMore(`"x":"${'x'.repeat(4_000_000)}"`), 'more than 3145728 bytes'],
  'millions of empty lists': [withMore(`"x":[${'[],'.repeat(800_000)}[]]`), 'more than 250000 values'],
  'deep nesting': [withMore(`"x":${'['.repeat(100_000)}${']'.repeat(100_000)}`), 'levels deep'],
  'deep nesting that does not end': ['{"a":'.repeat(100_000), 'levels deep'],
  'a million artifacts': [
    changed((manifest) => (manifest['artifacts'] = Array.from({ length: 1_000_000 }, () => 0))),
    'more than 250000 values',
  ],
  'the same artifact twice': [
    changed((manifest) => (manifest['artifacts'] as unknown[]).push((manifest['artifacts'] as unknown[])[0])),
    'different kinds',
  ],
  'thousands of fields': [
    withMore(Array.from({ length: 2000 }, (_, index) => `"f${index}":0`).join(',')),
    'more than 500 names',
  ],
  'a long name': [
    changed((manifest) => (manifest['database'] = 'x'.repeat(2000))),
    'at most 1024 characters',
  ],
  'a path for a name': [
    changed((manifest) => ((manifest['artifacts'] as { name: string }[])[0]!.name = '../../etc/passwd')),
    'the name of a dump',
  ],
  'NaN bytes': [withBytes('NaN'), 'not valid JSON'],
  'negative bytes': [withBytes('-1'), 'a whole number'],
  '1e308 bytes': [withBytes('1e308'), 'a whole number'],
  'negative rows': [changed(() => undefined).replace('"rows":3', '"rows":-3'), 'a whole number'],
  'invalid UTF-8': [
    Buffer.concat([Buffer.from(changed(() => undefined)), Buffer.from([0xff, 0xfe])]),
    'not valid UTF-8',
  ],
  'a field twice': [withMore('"database":"other"'), 'the field "database" twice'],
  'an escaped field': [withMore('"data\\u0062ase":"other"'), 'a field of the name'],
  __proto__: [withMore('"__proto__":{"state":"complete"}'), '__proto__'],
  nothing: ['', 'not valid JSON'],
  'a list': ['[]', 'not a JSON object'],
};

describe('a manifest that another party wrote', () => {
  it.each(Object.entries(HOSTILE))(
    'with %s makes one set that cannot be read',
    async (_, [text, problem]) => {
      const store = new MemoryStore();
      putSet(store);
      putSet(store, hostile);
      store.artifacts.set(artifactKey('daily', `manifest-${hostile}.json`), Buffer.from(text));
      const [shown, other, ...more] = await readSets(store);
      expect(shown).toMatchObject({ timestamp: hostile, state: 'partial', manifest: undefined, checks: {} });
      expect(shown?.problems.join()).toContain(problem);
      expect(other).toMatchObject({ timestamp: good, state: 'complete' });
      expect(more).toEqual([]);
      expect(({} as { state?: unknown }).state).toBeUndefined();
    },
  );

  it.each(Object.entries(HOSTILE))('with %s as a state file leaves its set as it is', async (_, [text]) => {
    const store = new MemoryStore();
    putSet(store);
    store.artifacts.set(artifactKey('daily', `state-${good}.json`), Buffer.from(text));
    const [shown] = await readSets(store);
    expect(shown).toMatchObject({ timestamp: good, state: 'complete' });
    expect(shown?.problems).toMatchObject([expect.stringContaining('its state file is ignored')]);
  });

  it('leaves smaller ones their share of the memory', async () => {
    const store = new MemoryStore();
    const noise = (seed: number): string[] =>
      Array.from({ length: 2900 }, (_, index) => `${seed} ${index} ${'x'.repeat(1000)}`);
    putSet(store);
    for (let day = 10; day < 21; day += 1)
      putSet(
        store,
        at(`202601${day}_020000`),
        formatManifest({ ...manifestOf(at(`202601${day}_020000`)), warnings: noise(day) }),
      );
    const sets = await readSets(store);
    const unread = sets.filter((set) => set.unread);
    expect(unread.length).toBeGreaterThan(0);
    expect(unread[0]?.problems[0]).toContain('its manifest is not read');
    expect(sets.at(-1)).toMatchObject({ timestamp: good, state: 'complete' });
  });

  it.each([
    ['50000 artifacts', (index: number) => `d${index}_${good}.dump`],
    ['12500 manifests', (index: number) => `manifest-${formatTimestamp(new Date(index * 60_000))}.json`],
  ])('%s are read of a store without end, and other stores are read', async (most, nameOf) => {
    const [local, bucket] = [new MemoryStore('local'), new MemoryStore('s3')];
    putSet(local);
    bucket.list = async function* () {
      for (let index = 0; ; index += 1)
        yield await Promise.resolve({ key: artifactKey('daily', nameOf(index)), bytes: 1 });
    };
    const answers = [];
    for await (const answer of readStores([local, bucket])) answers.push(answer);
    expect(answers[0]?.error).toBeUndefined();
    expect(answers[1]?.error?.message).toBe(`s3 has more than ${most}, the most that are read`);
  });
});

it('keeps the rows of many tables', () => {
  const rowCounts = Array.from({ length: 3000 }, (_, index) => ({
    schema: 'a',
    table: `t${index}`,
    rows: index,
  }));
  const manifest = manifestOf(good);
  const [dump, ...others] = manifest.artifacts;
  const many = { ...manifest, artifacts: [{ ...dump!, rowCounts }, ...others] };
  expect(parseManifest(formatManifest(many))).toEqual(many);
});
