import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseGlobals } from '../../packages/adapter-postgres/src/restore/globals/globals.ts';
import { clusters } from '../support/clusters.ts';
import { startCluster, type Cluster } from '../support/postgres-cluster.ts';
import { everything, producerFor, within, type Taken } from './support/producers.ts';
import { restoreInto } from './support/by-hand.ts';
import { PROPERTIES, RIGHTS, ROLES } from '../support/rights.ts';

const FIXTURE = fileURLToPath(new URL('../fixtures/geolens.sql', import.meta.url));
const DATABASE = `Geo"Lens' 100% $geolens$`;

/** Names and texts that would end a quote, a statement or a line where those are made carelessly. */
const AWKWARD = `
  CREATE ROLE "Ro""le; DROP TABLE x; --";
  CREATE ROLE "line
CREATE ROLE feed;" LOGIN PASSWORD 'topsecret';
  CREATE ROLE "$geolens$ 100% %1$I $globals$" VALID UNTIL '2030-01-01Z' CONNECTION LIMIT 3;
  COMMENT ON ROLE geolens_reader IS 'it''s
CREATE ROLE evil;
\\connect postgres';
  GRANT geolens_reader TO "Ro""le; DROP TABLE x; --" WITH ADMIN OPTION;
  ALTER ROLE "Ro""le; DROP TABLE x; --" SET search_path = 'a b', data, '"';
  ALTER ROLE "Ro""le; DROP TABLE x; --" IN DATABASE "Geo""Lens' 100% $geolens$" SET geolens.note = 'x''; $geolens$ 100%s %1$I
\\connect postgres';
  ALTER DATABASE "Geo""Lens' 100% $geolens$" SET search_path = "$user", catalog, "with ""quote""";
  ALTER DATABASE "Geo""Lens' 100% $geolens$" SET DateStyle = 'SQL, DMY';
  ALTER DATABASE "Geo""Lens' 100% $geolens$" SET default_transaction_read_only = off;
  ALTER DATABASE "Geo""Lens' 100% $geolens$" SET temp_tablespaces = '';
  ALTER ROLE "$geolens$ 100% %1$I $globals$" IN DATABASE "Geo""Lens' 100% $geolens$" SET role = 'Ro"le; DROP TABLE x; --';
  ALTER ROLE "$geolens$ 100% %1$I $globals$" IN DATABASE "Geo""Lens' 100% $geolens$" SET session_authorization = '$geolens$ 100% %1$I $globals$';
  GRANT CREATE ON DATABASE "Geo""Lens' 100% $geolens$" TO "$geolens$ 100% %1$I $globals$" WITH GRANT OPTION;
  COMMENT ON DATABASE "Geo""Lens' 100% $geolens$" IS E'100%s \\\\ ''quoted'' $geolens$\\n\\\\connect postgres';
  GRANT SELECT ON data."It's a ""Table"" with $pace; -- and more" TO "Ro""le; DROP TABLE x; --", "line
CREATE ROLE feed;";
  CREATE FUNCTION data."f$geolens$; %s"() RETURNS text LANGUAGE sql AS 'SELECT ''$geolens$; \\connect postgres''';
  REVOKE ALL ON FUNCTION data."f$geolens$; %s"() FROM PUBLIC; GRANT EXECUTE ON FUNCTION data."f$geolens$; %s"() TO "$geolens$ 100% %1$I $globals$";
  SET ROLE geolens_reader; GRANT SELECT (id), UPDATE (preferences) ON catalog.users TO geolens_readonly; RESET ROLE;`;

