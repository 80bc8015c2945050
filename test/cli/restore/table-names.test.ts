import { describe, expect, it } from 'vitest';
import { RIGHTS } from '../../support/rights.ts';
import { newestCluster } from '../../support/clusters.ts';
import { newRestorer } from './support/restorer.ts';
import { difference, differentLines, NONE, stateOf } from './support/state.ts';

const ODD = 'data."It\'s a ""Table"" with $pace; -- and more"';

/** Tables of one restore each: how one may write their names, and how SQL has them. */
const RESTORES: readonly Readonly<Record<string, string>>[] = [
  {
    'data.parcels.2024': 'data."parcels.2024"',
    'data."catalog.datasets"': 'data."catalog.datasets"',
    [ODD]: ODD,
    'data.select': 'data."select"',
    'data.Städte & Gemeinden': 'data."Städte & Gemeinden"',
  },
  {
    '"catalog"."datasets"': 'catalog.datasets',
    'data."parcels.2024"': 'data."parcels.2024"',
    'data.It\'s a "Table" with $pace; -- and more': ODD,
    'data."select"': 'data."select"',
  },
  { 'catalog.datasets': 'catalog.datasets' },
  { 'catalog.notes': 'catalog.notes', 'catalog.users': 'catalog.users' },
  { 'data.stations': 'data.stations' },
  { 'data.stations_abroad': 'data.stations_abroad' },
  { 'catalog.requests': 'catalog.requests' },
  { 'catalog.requests_2026': 'catalog.requests_2026' },
  { 'catalog.requests_2026_a': 'catalog.requests_2026_a' },
];

describe.each(newestCluster())('`restore --table` on $title', (cluster) => {
  it('finds tables by their names, as people or as SQL write them, heirs and partitions too, and brings back their rows and nothing else', async () => {
    const restorer = await newRestorer(cluster);
    const { client, database } = restorer.database;
    await restorer.goodRun();
    await restorer.goodRestore(['latest', '--drop-previous']); // to where the texts of definitions stay the same
    const [before, rights] = [await stateOf(client, database), await restorer.ask(RIGHTS)];
    for (const tables of RESTORES) {
      await restorer.ask(
        `SET session_replication_role = replica; ${Object.values(tables)
          .map((table) => `DELETE FROM ${table}`)
          .join('; ')}`,
      );
      await restorer.goodRestore(['latest', ...Object.keys(tables).flatMap((name) => ['--table', name])]);
      const what = Object.keys(tables).join();
      expect(difference(before, await stateOf(client, database)), what).toEqual(NONE);
      expect(differentLines(rights, await restorer.ask(RIGHTS)), what).toEqual(NONE);
    }
  });
});
