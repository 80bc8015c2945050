import { randomUUID } from 'node:crypto';
import { expect, it, onTestFinished } from 'vitest';
import type { RestoreInput } from '@geolens/backup-core';
import { readAll } from '@geolens/backup-core/testing';
import { ClusterClient } from '../support/cluster-client.ts';
import { anyCluster, clusters, freshDatabase } from '../support/clusters.ts';
import { startCluster } from '../support/postgres-cluster.ts';
import { ROLES } from '../support/rights.ts';
import { backupOf, restoring } from './support/restoring.ts';

async function withGlobals(backup: RestoreInput, more: string): Promise<RestoreInput> {
  const content = Buffer.from((await readAll(backup.globals!.open())).toString() + more);
  return {
    ...backup,
    globals: {
      bytes: content.length,
      open: async function* () {
        yield await Promise.resolve(content);
      },
    },
  };
}

it('leaves out grants of routines that another version of an extension does not have, and no others', async () => {
  const database = await freshDatabase(anyCluster(), { content: 'empty' });
  await database.query('CREATE TABLE t (id int); GRANT SELECT ON t TO pg_monitor');
  const backup = await backupOf(database);
  const notes = await restoring(database, async (session) => {
    const aside = await session.restoreAside(
      await withGlobals(
        backup,
        '\n--\n-- Name: x\n--\n\nREVOKE ALL ON FUNCTION public.gone("A b" text, i public.gone) FROM PUBLIC;\n',
      ),
    );
    await aside.discard();
    return aside.notes;
  });
  expect(notes).toEqual([
    expect.stringContaining('; 1 rights asserted'),
    expect.stringMatching(/^1 grants of routines were left out.*public\.gone/),
  ]);
  const bad = await withGlobals(backup, '\nGRANT SELECT ON TABLE public.gone TO pg_monitor;\n');
  await expect(restoring(database, (session) => session.restoreAside(bad))).rejects.toMatchObject({
    code: 'RESTORE_FAILED',
  });
});

it('makes the roles of policies with their members, all or none', async () => {
  const database = await freshDatabase(anyCluster(), { content: 'empty' });
  const [group, member] = [`g_${randomUUID()}`, `m_${randomUUID()}`];
  const gone = `DROP POLICY IF EXISTS p ON t; DROP ROLE IF EXISTS "${member}"; DROP ROLE IF EXISTS "${group}"`;
  onTestFinished(async () => {
    await database.query(gone);
  });
  await database.query(
    `CREATE ROLE "${group}"; CREATE ROLE "${member}" LOGIN; GRANT "${group}" TO "${member}"; CREATE TABLE t (id int); CREATE POLICY p ON t TO "${group}" USING (true)`,
  );
  const backup = await backupOf(database);
  await database.query(gone);
  await restoring(database, async (session) => {
    await (await session.restoreAside(backup)).discard();
  });
  expect(
    await database.query(
      `SELECT rolcanlogin, pg_has_role('${member}', '${group}', 'MEMBER') FROM pg_roles WHERE rolname = '${member}'`,
    ),
  ).toBe('t|t');
});

it.each(clusters())(
  'keeps the grantors of memberships on $title where the server checks them',
  async (cluster) => {
    const database = await freshDatabase(cluster, { content: 'empty' });
    const [group, clerk, deputy, member] = ['g', 'b', 'a', 'm'].map(
      (prefix) => `${prefix}_${database.database}`,
    );
    const gone = `SET client_min_messages = error; DROP OWNED BY ${group}; DROP ROLE ${group}, ${member}, ${deputy}, ${clerk}`;
    onTestFinished(async () => {
      await database.query(gone);
    });
    await database.query(`CREATE ROLE ${group}; CREATE ROLE ${clerk}; CREATE ROLE ${deputy}; CREATE ROLE ${member}; GRANT ${group} TO ${clerk} WITH ADMIN OPTION;
    GRANT ${group} TO ${deputy} WITH ADMIN OPTION GRANTED BY ${clerk}; GRANT ${group} TO ${member} GRANTED BY ${deputy}; CREATE TABLE t (id int); GRANT SELECT ON t TO ${group}`);
    const memberships = `SELECT member::regrole, admin_option, grantor::regrole FROM pg_auth_members WHERE roleid = '${group}'::regrole ORDER BY member::regrole::text`;
    const before = await database.query(memberships);
    const backup = await backupOf(database);
    await database.query(gone);
    await restoring(database, async (session) => {
      await (await session.restoreAside(backup)).discard();
    });
    const after = await database.query(memberships);
    expect(after).toBe(cluster.major >= 16 ? before : before.replaceAll(/\|\w+$/gm, `|${database.user}`));
  },
);

it.each(clusters())(
  'brings the roles of the database, their attributes and their memberships back on an empty server, on $title',
  async (cluster) => {
    const backup = await backupOf(await freshDatabase(cluster));
    const elsewhere = await startCluster({ binDir: cluster.binDir });
    onTestFinished(() => elsewhere.stop());
    await restoring(
      { ...cluster, host: elsewhere.host, port: elsewhere.port, database: 'geolens' },
      async (session) => {
        await (await session.restoreAside(backup)).swap();
      },
    );
    const withoutGrantor = (text: string): string =>
      cluster.major >= 16 ? text : text.replaceAll(/"grantor": "\w+"/g, '');
    const rolesOn = async (client: ClusterClient): Promise<readonly string[]> => {
      const lines = (await client.psql('postgres', ROLES)).split('\n').map(withoutGrantor);
      return lines
        .filter((line) => !line.includes('geolens_restore_login_')) // of tests that run at the same time
        .filter((line) => /^geolens_|^member .*"member": "geolens_.*"roleid": "geolens_/.test(line))
        .map((line) => line.replace(/"rolpassword": [^,]+, /, '').replace(/"oid": \d+, /, ''))
        .sort();
    };
    const roles = await rolesOn(new ClusterClient(cluster.binDir, { ...cluster, password: undefined }));
    expect(await rolesOn(elsewhere.client)).toEqual(roles);
    expect(roles.filter((line) => line.startsWith('geolens_'))).toHaveLength(17);
    if (cluster.major >= 16) expect(roles.join('\n')).toContain('"grantor": "geolens_tenant_1"');
  },
);
