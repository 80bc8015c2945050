import { setTimeout as pause } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { clusters } from '../../support/clusters.ts';
import { kept, related } from './support/databases.ts';
import { seeded } from './support/random.ts';
import { drop, newRestorer, type Restorer } from './support/restorer.ts';

const KILLS = 25;
const TERMS = 10;
const ENDS_WITHIN_MS = 10_000;
const LOCKED = 4;

const FINGERPRINT = `
  SELECT (SELECT md5(string_agg(s::text, ',' ORDER BY id)) FROM data.stations s), (SELECT md5(string_agg(md5, '' ORDER BY md5)) FROM (SELECT md5(l::text) FROM data.large l) m),
         (SELECT sum(at) FROM data.requests), (SELECT string_agg(relname, ' ' ORDER BY relname) FROM pg_class WHERE relnamespace = 'data'::regnamespace)`;

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

/** Every table differs from the backup, and there is one more. */
async function makeOld(restorer: Restorer): Promise<string> {
  await restorer.ask(`UPDATE data.stations SET name = 'Old ' || id; DELETE FROM data.large WHERE n % 2 = 0; UPDATE data.requests SET at = at + 1; CREATE TABLE data.newer (id integer)`);
  return restorer.ask(FINGERPRINT);
}

/** Back to two ages, should the swap have been done; and without what it kept. */
async function again(restorer: Restorer, { old }: Ages): Promise<void> {
  for (const name of await kept(restorer.database)) await drop(restorer.database.client, name);
  if ((await restorer.ask(FINGERPRINT)) !== old) expect(await makeOld(restorer)).toBe(old);
}

/** The server may take a moment to notice that the session which had its lock is gone. */
async function nextRestore(restorer: Restorer): Promise<void> {
  await expect.poll(async () => {
    const { code, stderr } = await restorer.restore(['latest', '--drop-previous']);
    return code === LOCKED ? 'locked' : `${code ?? '?'}${code === 0 ? '' : stderr}`;
  }, { timeout: 20_000, interval: 200 }).toBe('0');
}

describe.each(clusters())('a restore on $title', (cluster) => {
  it(`killed at ${KILLS} random moments leaves the old database or the new one under the name, and the next restore clears up`, { timeout: 240_000 }, async () => {
    const restorer = await newRestorer(cluster, { content: 'small' });
    const ages = await twoAges(restorer);
    const random = seeded();
    for (let time = 0; time < KILLS; time += 1) {
      const running = restorer.start(['restore', 'latest', '--no-staging']);
      await pause(random() * ages.milliseconds * 1.1);
      if (running.child.exitCode === null) running.kill('SIGKILL');
      await running.end;
      expect([ages.old, ages.new]).toContain(await restorer.ask(FINGERPRINT));
      await nextRestore(restorer);
      expect(await restorer.ask(FINGERPRINT)).toBe(ages.new);
      expect((await related(restorer.database)).filter((name) => name.includes('_restoring_'))).toEqual([]);
      await again(restorer, ages);
    }
  });

  it(`asked to end at ${TERMS} random moments does so within ten seconds, and leaves nothing`, { timeout: 240_000 }, async () => {
    const restorer = await newRestorer(cluster, { content: 'small' });
    const { database } = restorer.database;
    const ages = await twoAges(restorer);
    const files = await restorer.volume.everything();
    const random = seeded();
    for (let time = 0; time < TERMS; time += 1) {
      const running = restorer.start(['restore', 'latest', '--no-staging']);
      await pause((0.2 + random()) * ages.milliseconds);
      const asked = performance.now();
      if (running.child.exitCode === null) running.signal('SIGTERM');
      const end = await running.end;
      expect(performance.now() - asked).toBeLessThan(ENDS_WITHIN_MS);
      const swapped = (await kept(restorer.database)).length > 0;
      expect(await restorer.ask(FINGERPRINT), end.stderr).toBe(swapped ? ages.new : ages.old);
      expect((await related(restorer.database)).filter((name) => name.includes('_restoring_')), end.stderr).toEqual([]);
      expect(await restorer.volume.everything()).toEqual(files);
      expect(await restorer.ask(`SELECT count(*) FROM pg_stat_activity WHERE application_name = 'geolens-backup' AND datname LIKE '${database}%'`)).toBe('0');
      await again(restorer, ages);
    }
  });
});
