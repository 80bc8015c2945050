import { describe, expect, it, onTestFinished } from 'vitest';
import type { ArtifactContent } from '@geolens/backup-core';
import { clusters, freshDatabase } from '../support/clusters.ts';
import { backupOf, restoring } from './support/restoring.ts';

const PAPERS = { tables: ['public.papers'], schemas: [] };

/** For each large object: its content, owner and privileges. */
const OBJECTS = `SELECT m.oid, pg_catalog.encode(pg_catalog.lo_get(m.oid), 'escape'), lomowner::regrole, lomacl
  FROM pg_largeobject_metadata m ORDER BY 1`;

/** Returns the source with a further line. */
function withText(source: ArtifactContent, line: string): ArtifactContent {
  const open = async function* (): AsyncGenerator<Uint8Array> {
    yield* source.open();
    yield Buffer.from(`${line}\n`);
  };
  return { ...source, open };
}

describe.each(clusters())('large objects that rows of a restored table of $title name', (facts) => {
  it('are restored where they are missing, in columns of every type for them', async () => {
    const database = await freshDatabase(facts, { content: 'empty' });
    const owner = `owner_${database.database}`;
    onTestFinished(async () => {
      await database.query(`DROP OWNED BY ${owner}; DROP ROLE ${owner}`);
    });
    await database.query(`CREATE ROLE ${owner}`);
    await database.query(`CREATE DOMAIN lo AS oid; CREATE TABLE papers (id int PRIMARY KEY, "The scan" oid, pages oid[], thumb lo);
      SELECT lo_from_bytea(n, ('content ' || n)::bytea) FROM generate_series(1001, 1005) n;
      INSERT INTO papers VALUES (1, 1001, '{1002,1003}', 1004), (2, 0, NULL, NULL), (3, 4711, '{}', NULL);
      ALTER LARGE OBJECT 1002 OWNER TO ${owner}; GRANT SELECT ON LARGE OBJECT 1002 TO pg_read_all_stats`);
    const before = await database.query(OBJECTS);
    const backup = await backupOf(database);
    await database.query(
      'SELECT lo_unlink(n) FROM unnest(ARRAY[1001, 1002, 1004]::oid[]) n; DELETE FROM papers',
    );
    const { notes, incomplete } = await restoring(database, (session) =>
      session.restoreTables(backup, PAPERS),
    );
    expect(notes).toContain('restored 3 large objects that rows of the tables name');
    expect(incomplete).toEqual([]);
    expect(await database.query(OBJECTS)).toBe(before);
  });

  it('keep their content where they are there, and others stay away', async () => {
    const database = await freshDatabase(facts, { content: 'empty' });
    await database.query(`CREATE TABLE papers (scan oid); INSERT INTO papers VALUES (2001);
      SELECT lo_from_bytea(2001, 'old'), lo_from_bytea(2002, 'not named')`);
    const backup = await backupOf(database);
    await database.query(`SELECT lo_put(2001, 0, 'new'), lo_unlink(2002)`);
    const { notes } = await restoring(database, (session) => session.restoreTables(backup, PAPERS));
    expect(notes.join()).not.toContain('large objects');
    expect(
      await database.query(`SELECT oid, encode(lo_get(oid), 'escape') FROM pg_largeobject_metadata`),
    ).toBe('2001|new');
  });

  it('are reported as missing where they cannot be restored', async () => {
    const database = await freshDatabase(facts, { content: 'empty' });
    await database.query(
      `CREATE TABLE papers (scan oid); INSERT INTO papers SELECT lo_from_bytea(3001, 'content')`,
    );
    const backup = await backupOf(database);
    await database.query('SELECT lo_unlink(3001)');
    const globals =
      backup.globals && withText(backup.globals, 'GRANT SELECT ON LARGE OBJECT 3001 TO nobody_here;');
    const { incomplete } = await restoring(database, (session) =>
      session.restoreTables({ ...backup, globals }, PAPERS),
    );
    expect(incomplete).toEqual([
      expect.stringMatching(
        /^large objects that rows of the tables name: giving them their owners .*nobody_here/,
      ),
    ]);
  });
});