describe.each(clusters())('the globals of $title', ({ binDir, user }) => {
  let [source, target]: Cluster[] = [];
  let taken: Taken;
  const place = (): Parameters<typeof producerFor>[0] => ({
    host: source!.host,
    port: source!.port,
    user,
    binDir,
    database: DATABASE,
  });

  beforeAll(async () => {
    [source, target] = await Promise.all([startCluster({ binDir }), startCluster({ binDir })]);
    await source.createDatabase(DATABASE);
    await source.psql(DATABASE, { file: FIXTURE });
    await source.psql(DATABASE, AWKWARD);
    await target.createDatabase('another name');
    taken = await within(producerFor(place()), everything);
    await target.psql('another name', taken.globals.split('-- Section: database')[0]!); // policies in the dump name roles
    await restoreInto(target.client, 'another name', taken.dump);
    await target.psql('another name', taken.globals);
  });
  afterAll(() => Promise.all([source?.stop(), target?.stop()]));

  const onBoth = async (query: string): Promise<readonly string[]> =>
    Promise.all([source!.psql(DATABASE, query), target!.psql('another name', query)]);

  it('bring all rights back, in a database of another name on another server', async () => {
    const [before, after] = await onBoth(RIGHTS);
    const [wanted, found] = [before!.split('\n'), after!.split('\n')];
    const without = (lines: readonly string[], others: readonly string[]): readonly string[] =>
      lines.filter((line) => !others.includes(line));
    expect({ lost: without(wanted, found), more: without(found, wanted) }).toEqual({ lost: [], more: [] });
    expect(before).toContain('column users.id: geolens_reader gave geolens_readonly SELECT');
    for (const kind of [
      'relation',
      'column',
      'function',
      'type',
      'schema',
      'large object',
      'database',
      'default',
    ])
      expect(before).toMatch(new RegExp(`^${kind}.* gave (?!geolens )`, 'm'));
  });

  it('consist of statements that a restore knows, and nothing else; so do those of pg_dumpall', async () => {
    const { refused, isOurs, roles, database } = parseGlobals(taken.globals);
    expect({ refused, isOurs }).toEqual({ refused: [], isOurs: true });
    expect(roles).toContain('line\nCREATE ROLE feed;');
    expect(database.map(({ role }) => role)).toContain('Ro"le; DROP TABLE x; --');
    const ofPgDumpall = await source!.client.run('pg_dumpall', ['--globals-only']);
    const ofServer = parseGlobals(ofPgDumpall);
    expect({ refused: ofServer.refused, isOfPgDumpall: ofServer.isOfPgDumpall }).toEqual({
      refused: [],
      isOfPgDumpall: true,
    });
    expect(ofServer.roles).toEqual(roles);
  });

  it('bring the settings and the comment of the database back', async () => {
    const [before, after] = await onBoth(PROPERTIES);
    expect(after).toBe(before);
    expect(before).toContain('here everybody DateStyle=SQL, DMY');
    expect(before).toContain('role=Ro"le; DROP TABLE x; --');
  });

  it('bring the roles back, with their memberships, settings and comments', async () => {
    const [before, after] = await onBoth(ROLES);
    expect(after).toBe(before);
  });

  it('change nothing when they are run a second time', async () => {
    const all = `${RIGHTS}; ${PROPERTIES}; ${ROLES}`;
    const before = await target!.psql('another name', all);
    await target!.psql('another name', taken.globals);
    expect(await target!.psql('another name', all)).toBe(before);
  });

  it('hold neither passwords nor a change of the database', async () => {
    expect(taken.globals).not.toMatch(/SCRAM-SHA-256|topsecret|PASSWORD/);
    const connects = taken.globals.split('\n').filter((line) => line.startsWith('\\connect'));
    expect(connects.filter((line) => !line.startsWith("\\connect postgres'"))).toEqual([]); // those of the texts above, within quotes
    expect(
      await target!.psql('another name', 'SELECT count(*) FROM pg_authid WHERE rolpassword IS NOT NULL'),
    ).toBe('0');
  });

  it('hold the hashes of passwords when they are asked for, and these work', async () => {
    const { globals } = await within(producerFor(place(), { rolePasswords: true }), everything);
    expect(globals).toContain("PASSWORD 'SCRAM-SHA-256$");
    await target!.psql('another name', globals);
    const hashes = 'SELECT rolname, rolpassword FROM pg_authid WHERE rolpassword IS NOT NULL ORDER BY 1';
    const [before, after] = await onBoth(hashes);
    expect(after).toBe(before);
  });

  it('are text in UTF-8 whatever the encoding of the database', async () => {
    await source!.psql('postgres', `CREATE DATABASE latin ENCODING LATIN1 LOCALE 'C' TEMPLATE template0`);
    await source!.psql(
      'latin',
      `SET client_encoding = 'UTF8'; COMMENT ON DATABASE latin IS 'Größe'; CREATE TABLE "Städte" (x int); GRANT SELECT ON "Städte" TO geolens_reader`,
    );
    const { globals } = await within(producerFor({ ...place(), database: 'latin' }), everything);
    expect(globals).toContain('GRANT SELECT ON TABLE public."Städte" TO geolens_reader');
    expect(globals.includes('Größe')).toBe(true);
    expect(globals).not.toContain('�');
    expect(globals.match(/client_encoding = '\w+'/g)).toEqual([
      "client_encoding = 'UTF8'",
      "client_encoding = 'UTF8'",
    ]);
  });
});
