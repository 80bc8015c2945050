import { describe, expect, it } from 'vitest';
import { findInstallations } from '../../packages/adapter-postgres/src/connection/postgres-programs.ts';
import { disableEventTriggers } from '../../packages/adapter-postgres/src/restore/event-triggers.ts';
import { Server } from '../../packages/adapter-postgres/src/restore/server.ts';
import { clusters, freshDatabase } from '../support/clusters.ts';
import { env, never, type Place } from './support/producers.ts';
import { backupOf, restoring } from './support/restoring.ts';

const ONE = { tables: ['public.t'], schemas: [] };

/** Event triggers of every kind and state, one of which fails and one of which does harm. */
const TRIGGERS = `
  CREATE TABLE t (id int PRIMARY KEY); INSERT INTO t SELECT generate_series(1, 3);
  CREATE TABLE registry (name text); INSERT INTO registry VALUES ('t');
  CREATE TABLE ddl_log (tag text);
  CREATE FUNCTION log_ddl() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO ddl_log VALUES (tg_tag); END $$;
  CREATE FUNCTION forget() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN DELETE FROM public.registry; END $$;
  CREATE EVENT TRIGGER log_end ON ddl_command_end EXECUTE FUNCTION log_ddl();
  CREATE EVENT TRIGGER "The log" ON ddl_command_start EXECUTE FUNCTION log_ddl();
  CREATE EVENT TRIGGER forget ON sql_drop EXECUTE FUNCTION forget();
  CREATE EVENT TRIGGER rewrite ON table_rewrite EXECUTE FUNCTION log_ddl();
  COMMENT ON EVENT TRIGGER forget IS 'it''s "ours"';
  ALTER EVENT TRIGGER forget ENABLE ALWAYS; ALTER EVENT TRIGGER "The log" ENABLE REPLICA; ALTER EVENT TRIGGER rewrite DISABLE;
  DELETE FROM ddl_log; DELETE FROM registry; INSERT INTO registry VALUES ('t')`;

const STATE = `SELECT evtname, evtenabled, obj_description(oid, 'pg_event_trigger') FROM pg_event_trigger ORDER BY 1`;
const EFFECTS = 'SELECT (SELECT count(*) FROM ddl_log), (SELECT count(*) FROM registry)';

/** Disables them as a restore in place does that is killed then. */
async function disabledBy({ host, port, user, database, binDir }: Place): Promise<void> {
  const installations = await findInstallations({ binDir, env });
  const options = { connection: { host, port, user, database }, env, installations, signal: never };
  const server = await Server.open(database, options);
  await disableEventTriggers(server, database);
  await server.close();
}

describe.each(clusters())('event triggers of a live database of $title', (facts) => {
  it('do not fire when a table is restored, and are as before', async () => {
    const database = await freshDatabase(facts, { content: 'empty' });
    await database.query(TRIGGERS);
    const state = await database.query(STATE);
    const backup = await backupOf(database);
    await database.query('DELETE FROM t');
    await restoring(database, (session) => session.restoreTables(backup, ONE));
    expect(await database.query('SELECT count(*) FROM t')).toBe('3');
    expect(await database.query(EFFECTS)).toBe('0|1');
    expect(await database.query(STATE)).toBe(state);
  });

  it('do not fire in a restore in place, and are those of the set and newer ones afterwards', async () => {
    const database = await freshDatabase(facts, { content: 'empty' });
    await database.query(TRIGGERS);
    const state = await database.query(STATE);
    const backup = await backupOf(database);
    await database.query(`ALTER EVENT TRIGGER forget DISABLE; COMMENT ON EVENT TRIGGER forget IS NULL;
      CREATE FUNCTION newer() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'no'; END $$`);
    await database.query(
      `CREATE EVENT TRIGGER zz_newer ON ddl_command_end EXECUTE FUNCTION newer(); COMMENT ON EVENT TRIGGER zz_newer IS 'new'`,
    );
    await restoring(database, (session) => session.restoreInPlace(backup));
    expect(await database.query(EFFECTS)).toBe('0|1');
    expect(await database.query(STATE)).toBe(`${state}\nzz_newer|O|new`);
  });

  it('are enabled again after a restore in place that fails', async () => {
    const database = await freshDatabase(facts, { content: 'empty' });
    await database.query(TRIGGERS);
    const backup = await backupOf(database);
    await database.query('CREATE VIEW newer AS SELECT id FROM t');
    const state = await database.query(STATE);
    await expect(restoring(database, (session) => session.restoreInPlace(backup))).rejects.toMatchObject({
      code: 'RESTORE_FAILED',
    });
    expect(await database.query(STATE)).toBe(state);
  });

  it('are enabled by the next restore if one in place was killed', async () => {
    const database = await freshDatabase(facts, { content: 'empty' });
    await database.query(TRIGGERS);
    const state = await database.query(STATE);
    await disabledBy(database);
    expect(await database.query(STATE)).not.toBe(state);
    const recovered = await restoring(database, (session) => Promise.resolve(session.recovered));
    expect(recovered).toEqual([
      'disabling of event trigger The log, by a restore that was cut off',
      'disabling of event trigger forget, by a restore that was cut off',
      'disabling of event trigger log_end, by a restore that was cut off',
    ]);
    expect(await database.query(STATE)).toBe(state);
  });
});
