import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Inspection, RestoreMode } from '@geolens/backup-core';
import { clusters } from '../support/clusters.ts';
import { startCluster, type Cluster } from '../support/postgres-cluster.ts';
import { backupOf, restoring } from './support/restoring.ts';
import type { Place } from './support/producers.ts';

const SETTINGS = {
  wal_level: 'logical',
  max_wal_senders: '20',
  max_replication_slots: '20',
  max_worker_processes: '20',
  max_logical_replication_workers: '15',
  wal_retrieve_retry_interval: '100ms',
};

interface Replicated extends Place {
  readonly psql: (database: string, sql: string) => Promise<string>;
  /** A database on the same server that the live one subscribes to. */
  readonly publisher: string;
}

describe.each(clusters())('logical replication of a database on $title', ({ binDir }) => {
  let cluster: Cluster;
  beforeAll(async () => {
    cluster = await startCluster({ binDir, settings: SETTINGS });
  });
  afterAll(() => cluster.stop());

  /** `live` publishes `t` to a slot, and fills `filled` from another database by a subscription. */
  async function replicated(): Promise<Replicated> {
    const { host, port, user, client } = cluster;
    const id = randomUUID().slice(0, 8);
    const [database, publisher] = [`live_${id}`, `pub_${id}`];
    const psql = (name: string, sql: string): Promise<string> => client.psql(name, sql);
    for (const name of [database, publisher]) await psql('postgres', `CREATE DATABASE ${name}`);
    await psql(
      publisher,
      'CREATE TABLE filled (id int PRIMARY KEY); INSERT INTO filled VALUES (1); CREATE PUBLICATION p FOR TABLE filled',
    );
    await psql(publisher, `SELECT pg_create_logical_replication_slot('sub_${id}', 'pgoutput')`);
    await psql(
      database,
      `CREATE TABLE t (id int PRIMARY KEY); CREATE TABLE filled (id int PRIMARY KEY); CREATE PUBLICATION "kept pub" FOR TABLE t;
       CREATE SUBSCRIPTION "S ${id}" CONNECTION 'host=127.0.0.1 port=${port} user=${user} dbname=${publisher}' PUBLICATION p WITH (create_slot = false, slot_name = 'sub_${id}')`,
    );
    await psql(database, `SELECT pg_create_logical_replication_slot('out_${id}', 'pgoutput')`);
    await expect.poll(() => psql(database, 'SELECT id FROM filled'), { timeout: 20_000 }).toBe('1');
    return { host, port, user, binDir, database, publisher, psql };
  }

  const idOf = ({ database }: Place): string => database.slice('live_'.length);

  const inspection = async (place: Replicated, mode: RestoreMode): Promise<Inspection> => {
    const backup = await backupOf(place);
    return restoring(place, (session) => session.inspect(backup, mode));
  };

  /** Reads a slot until the server ends the session. */
  const consume = (database: string, slot: string): Promise<unknown> =>
    cluster.client
      .run('pg_recvlogical', [
        ...['--dbname', database, '--slot', slot, '--start', '--no-loop', '--file', '-'],
        ...['-o', 'proto_version=1', '-o', 'publication_names="kept pub"'],
      ])
      .catch(() => undefined);

  /** Every command in a list of sentences, with the database that it is for. */
  const commandsIn = (sentences: readonly string[]): readonly (readonly [string, string])[] =>
    sentences.flatMap((sentence) =>
      [...sentence.matchAll(/`([^`]*)` in database "([^"]*)"/g)].map(
        ([, sql, name]) => [name!, sql!] as const,
      ),
    );

  it('is listed before a swap: slots, subscriptions and publications, each with its commands', async () => {
    const place = await replicated();
    const id = idOf(place);
    const backup = await backupOf(place);
    await place.psql(
      place.database,
      `CREATE PUBLICATION "new\n""pub" FOR TABLE t, TABLES IN SCHEMA public; DROP PUBLICATION "kept pub"`,
    );
    const { logicalReplication, estimatedProblems } = await restoring(place, (session) =>
      session.inspect(backup, { kind: 'aside' }),
    );
    expect(estimatedProblems).toEqual([]);
    const own = `database "${place.database}"`;
    expect(logicalReplication).toEqual([
      expect.stringMatching(
        new RegExp(
          `^logical replication slot "out_${id}" \\(plugin "pgoutput", inactive, \\d+ bytes of WAL held back\\) stays with the old database, and holds WAL back until it is dropped, alone or with that database: \`SELECT pg_drop_replication_slot\\('out_${id}'\\)\` in the old database; its consumer needs a new one: \`SELECT pg_create_logical_replication_slot\\('out_${id}', 'pgoutput'\\)\` in ${own}$`,
        ),
      ),
      `subscription "S ${id}" (enabled, slot "sub_${id}") stays with the old database, and goes on changing it. Detach and drop it: \`ALTER SUBSCRIPTION "S ${id}" DISABLE; ALTER SUBSCRIPTION "S ${id}" SET (slot_name = NONE); DROP SUBSCRIPTION "S ${id}"\` in the old database`,
      `subscription "S ${id}" is restored disabled. When nothing else uses its slot on the publisher, it goes on where that slot is: \`ALTER SUBSCRIPTION "S ${id}" ENABLE; ALTER SUBSCRIPTION "S ${id}" REFRESH PUBLICATION WITH (copy_data = false)\` in ${own}; changes between the backup and that point are missing`,
      `publication U&"new\\000a""pub" is not in the backup: \`CREATE PUBLICATION U&"new\\000a""pub" FOR TABLE ONLY public.t, TABLES IN SCHEMA public WITH (publish = 'insert, update, delete, truncate')\` in ${own}`,
      `publication "kept pub" is in the backup, and not in the live database; unless it is wanted: \`DROP PUBLICATION "kept pub"\` in ${own}`,
    ]);
  });

  it('goes on in the restored database with the commands that follow a swap', async () => {
    const place = await replicated();
    const id = idOf(place);
    const backup = await backupOf(place);
    await place.psql(place.publisher, 'CREATE PUBLICATION q');
    await place.psql(
      place.database,
      `ALTER SUBSCRIPTION "S ${id}" SET PUBLICATION p, q; CREATE PUBLICATION more FOR TABLE t WITH (publish = 'insert')`,
    );
    const { warnings, previous } = await restoring(place, async (session) => {
      const swap = await (await session.restoreAside(backup)).swap();
      return { ...swap, ...(await session.finishSwap(swap.previous, { drop: false })) };
    });
    const commands = commandsIn(warnings);
    expect(commands.map(([database]) => database)).toEqual([
      previous,
      place.database,
      previous,
      place.database,
      place.database,
    ]);
    for (const [database, sql] of commands)
      for (const statement of sql.split('; ')) await place.psql(database, statement);
    await place.psql(place.publisher, 'INSERT INTO filled VALUES (2)');
    await expect
      .poll(() => place.psql(place.database, 'SELECT id FROM filled ORDER BY 1'), { timeout: 20_000 })
      .toBe('1\n2');
    expect(
      await place.psql(
        'postgres',
        `SELECT slot_name, database FROM pg_replication_slots WHERE slot_name = 'out_${id}'`,
      ),
    ).toBe(`out_${id}|${place.database}`);
    expect(
      await place.psql(
        place.database,
        `SELECT array_to_string(subpublications, ',') FROM pg_subscription WHERE subdbid = (SELECT oid FROM pg_database WHERE datname = current_database())`,
      ),
    ).toBe('p,q');
    expect(await place.psql(place.database, 'SELECT pubname, pubupdate FROM pg_publication ORDER BY 1')).toBe(
      'kept pub|t\nmore|f',
    );
    expect(await place.psql(previous!, 'SELECT count(*) FROM filled')).toBe('1');
  });

  it('keeps the old database while it has a subscription, and drops its inactive slots with it', async () => {
    const place = await replicated();
    const id = idOf(place);
    const backup = await backupOf(place);
    await restoring(place, async (session) => {
      const { previous } = await (await session.restoreAside(backup)).swap();
      const kept = await session.finishSwap(previous, { drop: true });
      expect(kept).toMatchObject({
        dropped: false,
        warnings: expect.arrayContaining([
          expect.stringMatching(
            /^database "live_.*_before_.*" is kept, because logical replication uses it: .*subscription/,
          ),
        ]) as unknown,
      });
      for (const [database, sql] of commandsIn(kept.warnings).filter(([, text]) => text.includes('NONE')))
        for (const statement of sql.split('; ')) await place.psql(database, statement);
      const gone = await session.finishSwap(previous, { drop: true });
      expect(gone.dropped).toBe(true);
      expect(gone.warnings[0]).toMatch(
        /^logical replication slot "out_.*" .* was dropped with the old database; its consumer needs a new one: /,
      );
      expect(
        await place.psql(
          'postgres',
          `SELECT count(*) FROM pg_replication_slots WHERE slot_name = 'out_${id}'`,
        ),
      ).toBe('0');
    });
  });

  it('keeps the old database while a slot of it is active', async () => {
    const place = await replicated();
    const id = idOf(place);
    await place.psql(place.database, `ALTER SUBSCRIPTION "S ${id}" DISABLE`);
    await place.psql(place.database, `ALTER SUBSCRIPTION "S ${id}" SET (slot_name = NONE)`);
    await place.psql(place.database, `DROP SUBSCRIPTION "S ${id}"`);
    const backup = await backupOf(place);
    await restoring(place, async (session) => {
      const { previous } = await (await session.restoreAside(backup)).swap();
      const consumer = consume(previous!, `out_${id}`);
      await expect
        .poll(
          () =>
            place.psql('postgres', `SELECT active FROM pg_replication_slots WHERE slot_name = 'out_${id}'`),
          { timeout: 20_000 },
        )
        .toBe('t');
      expect(await session.finishSwap(previous, { drop: true })).toMatchObject({
        dropped: false,
        warnings: [
          expect.stringContaining('is kept, because logical replication uses it') as string,
          expect.stringContaining(`"out_${id}" (plugin "pgoutput", active, `) as string,
          expect.stringContaining('publications come back as the backup has them: "kept pub"') as string,
        ],
      });
      await place.psql(
        'postgres',
        `SELECT pg_terminate_backend(active_pid) FROM pg_replication_slots WHERE slot_name = 'out_${id}'`,
      );
      await consumer;
      expect(await session.finishSwap(previous, { drop: true })).toMatchObject({ dropped: true });
    });
  });

  it('is detached from its slot on the publisher by a restore in place, which leaves the slot there', async () => {
    const place = await replicated();
    const id = idOf(place);
    const backup = await backupOf(place);
    await place.psql(place.database, `CREATE PUBLICATION more FOR TABLE t`);
    await place.psql(
      place.database,
      `CREATE SUBSCRIPTION "late ${id}" CONNECTION 'host=127.0.0.1 port=1' PUBLICATION p WITH (connect = false, slot_name = 'late')`,
    );
    await restoring(place, async (session) => {
      const { estimatedProblems, logicalReplication } = await session.inspect(backup, { kind: 'in-place' });
      expect(estimatedProblems).toEqual([]);
      await session.restoreInPlace(backup);
      expect(
        await place.psql(
          'postgres',
          `SELECT count(*) FROM pg_replication_slots WHERE slot_name = 'sub_${id}'`,
        ),
      ).toBe('1');
      const afterwards = commandsIn(logicalReplication).filter(
        ([, sql]) => !/late|drop_replication/.test(sql),
      );
      expect(afterwards.map(([, sql]) => sql)).toEqual([
        `ALTER SUBSCRIPTION "S ${id}" ENABLE; ALTER SUBSCRIPTION "S ${id}" REFRESH PUBLICATION WITH (copy_data = false)`,
        'ALTER PUBLICATION more SET TABLE ONLY public.t',
      ]);
      expect(logicalReplication).toEqual(
        expect.arrayContaining([
          expect.stringContaining(
            `subscription "late ${id}" does not fill tables that are made again`,
          ) as string,
          expect.stringMatching(
            /^logical replication slot "out_.*" .* does not send the removal of the rows that are replaced/,
          ) as string,
        ]) as unknown,
      );
      for (const [database, sql] of afterwards)
        for (const statement of sql.split('; ')) await place.psql(database, statement);
      expect(
        await place.psql(
          place.database,
          "SELECT tablename FROM pg_publication_tables WHERE pubname = 'more'",
        ),
      ).toBe('t');
      await place.psql(place.publisher, 'INSERT INTO filled VALUES (2)');
      await expect
        .poll(() => place.psql(place.database, 'SELECT id FROM filled ORDER BY 1'), { timeout: 20_000 })
        .toBe('1\n2');
    });
  });

  it('does not reach a table that was restored alone, until its subscription is refreshed', async () => {
    const place = await replicated();
    const id = idOf(place);
    const mode = (table: string): RestoreMode => ({ kind: 'tables', tables: [table], schemas: [] });
    const published = await inspection(place, mode('public.t'));
    expect(published.logicalReplication).toEqual([expect.stringContaining(`"out_${id}"`)]);
    const backup = await backupOf(place);
    const passed = (lsn: string): string =>
      `SELECT confirmed_flush_lsn >= '${lsn}' FROM pg_replication_slots WHERE slot_name = 'sub_${id}'`;
    await restoring(place, async (session) => {
      const { logicalReplication } = await session.inspect(backup, mode('public.filled'));
      await session.restoreTables(backup, { tables: ['public.filled'], schemas: [] });
      const refresh = commandsIn(logicalReplication).filter(([, sql]) => sql.startsWith('ALTER'));
      expect(refresh).toEqual([
        [place.database, `ALTER SUBSCRIPTION "S ${id}" REFRESH PUBLICATION WITH (copy_data = false)`],
      ]);
      const lsn = await place.psql(
        place.publisher,
        'INSERT INTO filled VALUES (2); SELECT pg_current_wal_insert_lsn()',
      );
      await expect.poll(() => place.psql(place.publisher, passed(lsn)), { timeout: 20_000 }).toBe('t');
      for (const [database, sql] of refresh) await place.psql(database, sql);
      await place.psql(place.publisher, 'INSERT INTO filled VALUES (3)');
      await expect
        .poll(() => place.psql(place.database, 'SELECT id FROM filled ORDER BY 1'), { timeout: 20_000 })
        .toBe('1\n3');
    });
  });
});
