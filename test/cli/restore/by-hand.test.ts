import { copyFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { formatTimestamp } from '@geolens/backup-core';
import { RIGHTS, ROLES } from '../../support/rights.ts';
import { newestCluster } from '../../support/clusters.ts';
import { startCluster } from '../../support/postgres-cluster.ts';
import { onAWeekday } from '../../support/operator.ts';
import { newRestorer } from './support/restorer.ts';
import { differentLines, NONE } from './support/state.ts';

/** A name as GeoLens's own container gives it, older than every set of today. */
const LEGACY = '20200102_030405';

describe.each(newestCluster())('a dump that was made by hand, on $title,', (cluster) => {
  it('is restored under any name, and the rights are those of the live database', async () => {
    const restorer = await newRestorer(cluster);
    const { client, database } = restorer.database;
    const file = join(restorer.volume.backups, 'x.dump');
    await client.run('pg_dump', ['-Fc', '--no-owner', '--no-acl', '-f', file, database]);
    await restorer.ask('GRANT SELECT ON catalog.jobs TO geolens_reader; DELETE FROM catalog.notes');
    const rights = await restorer.ask(RIGHTS);
    const { restored } = await restorer.goodRestore([file]);
    expect(differentLines(rights, await restorer.ask(RIGHTS))).toEqual(NONE);
    expect(await restorer.ask('SELECT count(*) FROM catalog.notes')).toBe('60');
    expect(restored!.notes.join('\n')).toContain(
      'the backup carries no grants: owners and grants are those of the live database',
    );
  });

  it('of GeoLens’s own container is the latest where it is the newest, and not where a set is newer', async () => {
    const restorer = await newRestorer(cluster, { content: 'small' });
    const timestamp = await restorer.goodRun(onAWeekday());
    await restorer.ask('DELETE FROM ONLY data.stations');
    await restorer.goodRun(onAWeekday());
    const newer = formatTimestamp(new Date(Date.now() + 30 * 60_000));
    await copyFile(restorer.dumpOf(timestamp), restorer.dumpOf(LEGACY));
    await restorer.goodRestore(['latest']);
    expect(await restorer.ask('SELECT count(*) FROM ONLY data.stations')).toBe('0');
    await copyFile(restorer.dumpOf(timestamp), restorer.dumpOf(newer));
    await restorer.goodRestore(['latest']);
    expect(await restorer.ask('SELECT count(*) FROM ONLY data.stations')).toBe('50');
  });

  it('of a database on another server brings the roles that its policies name; a set brings all of its roles', async () => {
    const restorer = await newRestorer(cluster);
    const [rights, roles] = [await restorer.ask(RIGHTS), await restorer.ask(ROLES)];
    const timestamp = await restorer.goodRun();
    const elsewhere = await startCluster({ binDir: cluster.binDir });
    onTestFinished(() => elsewhere.stop());
    const { database } = restorer.database;
    const env = { DATABASE_URL: elsewhere.url(database) };
    const file = join(restorer.volume.backups, 'alone.dump');
    await copyFile(restorer.dumpOf(timestamp), file);
    const { warnings } = await restorer.goodRestore([file], { env });
    expect(warnings.join('\n')).toContain('roles that are missing are made: geolens_reader');
    await restorer.goodRestore(['latest'], { env });
    expect(differentLines(rights, await elsewhere.psql(database, RIGHTS))).toEqual(NONE);
    const ofReadonly = (text: string): readonly string[] =>
      text.split('\n').filter((line) => line.startsWith('geolens_readonly '));
    expect(ofReadonly(await elsewhere.psql(database, ROLES))).toEqual(ofReadonly(roles));
  });
});
