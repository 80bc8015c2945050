import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import type { Restored, RestoreInput } from '@geolens/backup-core';
import { anyCluster, clusters, freshDatabase, type TestDatabase } from '../support/clusters.ts';
import type { Cluster } from '../support/cluster.ts';
import { startCluster } from '../support/postgres-cluster.ts';
import { differences, factsOf } from './support/facts.ts';
import {
  makeKinds,
  makeRoles,
  OWNERSHIPS,
  PLAIN_OWNERSHIPS,
  removeKinds,
  type Ownership,
} from './support/object-kinds.ts';
import type { Place } from './support/producers.ts';
import { backupOf, restoring } from './support/restoring.ts';

/** A database with an object of each kind, its content and its backup. */
interface Kinds {
  /** Whether tables of several roles without superuser share foreign keys of partitioned tables. */
  readonly shared: boolean;
  readonly database: string;
  readonly facts: readonly string[];
  readonly backup: RestoreInput;
}

interface Servers {
  readonly live: Cluster;
  /** Has nothing but the roles that the server was made with. */
  readonly empty: Cluster;
}

/** Makes the live database another one than that of the backup. */
const NEWER = `INSERT INTO work.log VALUES ('newer'); GRANT ALL ON work.log TO PUBLIC; ALTER TABLE work.log OWNER TO "reader.one"`;

const newest = Math.max(...clusters().map(({ major }) => major));
const isLong = process.env['MODE'] === 'long';

/** All ownerships on the newest server, and the first on the others, unless with `MODE=long`. */
function ownershipsOn(major: number, ownerships: readonly Ownership[]): readonly Ownership[] {
  return major === newest || isLong ? ownerships : ownerships.slice(0, 1);
}

function placeOn({ host, port, user, binDir }: Cluster, database: string, as = user): Place {
  return { host, port, user: as, binDir, database };
}

async function restoreAside(place: Place, { backup }: Kinds): Promise<Restored> {
  return restoring(place, async (session) => {
    const aside = await session.restoreAside(backup);
    await aside.swap();
    return aside;
  });
}

async function expectSame(
  server: Cluster,
  { database, facts, shared }: Kinds,
  restored: Restored,
): Promise<void> {
  expect.soft(restored.incomplete).toEqual([]);
  const compared = (all: readonly string[]): readonly string[] => (shared ? withoutPartsOfKeys(all) : all);
  expect(differences(compared(facts), compared(await factsOf(server.client, database)))).toEqual([]);
}

/**
 * Facts without what PostgreSQL notes for the partitions of a foreign key alone. Where these belong to several roles,
 * each validates its own: the parts of the key are valid, and not marked so.
 */
function withoutPartsOfKeys(facts: readonly string[]): readonly string[] {
  return facts
    .filter((fact) => !fact.startsWith('depends: trigger "RI_ConstraintTrigger_'))
    .map((fact) =>
      fact.includes('contype f; ') ? fact.replace(/convalidated \w+; (?=[^]*conislocal false)/, '') : fact,
    )
    .sort();
}

describe.each(clusters())('a database of $title', ({ binDir, major }) => {
  let servers: Servers;
  let folder: string;

  beforeAll(async () => {
    const [live, empty] = await Promise.all([startCluster({ binDir }), startCluster({ binDir })]);
    servers = { live, empty };
    folder = await mkdtemp(join(tmpdir(), 'geolens-backup-test-'));
    await makeRoles(live);
  });
  afterAll(async () => {
    await Promise.all([servers.live.stop(), servers.empty.stop(), rm(folder, { recursive: true })]);
  });

  async function kindsOf(database: string, ownership: Ownership): Promise<Kinds> {
    await makeKinds(servers.live, database, ownership);
    const path = join(folder, database);
    const [facts, backup] = await Promise.all([
      factsOf(servers.live.client, database),
      backupOf(placeOn(servers.live, database), async (dump) => {
        await writeFile(path, dump);
        return path;
      }),
    ]);
    return { database, facts, backup, shared: ownership === OWNERSHIPS[0] };
  }

  describe.each(ownershipsOn(major, OWNERSHIPS))('whose objects belong to $title', (ownership) => {
    let kinds: Kinds;
    beforeAll(async () => {
      kinds = await kindsOf(`kinds_${OWNERSHIPS.indexOf(ownership)}`, ownership);
    });

    it('is the same on an empty server', async () => {
      const restored = await restoreAside(placeOn(servers.empty, kinds.database), kinds);
      await expectSame(servers.empty, kinds, restored);
      await removeKinds(servers.empty, kinds.database);
    });

    it('is the same beside the live database', async () => {
      const restored = await restoreAside(placeOn(servers.live, kinds.database), kinds);
      await expectSame(servers.live, kinds, restored);
    });

    it('is the same in place', async () => {
      // Its publisher does not exist; like this, the subscription can be dropped without it.
      await servers.live.psql(kinds.database, `${NEWER}; ALTER SUBSCRIPTION "Sub" SET (slot_name = NONE)`);
      const restored = await restoring(placeOn(servers.live, kinds.database), (session) =>
        session.restoreInPlace(kinds.backup),
      );
      await expectSame(servers.live, kinds, restored);
    });
  });

  describe.each(ownershipsOn(major, PLAIN_OWNERSHIPS))(
    'whose objects belong to $title, restored without superuser',
    (ownership) => {
      let kinds: Kinds;
      beforeAll(async () => {
        kinds = await kindsOf(`plain_${PLAIN_OWNERSHIPS.indexOf(ownership)}`, ownership);
      });

      it('is the same beside the live database', async () => {
        const restored = await restoreAside(placeOn(servers.live, kinds.database, 'plain'), kinds);
        await expectSame(servers.live, kinds, restored);
      });

      it('is the same in place', async () => {
        await servers.live.psql(kinds.database, NEWER);
        const restored = await restoring(placeOn(servers.live, kinds.database, 'plain'), (session) =>
          session.restoreInPlace(kinds.backup),
        );
        await expectSame(servers.live, kinds, restored);
      });
    },
  );
});

