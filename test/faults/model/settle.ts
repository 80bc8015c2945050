import { readSets, splitKey, TIERS } from '@geolens/backup-core';
import { nameOfKey } from '@geolens/backup-core/internal';
import { copiesIn, idOf, stateOf, textOf, type Copy, type StoreName } from './copies.ts';
import { exactly, type Demands } from './demands.ts';
import { filesInBucket, filesOnVolume } from './files.ts';
import type { Installation } from './installation.ts';
import type { Model } from './model.ts';
import { understand } from './understand.ts';

/** Compares what there is with what has to be, after a command; then what there is becomes what is known. */
export async function settle(model: Model, real: Installation, demands: Demands = new Map()): Promise<void> {
  const wrong: string[] = [];
  const [volume, bucket, left] = await Promise.all([
    filesOnVolume(real),
    filesInBucket(real),
    real.orphans(),
  ]);
  const [here, there] = [understand(volume, 'local', model), understand(bucket, 's3', model)];
  const replaced = await replacedIn(real);
  model.replaced = replaced;
  const found = new Map(
    [...here.copies, ...there.copies].map(([id, copy]) => [id, asKnown(copy, replaced.has(id))]),
  );
  wrong.push(...here.strange, ...there.strange, ...left);
  for (const id of new Set([...model.copies.keys(), ...demands.keys(), ...found.keys()])) {
    const demand = demands.get(id) ?? exactly(model.copies.get(id));
    const after = found.get(id);
    if (!demand.holds(after))
      wrong.push(
        `${id} was ${textOf(model.copies.get(id))}, is ${textOf(after)}, and has to be ${demand.says}`,
      );
  }
  model.copies = found;
  wrong.push(...(await misshown(model, real)));
  if (wrong.length > 0) throw new Error(`at ${real.clock.now().toISOString()}:\n  ${wrong.join('\n  ')}`);
}

/** What is known of a copy: an object of the bucket that has another ETag than was recorded makes it bad. */
function asKnown(copy: Copy, isReplaced: boolean): Copy {
  return isReplaced && stateOf(copy) !== 'partial' ? { ...copy, bad: true } : copy;
}

/** Returns the copies in the bucket with an object that has another ETag than was recorded. */
async function replacedIn({ s3 }: Installation): Promise<ReadonlySet<string>> {
  const records = await s3.records.read();
  const replaced = new Set<string>();
  for (const tier of TIERS)
    for await (const { key, tag } of s3.list(tier)) {
      const record = records.get(key);
      const { timestamp = '' } = nameOfKey(key) ?? {};
      if (record !== undefined && record.tag !== tag)
        replaced.add(idOf({ store: 's3', tier: splitKey(key).tier, timestamp }));
    }
  return replaced;
}

/** What the software shows otherwise than it is. */
async function misshown(model: Model, { local, s3, database }: Installation): Promise<readonly string[]> {
  const stores: readonly [StoreName, typeof local | typeof s3][] = [
    ['local', local],
    ['s3', s3],
  ];
  const wrong = await Promise.all(
    stores.map(async ([name, store]) => {
      const shown = new Map(
        (await readSets(store))
          .filter((set) => (set.database ?? database) === database)
          .map(({ tier, timestamp, state }) => [idOf({ store: name, tier, timestamp }), state] as const),
      );
      const expected = new Map(
        ['daily', 'weekly'].flatMap((tier) =>
          copiesIn(model.copies, name, tier as 'daily').map(
            ({ timestamp, copy }) =>
              [idOf({ store: name, tier: tier as 'daily', timestamp }), stateOf(copy)] as const,
          ),
        ),
      );
      const ids = [...new Set([...shown.keys(), ...expected.keys()])].filter(
        (id) => shown.get(id) !== expected.get(id),
      );
      return ids.map(
        (id) => `${id} is ${expected.get(id) ?? 'not there'}, and shown as ${shown.get(id) ?? 'not there'}`,
      );
    }),
  );
  return wrong.flat();
}
