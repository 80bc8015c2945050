import { randomUUID } from 'node:crypto';
import { describe, expect, it, onTestFinished } from 'vitest';
import { clusters, freshDatabase, type TestDatabase } from '../support/clusters.ts';
import { backupOf, restoring } from './support/restoring.ts';

/**
 * Every stored ACL of a database, one line per entry. An empty ACL is a line of its own; a default ACL (NULL)
 * is none.
 */
const ACLS = `
  WITH acls AS (
    SELECT 'relation ' || oid::regclass AS object, relacl AS acl FROM pg_class WHERE relnamespace = 'app'::regnamespace
    UNION ALL SELECT format('column %s.%I', attrelid::regclass, attname), attacl FROM pg_attribute WHERE attrelid = 'app.columns'::regclass
    UNION ALL SELECT 'function ' || oid::regprocedure, proacl FROM pg_proc WHERE pronamespace = 'app'::regnamespace
    UNION ALL SELECT 'schema ' || nspname, nspacl FROM pg_namespace WHERE nspname ~ '^(app|closed|partly)$'
    UNION ALL SELECT 'type ' || oid::regtype, typacl FROM pg_type WHERE typnamespace = 'app'::regnamespace
    UNION ALL SELECT 'large object ' || oid, lomacl FROM pg_largeobject_metadata
    UNION ALL SELECT 'database', datacl FROM pg_database WHERE datname = current_database()
  ) SELECT object || ': ' || coalesce(entry::text, 'nothing') FROM acls LEFT JOIN unnest(acl) e (entry) ON true WHERE acl IS NOT NULL ORDER BY 1`;

/** Objects of each kind of which the owner has nothing, has lost a part, or has a grant option of its own. */
const OBJECTS = (owner: string): string => `
  CREATE SCHEMA app; CREATE SCHEMA closed; CREATE SCHEMA partly;
  CREATE TABLE app.empty (x int); CREATE TABLE app.partly (x int); CREATE TABLE app.optional (x int); CREATE TABLE app.columns (x int, y int);
  CREATE VIEW app.view AS SELECT 1 AS x; CREATE MATERIALIZED VIEW app.kept AS SELECT 1 AS x; CREATE SEQUENCE app.number;
  CREATE FUNCTION app.f() RETURNS int LANGUAGE sql AS 'SELECT 1'; CREATE PROCEDURE app.p() LANGUAGE sql AS 'SELECT 1';
  CREATE TYPE app.mood AS ENUM ('good'); CREATE DOMAIN app.positive AS int;
  SELECT lo_create(1), lo_create(2), lo_create(3), lo_create(4);
  REVOKE ALL ON app.empty, app.columns, app.view, app.kept, app.number FROM ${owner};
  REVOKE INSERT, UPDATE ON app.partly FROM ${owner}; GRANT SELECT ON app.optional TO ${owner} WITH GRANT OPTION;
  GRANT SELECT (x) ON app.columns TO ${owner}; GRANT UPDATE (y) ON app.columns TO PUBLIC;
  REVOKE ALL ON FUNCTION app.f() FROM PUBLIC, ${owner}; REVOKE ALL ON PROCEDURE app.p() FROM PUBLIC, ${owner};
  REVOKE ALL ON TYPE app.mood FROM PUBLIC, ${owner}; REVOKE ALL ON DOMAIN app.positive FROM PUBLIC, ${owner};
  REVOKE ALL ON SCHEMA closed FROM ${owner}; REVOKE CREATE ON SCHEMA partly FROM ${owner};
  REVOKE ALL ON LARGE OBJECT 1 FROM ${owner}; REVOKE UPDATE ON LARGE OBJECT 2 FROM ${owner};
  GRANT SELECT ON LARGE OBJECT 3 TO PUBLIC; GRANT SELECT ON LARGE OBJECT 4 TO ${owner} WITH GRANT OPTION;`;

describe.each(clusters())('privileges of owners on $title', (cluster) => {
  async function databaseOf(role: 'superuser' | 'role'): Promise<{ database: TestDatabase; owner: string }> {
    const database = await freshDatabase(cluster, { content: 'empty' });
    if (role === 'superuser') return { database, owner: database.user };
    const owner = `"owner of ${randomUUID()}"`;
    onTestFinished(async () => {
      await database.client.psql(
        'postgres',
        `DROP DATABASE IF EXISTS ${database.database} WITH (FORCE); DROP ROLE ${owner}`,
      );
    });
    await database.query(`CREATE ROLE ${owner}; ALTER DATABASE ${database.database} OWNER TO ${owner}`);
    return { database, owner };
  }

  it.each(['superuser', 'role'] as const)(
    'come back when the owner is a %s, also where nothing is left of them',
    async (role) => {
      const { database, owner } = await databaseOf(role);
      await database.query(`SET SESSION AUTHORIZATION ${owner}; ${OBJECTS(owner)}`);
      for (const privileges of ['CREATE, TEMPORARY', 'ALL']) {
        await database.query(`REVOKE ${privileges} ON DATABASE ${database.database} FROM PUBLIC, ${owner}`);
        const before = await database.query(ACLS);
        const backup = await backupOf(database);
        await restoring(database, async (session) => {
          await session.finishSwap((await (await session.restoreAside(backup)).swap()).previous, {
            drop: true,
          });
        });
        expect((await database.query(ACLS)).split('\n')).toEqual(before.split('\n'));
        for (const object of [
          'relation app.empty',
          'function app.f()',
          'schema closed',
          'type app.mood',
          'large object 1',
          ...(privileges === 'ALL' ? ['database'] : []),
        ]) {
          expect(before).toContain(`${object}: nothing`);
        }
      }
    },
  );
});
