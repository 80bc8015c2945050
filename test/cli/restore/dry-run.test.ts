import { describe, expect, it } from 'vitest';
import { newestCluster } from '../../support/clusters.ts';
import { blockSnapshot, waitsForLock } from '../support/sessions.ts';
import { related } from './support/databases.ts';
import { newRestorer } from './support/restorer.ts';
import { difference, NONE, stateOf } from './support/state.ts';

describe.each(newestCluster())('`restore --dry-run` on $title', (cluster) => {
  it.each([[[]], [['--in-place']], [['--table', 'data.stations']], [['--into', 'nowhere_yet']]])(
    'with %j looks at everything and changes nothing',
    async (args) => {
      const restorer = await newRestorer(cluster, { content: 'small' });
      const { client, database } = restorer.database;
      const role = `gone_${database}`;
      await restorer.ask(`CREATE ROLE ${role}; GRANT SELECT ON data.large TO ${role}`);
      const timestamp = await restorer.goodRun();
      await restorer.ask(`DROP OWNED BY ${role}; DROP ROLE ${role}`);
      const [state, files] = [await stateOf(client, database), await restorer.volume.everything()];
      expect(await restorer.goodRestore(['latest', '--dry-run', ...args])).toMatchObject({
        outcome: 'checked',
        source: { timestamp },
      });
      expect(await related(restorer.database)).toEqual([database]);
      expect(await restorer.ask(`SELECT count(*) FROM pg_database WHERE datname LIKE 'nowhere\\_yet%'`)).toBe(
        '0',
      );
      expect(await restorer.ask(`SELECT count(*) FROM pg_roles WHERE rolname = '${role}'`)).toBe('0');
      expect(difference(state, await stateOf(client, database))).toEqual(NONE);
      expect(await restorer.volume.everything()).toEqual(files);
    },
  );

  it('needs no lock: it goes while a run has it, and a restore does not', async () => {
    const restorer = await newRestorer(cluster);
    await restorer.goodRun();
    const blocked = await blockSnapshot(restorer.database);
    const run = restorer.start(['run']);
    await waitsForLock(restorer.database, 'catalog');
    expect(await restorer.goodRestore(['latest', '--dry-run'])).toMatchObject({ outcome: 'checked' });
    const refused = await restorer.restore(['latest']);
    expect(refused.code, refused.stderr).toBe(4);
    await blocked.end();
    expect((await run.end).code).toBe(0);
  });
});
