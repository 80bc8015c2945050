import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { parseManifest } from '../../src/index.ts';
import { DAY, NOTHING_OPEN, RunKit, SATURDAY, SUNDAY } from '../support/run-kit.ts';

const T = '20260103_020000';
const MANIFEST = `daily/manifest-${T}.json` as const;
const FILES = [`daily/geolens_${T}.dump`, `daily/globals-${T}.sql`, MANIFEST, `daily/staging-${T}.tar.gz`];

describe('a run in which all goes well', () => {
  it('leaves the four artifacts of one complete set and nothing else', async () => {
    const kit = new RunKit();
    const report = await kit.run();
    expect(report).toMatchObject({
      outcome: 'succeeded',
      database: 'geolens',
      timestamp: T,
      errors: [],
      warnings: [],
      removed: [],
      cleanedUp: [],
    });
    expect(kit.files()).toEqual(FILES);
    expect(await kit.overview()).toEqual([`daily ${T} complete`]);
    expect(kit.open).toEqual(NOTHING_OPEN);
  });

  it('publishes all at once, the manifest last', async () => {
    const kit = new RunKit();
    let order: readonly string[] = [];
    const publish = kit.store.publish.bind(kit.store);
    kit.store.publish = (drafts) => {
      expect(kit.files()).toEqual([]);
      order = drafts.map(({ key }) => key);
      return publish(drafts);
    };
    await kit.run();
    expect(order.at(-1)).toBe(MANIFEST);
    expect(order.at(-2)).toBe(FILES[0]);
    expect([...order].sort()).toEqual(FILES);
  });

  it('writes into the manifest what is there: lengths, digests, rows, checks and versions', async () => {
    const kit = new RunKit();
    kit.archiver.warning = 'a.tif: file changed as we read it';
    const report = await kit.run();
    const manifest = parseManifest(Buffer.from(kit.store.artifacts.get(MANIFEST)!).toString());
    expect(manifest).toEqual(report.manifest);
    expect(manifest).toMatchObject({
      database: 'geolens',
      toolVersion: '1.2.3',
      serverVersion: '17.2',
      tiers: ['daily'],
      warnings: [kit.archiver.warning],
    });
    expect(manifest.checks).toEqual({
      checksum: { outcome: 'passed', at: expect.any(String) as string },
      content: { outcome: 'passed', at: expect.any(String) as string },
    });
    expect(manifest.artifacts.map(({ kind }) => kind)).toEqual(['dump', 'globals', 'staging']);
    for (const { name, bytes, sha256 } of manifest.artifacts) {
      const content = kit.store.artifacts.get(`daily/${name}`)!;
      expect([content.length, createHash('sha256').update(content).digest('hex')]).toEqual([bytes, sha256]);
    }
    expect(manifest.artifacts[0]).toMatchObject({
      compression: 'none',
      tableCount: 1,
      rowCounts: kit.producer.rows,
    });
    expect(manifest.artifacts[2]).toMatchObject({ members: 5 });
    expect(report).toMatchObject({ outcome: 'succeeded', warnings: [kit.archiver.warning] });
  });

  it('notes in the manifest only the check that was made', async () => {
    const report = await new RunKit().run({}, { verify: 'checksum' });
    expect(Object.keys(report.manifest!.checks)).toEqual(['checksum']);
    expect(report.manifest!.artifacts.some(({ members }) => members !== undefined)).toBe(false);
  });

  it('tells of every phase, in its order', async () => {
    const kit = new RunKit(SUNDAY);
    const { phases } = await kit.run();
    const reported = kit.events
      .filter(({ event }) => event !== 'phase.started')
      .flatMap((event) => (event.event === 'phase.finished' ? [event.phase] : [event.event]));
    expect(reported.slice(0, 3)).toEqual(['clean-up', 'run.started', 'snapshot']);
    expect(reported.slice(-3)).toEqual(['publish', 'promote', 'retain']);
    expect(
      phases
        .filter(({ phase }) => phase === 'produce' || phase === 'verify')
        .map(({ phase, artifact }) => `${phase} ${artifact!}`)
        .sort(),
    ).toEqual(
      ['dump', 'globals', 'staging']
        .flatMap((artifact) => [`produce ${artifact}`, `verify ${artifact}`])
        .sort(),
    );
  });

  it('remembers its end and, as it succeeded, when', async () => {
    const kit = new RunKit();
    await kit.run();
    const moment = new Date(SATURDAY).toISOString();
    expect(kit.journal.state).toMatchObject({
      lastRun: { timestamp: T, outcome: 'succeeded', finishedAt: moment },
      lastSuccessAt: moment,
    });
  });

  it('gives the rows of the former set to compare with', async () => {
    const kit = new RunKit();
    await kit.runDaily(1);
    kit.producer.rows = [{ schema: 'catalog', table: 'datasets', rows: 7 }];
    expect(await kit.run()).toMatchObject({ previousRows: 3 });
  });

  it('keeps the newest three days of many, and two Sundays', async () => {
    const kit = new RunKit(SUNDAY);
    kit.store.artifacts.set('daily/notes.txt', new Uint8Array(1));
    await kit.runDaily(17);
    expect((await kit.overview()).map((line) => line.replace(/_.*/, ''))).toEqual([
      'daily 20260120',
      'daily 20260119',
      'daily 20260118',
      'weekly 20260118',
      'weekly 20260111',
    ]);
    expect(kit.files()).toContain('daily/notes.txt');
  });

  it('says what retention removed', async () => {
    const kit = new RunKit();
    await kit.runDaily(3);
    const { removed } = await kit.run();
    expect([...removed].sort()).toEqual(FILES);
    expect(removed[0]).toBe(MANIFEST);
  });

  it('neither counts nor prunes sets of another database', async () => {
    const kit = new RunKit();
    await kit.runDaily(3);
    const { producer } = new RunKit();
    const other = Object.assign(producer, { database: 'other' });
    for (let day = 0; day < 5; day += 1) {
      expect(await kit.run({ producer: other })).toMatchObject({
        outcome: 'succeeded',
        previousRows: day === 0 ? undefined : 3,
      });
      kit.clock.jumpTo(new Date(kit.clock.now().getTime() + DAY));
    }
    const databases = (await kit.sets())
      .filter(({ tier }) => tier === 'daily')
      .map(({ database }) => database);
    expect(databases).toEqual(['other', 'other', 'other', 'geolens', 'geolens', 'geolens']);
  });
});