/** Restores as the role, aside or in place, and compares. */
async function expectKept(database: TestDatabase, user: string, mode: string): Promise<void> {
  const facts = await factsOf(database.client, database.database);
  const backup = await backupOf(database);
  const restored = await restoring({ ...database, user }, async (session) => {
    if (mode === 'in place') return session.restoreInPlace(backup);
    const aside = await session.restoreAside(backup);
    const { previous } = await aside.swap();
    await session.finishSwap(previous, { drop: true });
    return aside;
  });
  expect.soft(restored.incomplete).toEqual([]);
  expect(differences(facts, await factsOf(database.client, database.database))).toEqual([]);
}

/** Made by the owner of the database, who is a member of the role `{role}`. */
const OF_PLAIN_OWNER: readonly (readonly [string, string])[] = [
  [
    'a table whose owner may not read it',
    'CREATE TABLE t (id int); INSERT INTO t VALUES (1); REVOKE ALL ON t FROM CURRENT_USER',
  ],
  [
    'a table whose rows its policies hide from its owner',
    'CREATE TABLE t (id int); INSERT INTO t VALUES (1); ALTER TABLE t ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY',
  ],
  [
    'a privilege that another role has granted',
    'CREATE TABLE t (id int); GRANT SELECT ON t TO {role} WITH GRANT OPTION; SET ROLE {role}; GRANT SELECT ON t TO pg_monitor',
  ],
  [
    'an owner that may create in the schema by a privilege',
    'CREATE SCHEMA s; GRANT USAGE, CREATE ON SCHEMA s TO {role}; CREATE TABLE s.t (id int); ALTER TABLE s.t OWNER TO {role}',
  ],
  [
    'an owner that may create in the database by a privilege',
    'GRANT CREATE ON DATABASE {database} TO {role}; CREATE PUBLICATION p; ALTER PUBLICATION p OWNER TO {role}',
  ],
];

/** Constraints that are not valid, which several sessions may make before the rows. */
const OF_SUPERUSER: readonly (readonly [string, string])[] = [
  [
    'rows that a constraint of a domain forbids',
    'CREATE DOMAIN d AS int; CREATE TABLE t (x d); INSERT INTO t VALUES (-1); ALTER DOMAIN d ADD CHECK (VALUE > 0) NOT VALID',
  ],
  [
    'rows of a child that a constraint of its parent forbids',
    'CREATE TABLE p (x int); CREATE TABLE c () INHERITS (p); INSERT INTO c VALUES (-1); ALTER TABLE p ADD CHECK (x > 0) NOT VALID',
  ],
];

describe.each(['aside', 'in place'])('a restore %s keeps', (mode) => {
  it.each(OF_PLAIN_OWNER)('%s, by the owner of the database', async (_, statements) => {
    const database = await freshDatabase(anyCluster(), { content: 'empty' });
    const name = database.database;
    const [owner, role] = [`owner_${name}`, `role_${name}`];
    onTestFinished(async () => {
      await database.client.psql(
        'postgres',
        `DROP DATABASE ${name} WITH (FORCE); DROP ROLE ${owner}, ${role}`,
      );
    });
    await database.query(`CREATE ROLE ${role}; CREATE ROLE ${owner} LOGIN CREATEDB IN ROLE ${role}; ALTER DATABASE ${name} OWNER TO ${owner};
      SET SESSION AUTHORIZATION ${owner}; ${statements.replaceAll('{role}', role).replaceAll('{database}', name)}`);
    await expectKept(database, owner, mode);
  });

  it.each(OF_SUPERUSER)('%s', async (_, statements) => {
    const database = await freshDatabase(anyCluster(), { content: 'empty' });
    await database.query(statements);
    await expectKept(database, database.user, mode);
  });
});
