import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { clusters } from '../support/clusters.ts';
import { startCluster, type Cluster } from '../support/postgres-cluster.ts';
import { restoreByHand } from './support/by-hand.ts';
import { OBJECTS, OWNERS, SUPERUSER_OBJECTS } from './support/owners.ts';
import { everything, producerFor, within } from './support/producers.ts';
import { RIGHTS } from '../support/rights.ts';

const OWNER = `"It's the owner, 100%"`;

describe.each(clusters())(
  'the restore by hand that the documentation describes, of a database of several superusers, on $title',
  ({ binDir, user }) => {
    let [source, target]: Cluster[] = [];

    beforeAll(async () => {
      [source, target] = await Promise.all([startCluster({ binDir }), startCluster({ binDir })]);
      await source.psql(
        'postgres',
        `CREATE ROLE ${OWNER} LOGIN SUPERUSER; CREATE ROLE another SUPERUSER; GRANT another TO ${OWNER}; CREATE DATABASE geolens OWNER ${OWNER} ENCODING 'UTF8' LOCALE 'C.UTF-8' TEMPLATE template0`,
      );
      await source.psql(
        'geolens',
        `CREATE EXTENSION postgis; COMMENT ON EXTENSION postgis IS 'maps'; CREATE FOREIGN DATA WRAPPER wrapper; GRANT USAGE ON FOREIGN DATA WRAPPER wrapper TO ${OWNER};
      SET ROLE ${OWNER}; ${OBJECTS} CREATE TABLE app.places (at geometry); GRANT SELECT ON app.items TO another; GRANT CREATE ON SCHEMA app TO another;
      SET ROLE another; CREATE TABLE app.of_another AS SELECT 1 AS x; RESET ROLE; ${SUPERUSER_OBJECTS(OWNER)}`,
      );
      const taken = await within(
        producerFor({ host: source.host, port: source.port, user, binDir, database: 'geolens' }),
        everything,
      );
      await restoreByHand(target.client, { binDir }, taken);
    });
    afterAll(async () => {
      await Promise.all([source?.stop(), target?.stop()]);
    });

    it.each([
      ['owners', OWNERS],
      ['rights', RIGHTS],
    ])('brings all %s back', async (_, query) => {
      // An old server does not pass the owner of a range on to its multirange, and a new one refuses to be
      // told.
      const linesOf = (text: string): readonly string[] =>
        text.split('\n').filter((line) => !line.includes('span_multirange'));
      const [wanted, found] = [
        linesOf(await source!.psql('geolens', query)),
        linesOf(await target!.psql('geolens_restored', query)),
      ];
      const without = (lines: readonly string[], others: readonly string[]): readonly string[] =>
        lines.filter((line) => !others.includes(line));
      expect({ lost: without(wanted, found), more: without(found, wanted) }).toEqual({ lost: [], more: [] });
      for (const role of ['It', 'another', user]) expect(wanted.join('\n')).toContain(role);
    });

    it('lets the owner work with what is his: read, write, change, and make new things', async () => {
      await target!.psql(
        'geolens_restored',
        `SET SESSION AUTHORIZATION ${OWNER}; INSERT INTO app.items (mood, size) VALUES ('bad', 1); ALTER TABLE app.items ADD note text;
      REFRESH MATERIALIZED VIEW app.kept; SELECT nextval('app.free'); CREATE SCHEMA new; CREATE TABLE app.new (at geometry); DROP TABLE app.parts; SELECT lo_unlink(4711);`,
      );
      expect(await target!.psql('geolens_restored', 'SELECT count(*) FROM app.kept')).toBe('2');
    });

    it('ends before it begins where an owner is no superuser', async () => {
      await source!.psql('postgres', 'ALTER ROLE another NOSUPERUSER');
      const taken = await within(
        producerFor({ host: source!.host, port: source!.port, user, binDir, database: 'geolens' }),
        everything,
      );
      await expect(restoreByHand(target!.client, { binDir }, taken)).rejects.toThrow(
        /^owners that are no superusers: ALTER ROLE another WITH NOSUPERUSER /,
      );
    });

    it('gives a database of the same encoding and locale', async () => {
      const query = (name: string): string =>
        `SELECT pg_encoding_to_char(encoding), datcollate, datctype FROM pg_database WHERE datname = '${name}'`;
      expect(await target!.psql('postgres', query('geolens_restored'))).toBe(
        await source!.psql('postgres', query('geolens')),
      );
    });
  },
);
