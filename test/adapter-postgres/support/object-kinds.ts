import { fileURLToPath } from 'node:url';
import type { Cluster } from '../../support/cluster.ts';
import { ClusterClient } from '../../support/cluster-client.ts';

const OBJECT_KINDS = { file: fileURLToPath(new URL('../../corpus/object-kinds.sql', import.meta.url)) };

const OWNERS = `"Owner Ä", "the ""owner""", "user"`;
const ROLES = `${OWNERS}, "reader.one"`;

/** A role that makes a database with an object of each kind, and what changes owners after that. */
export interface Ownership {
  readonly title: string;
  readonly maker: 'geolens' | 'maker' | 'plain';
  readonly change: string;
}

/** What only a superuser may own goes to the superuser that the server was made with. */
const ONE_ROLE = `
  ALTER FOREIGN DATA WRAPPER "Wrapper" OWNER TO geolens; ALTER EVENT TRIGGER "Event" OWNER TO geolens; ALTER SUBSCRIPTION "Sub" OWNER TO geolens;
  ALTER PUBLICATION "all of it" OWNER TO geolens; ALTER PUBLICATION "schemas" OWNER TO geolens;
  REASSIGN OWNED BY maker, "the ""owner""", "user" TO "Owner Ä"`;

export const OWNERSHIPS: readonly Ownership[] = [
  { title: 'three roles and the superuser', maker: 'geolens', change: '' },
  { title: 'one role without superuser', maker: 'maker', change: ONE_ROLE },
  { title: 'the restoring superuser', maker: 'geolens', change: `REASSIGN OWNED BY ${OWNERS} TO geolens` },
];

/** What keeps rows from their owner, privileges of another grantor, and an owner that may not create in a schema. */
const WITHOUT_SUPERUSER = `
  ALTER TABLE "Awkward ""schema"""."Refers" NO FORCE ROW LEVEL SECURITY; ALTER TABLE work.guarded NO FORCE ROW LEVEL SECURITY;
  GRANT SELECT ON work.shut TO "user"; GRANT CREATE ON SCHEMA closed TO "user";
  REVOKE ALL ON work.named FROM "reader.one" CASCADE; REVOKE ALL (name) ON work.named FROM "reader.one" CASCADE;`;

/** Those of databases that a role without superuser can make and restore: it is a member of the owners. */
export const PLAIN_OWNERSHIPS: readonly Ownership[] = [
  {
    title: 'the restoring role',
    maker: 'plain',
    change: `${WITHOUT_SUPERUSER} REASSIGN OWNED BY ${OWNERS} TO plain`,
  },
  { title: 'several roles', maker: 'plain', change: WITHOUT_SUPERUSER },
];

/** Makes the roles that own databases with an object of each kind, or make them. */
export async function makeRoles(cluster: Cluster): Promise<void> {
  const roles = ROLES.replaceAll(', ', '; CREATE ROLE ');
  await cluster.psql(
    'postgres',
    `CREATE ROLE ${roles}; CREATE ROLE maker SUPERUSER LOGIN; CREATE ROLE plain LOGIN CREATEDB; GRANT ${ROLES} TO plain`,
  );
}

/** Makes a database with an object of each kind that its maker may make. */
export async function makeKinds(cluster: Cluster, name: string, { maker, change }: Ownership): Promise<void> {
  const { binDir, host, port } = cluster;
  const owner = maker === 'plain' ? 'plain' : cluster.user;
  await cluster.psql('postgres', `CREATE DATABASE ${name} OWNER ${owner} TEMPLATE template0`);
  const client = new ClusterClient(binDir, { host, port, user: maker, password: undefined });
  await client.psql(name, OBJECT_KINDS);
  await cluster.psql(name, change);
}

/** Removes such a database that a restore has made, and its roles. */
export async function removeKinds(cluster: Cluster, name: string): Promise<void> {
  await cluster.psql(name, 'ALTER SUBSCRIPTION "Sub" SET (slot_name = NONE); DROP SUBSCRIPTION "Sub"');
  await cluster.dropDatabase(name);
  await cluster.psql('postgres', `DROP ROLE ${ROLES}`);
}
