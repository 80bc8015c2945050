import { readdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { RestoreInput } from '@geolens/backup-core';
import { at, manifestOf } from '../../packages/core/test/support/manifests.ts';
import { freshFolder } from '../../packages/system/test/support/folders.ts';
import { anyCluster, clusters, freshDatabase, type TestDatabase } from '../support/clusters.ts';
import { installExtension } from './support/own-extension.ts';
import { restoreTestIn, restoreTestParent, restored } from './support/restore-tests.ts';
import { backupOf, restoring } from './support/restoring.ts';

/** As in a database with a topology of one layer: `layer` refers to `topology`, both are of the extension. */
const TOPOLOGY = `
  CREATE EXTENSION postgis; CREATE EXTENSION postgis_topology;
  SELECT topology.createtopology('city', 25832, 0.001);
  CREATE TABLE public.blocks (id serial PRIMARY KEY);
  SELECT topology.addtopogeometrycolumn('city', 'public', 'blocks', 'topo', 'POLYGON');
  INSERT INTO public.blocks (topo) SELECT topology.totopogeom(st_setsrid(st_makeenvelope(i * 10, 0, i * 10 + 10, 10), 25832), 'city', 1)
    FROM generate_series(0, 4) i;`;

/** Restores aside, swaps, and asks the restored database. */
async function restoredAnswer(
  database: TestDatabase,
  backup: RestoreInput,
  sql: string,
): Promise<{ readonly answer: string; readonly notes: readonly string[] }> {
  return restoring(database, async (session) => {
    const aside = await session.restoreAside(backup);
    const { previous } = await aside.swap();
    await session.finishSwap(previous, { drop: true });
    return { answer: await database.query(sql), notes: aside.notes };
  });
}

describe.each(clusters())('on $title, a restore', (facts) => {
  it('loads rows of extension tables first, for their foreign keys are there already', async () => {
    const database = await freshDatabase(facts, { content: 'empty' });
    await database.query(TOPOLOGY);
    const backup = await backupOf(database);
    for (let round = 0; round < 4; round += 1) {
      const { answer, notes } = await restoredAnswer(
        database,
        backup,
        'SELECT (SELECT count(*) FROM topology.layer), (SELECT count(*) FROM blocks WHERE st_area(topo) = 100)',
      );
      expect(answer).toBe('1|5');
      expect(notes.join()).not.toContain('one session');
    }
  });

  it('makes a schema that belongs to the script of an extension with the extension', async () => {
    const database = await freshDatabase(facts, { content: 'empty' });
    await installExtension(database, {
      name: 'geolens_queue',
      control: `schema = 'pg_catalog'\nrelocatable = false`,
      scripts: { '1.0': 'CREATE SCHEMA queue_of_ours; CREATE TABLE queue_of_ours.theirs (id int);' },
    });
    await database.query(
      `CREATE EXTENSION geolens_queue; CREATE TABLE queue_of_ours.mine (id int); INSERT INTO queue_of_ours.mine VALUES (7);
       CREATE FUNCTION queue_of_ours.nvl(int) RETURNS int LANGUAGE sql AS 'SELECT 1'; CREATE TABLE t (id int)`,
    );
    const backup = await backupOf(database);
    const { answer } = await restoredAnswer(database, backup, 'SELECT id FROM queue_of_ours.mine');
    expect(answer).toBe('7');
    expect((await restored(restoreTestIn(await restoreTestParent(), facts), backup)).outcome).toBe('passed');
    await restoring(database, async (session) => {
      const { rows } = await session.restoreTables(backup, { tables: ['public.t'], schemas: [] });
      expect(rows).toEqual([{ schema: 'public', table: 't', rows: 0 }]);
    });
  });

  it('makes an extension in the schema and at the version of the dump', async () => {
    const database = await freshDatabase(facts, { content: 'empty' });
    const script = (version: string): string =>
      `CREATE FUNCTION @extschema@.geolens_version() RETURNS text LANGUAGE sql AS $$SELECT '${version}'$$;`;
    await installExtension(database, {
      name: 'geolens_versions',
      scripts: { '2.0': script('2.0'), '1.0': script('1.0') },
    });
    await database.query(
      `CREATE SCHEMA "my schema"; CREATE EXTENSION geolens_versions SCHEMA "my schema" VERSION '1.0'`,
    );
    const backup = await backupOf(database);
    const asked = 'SELECT "my schema".geolens_version()';
    const withVersion = (version: string): RestoreInput => ({
      ...backup,
      manifest: manifestOf(at('20261130_000000'), 'geo', {
        extensions: [{ name: 'geolens_versions', version }],
      }),
    });
    expect((await restoredAnswer(database, withVersion('1.0'), asked)).answer).toBe('1.0');
    const { answer, notes } = await restoredAnswer(database, withVersion('0.9'), asked);
    expect(answer).toBe('2.0');
    expect(notes).toContain(
      'extension geolens_versions is made with version 2.0: the server does not have 0.9 any more',
    );
  });

  it('makes nothing before the dump that the dump makes itself', async () => {
    const database = await freshDatabase(facts, { content: 'empty' });
    await database.query(
      'CREATE SCHEMA gis; CREATE EXTENSION pg_trgm SCHEMA gis; CREATE TABLE gis.t (id int)',
    );
    const backup = await backupOf(database);
    const restoreTest = restoreTestIn(await restoreTestParent(), facts, {
      prerequisites: { extensions: ['pg_trgm', 'unaccent'], schemas: ['gis'] },
    });
    expect((await restored(restoreTest, backup)).outcome).toBe('passed');
  });
});

/** Returns a folder of the programs with a pg_restore that fails unless it restores with one session. */
async function failingWithSeveralSessions(binDir: string): Promise<string> {
  const folder = await freshFolder();
  for (const name of await readdir(binDir))
    if (name !== 'pg_restore') await symlink(join(binDir, name), join(folder, name));
  const failure = 'pg_restore: error: COPY failed for table "t": ERROR:  deadlock detected';
  const script = `#!/bin/sh
case " $* " in
  *" --jobs=1 "*) ;;
  *" --jobs="*) echo '${failure}' >&2; exit 1 ;;
esac
exec ${join(binDir, 'pg_restore')} "$@"
`;
  await writeFile(join(folder, 'pg_restore'), script, { mode: 0o755 });
  return folder;
}

describe('a restore by several sessions', () => {
  it('is tried again with one before there is a verdict', async () => {
    const database = await freshDatabase(anyCluster(), { content: 'empty' });
    await database.query('CREATE TABLE t (id int); INSERT INTO t VALUES (1)');
    const backup = await backupOf(database);
    const binDir = await failingWithSeveralSessions(database.binDir);
    const { answer, notes } = await restoredAnswer({ ...database, binDir }, backup, 'SELECT count(*) FROM t');
    expect(answer).toBe('1');
    expect(notes.join()).toMatch(
      /restored with one session, for 2 sessions at once failed: .*deadlock detected/,
    );
  });

  it('fails with the error of the dump where one session fails too', async () => {
    const database = await freshDatabase(anyCluster(), { content: 'empty' });
    await database.query(`
      CREATE TABLE t (id int); INSERT INTO t VALUES (1);
      CREATE FUNCTION is_good(int) RETURNS boolean LANGUAGE sql AS 'SELECT true'; ALTER TABLE t ADD CHECK (is_good(id));
      CREATE OR REPLACE FUNCTION is_good(int) RETURNS boolean LANGUAGE sql AS 'SELECT false'`);
    const backup = await backupOf(database);
    await restoring(database, async (session) => {
      await expect(session.restoreAside(backup)).rejects.toThrow(/violates check constraint/);
    });
    expect(
      await database.query(`SELECT count(*) FROM pg_database WHERE datname LIKE '${database.database}\\_%'`),
    ).toBe('0');
  });
});
