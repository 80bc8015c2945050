import { describe, expect, it } from 'vitest';
import { isBackupError } from '@geolens/backup-core';
import { clusters, freshDatabase } from '../support/clusters.ts';
import { everything, producerFor, within } from './support/producers.ts';

describe.each(clusters())('a damaged row of $title', (facts) => {
  it('ends the dump with the name of its table and a statement that finds it', async () => {
    const database = await freshDatabase(facts, { content: 'empty' });
    await database.query(`CREATE TABLE "The rasters" (id int, tile text); ALTER TABLE "The rasters" ALTER tile SET STORAGE EXTERNAL;
      INSERT INTO "The rasters" SELECT n, repeat('secret', 2000) FROM generate_series(1, 3) n`);
    const toast = await database.query(
      `SELECT reltoastrelid::regclass FROM pg_class WHERE oid = '"The rasters"'::regclass`,
    );
    const chunks = await database.query(
      `SELECT array_agg(ctid) FROM ${toast} WHERE chunk_id = (SELECT DISTINCT chunk_id FROM ${toast} ORDER BY 1 OFFSET 1 LIMIT 1)`,
    );
    await database.query(
      `CREATE EXTENSION pg_surgery; SELECT heap_force_kill('${toast}', '${chunks}'::tid[])`,
    );
    const error: unknown = await within(producerFor(database), everything).catch((thrown: unknown) => thrown);
    if (!isBackupError(error, 'DUMP_FAILED')) throw error;
    expect(error.message).toMatch(/table "The rasters" .*missing chunk number 0/);
    expect(error.message).not.toContain('secret');
    const [, statement] = /(DO \$.*\$;)$/s.exec(error.hint ?? '') ?? [];
    await database.query('CREATE TABLE found (place tid)');
    // As psql would show the notices.
    const noting = statement?.replace(
      `RAISE NOTICE '% %', place, SQLSTATE`,
      'INSERT INTO found VALUES (place)',
    );
    await database.query(noting ?? '');
    expect(await database.query('SELECT place FROM found')).toBe('(0,2)');
    await database.query(statement ?? '');
  });
});
