import { setTimeout as pause } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { newestCluster } from '../../support/clusters.ts';
import { Random } from '../../support/random.ts';
import { FINGERPRINT, GROW } from './support/ages.ts';
import { kept, related } from './support/databases.ts';
import { drop, newRestorer, type Restorer } from './support/restorer.ts';

const TIMES = 6;
const ENDS_WITHIN_MS = 10_000;

interface Ages {
  readonly old: string;
  readonly new: string;
  /** How long a restore takes. */
  readonly milliseconds: number;
}

/** A set, and a live database that has become another since. */
async function twoAges(restorer: Restorer): Promise<Ages> {
  const backedUp = await restorer.ask(FINGERPRINT);
  await restorer.goodRun();
  const began = performance.now();
  await restorer.goodRestore(['latest', '--drop-previous']);
  const milliseconds = performance.now() - began;
  expect(await restorer.ask(FINGERPRINT)).toBe(backedUp);
  return { new: backedUp, old: await makeOld(restorer), milliseconds };
}

async function makeOld(restorer: Restorer): Promise<string> {
  await restorer.ask(GROW);
  return restorer.ask(FINGERPRINT);
}

/** Back to two ages, should the swap have been done; and without what it kept. */
async function again(restorer: Restorer, { old }: Ages): Promise<void> {
  for (const name of await kept(restorer.database)) await drop(restorer.database.client, name);
  if ((await restorer.ask(FINGERPRINT)) !== old) expect(await makeOld(restorer)).toBe(old);
}

describe.each(newestCluster())('a restore on $title', (cluster) => {
  it(`asked to end at ${TIMES} random moments does so within ten seconds, and leaves nothing`, {
    timeout: 240_000,
  }, async () => {
    const restorer = await newRestorer(cluster, { content: 'small' });
    const { database } = restorer.database;
    const ages = await twoAges(restorer);
    const files = await restorer.volume.everything();
    const random = new Random(20261122);
    for (let time = 0; time < TIMES; time += 1) {
      const running = restorer.start(['restore', 'latest', '--no-staging']);
      await pause((0.2 + random.next()) * ages.milliseconds);
      const asked = performance.now();
      if (running.runs) running.signal('SIGTERM');
      const end = await running.end;
      expect(performance.now() - asked).toBeLessThan(ENDS_WITHIN_MS);
      const swapped = (await kept(restorer.database)).length > 0;
      expect(await restorer.ask(FINGERPRINT), end.stderr).toBe(swapped ? ages.new : ages.old);
      expect(
        (await related(restorer.database)).filter((name) => name.includes('_restoring_')),
        end.stderr,
      ).toEqual([]);
      expect(await restorer.volume.everything()).toEqual(files);
      expect(
        await restorer.ask(
          `SELECT count(*) FROM pg_stat_activity WHERE application_name = 'geolens-backup' AND datname LIKE '${database}%'`,
        ),
      ).toBe('0');
      await again(restorer, ages);
    }
  });
});
