import { readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Manifest, RestoreInput } from '@geolens/backup-core';
import { anyCluster, clusters, freshDatabase } from '../support/clusters.ts';
import {
  queryForFiles,
  restoreTestIn,
  restoreTestParent,
  groundOf,
  leftIn,
  programsIn,
  testedRestore,
  restored,
} from './support/restore-tests.ts';
import { linesOf, producerFor, within } from './support/producers.ts';
import { backupOf } from './support/restoring.ts';
import { countedBy } from './support/by-hand.ts';
import { smallDatabase } from './support/small-database.ts';

/** The parts of a manifest that a restore test reads. */
function manifested(input: RestoreInput, manifest: Partial<Manifest>): RestoreInput {
  return { ...input, manifest: { extensions: [], artifacts: [], ...manifest } as unknown as Manifest };
}

/** The inodes of sockets that listen for, or have, a connection by TCP. */
function tcpSockets(): ReadonlySet<string> {
  return new Set(
    ['tcp', 'tcp6'].flatMap((table) =>
      readFileSync(`/proc/net/${table}`, 'utf8')
        .split('\n')
        .map((line) => line.trim().split(/\s+/)[9] ?? ''),
    ),
  );
}

function socketsOf(pid: string): readonly string[] {
  return readdirSync(`/proc/${pid}/fd`).flatMap((fd) => {
    try {
      return /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/${pid}/fd/${fd}`))?.[1] ?? [];
    } catch {
      return [];
    }
  });
}

describe('a restore test of hundreds of tables of an application', () => {
  it('gives all of them their owner', async () => {
    const facts = anyCluster();
    const database = await freshDatabase(facts, { content: 'empty' });
    const role = `app_${database.database}`;
    onTestFinished(async () => {
      await database.query(`DROP OWNED BY ${role} CASCADE; DROP ROLE ${role}`);
    });
    await database.query(`CREATE ROLE ${role}; DO $$ BEGIN FOR n IN 1..500 LOOP
      EXECUTE format('CREATE TABLE t%s (id serial PRIMARY KEY, a text, b int); CREATE INDEX ON t%1$s (a); CREATE INDEX ON t%1$s (b); ALTER TABLE t%1$s OWNER TO ${role}', n);
      IF n % 50 = 0 THEN COMMIT; END IF; END LOOP; END $$`);
    const result = await testedRestore(
      restoreTestIn(await restoreTestParent(), facts),
      await backupOf(database),
    );
    expect(result.outcome).toBe('passed');
  });
});

describe.each(clusters())('a restore test of a dump of $title', (facts) => {
  it('restores it into a server of its own, and finds it well', async () => {
    const [parent, database] = [await restoreTestParent(), await freshDatabase(facts)];
    const input = await backupOf(database);
    const origin = await within(producerFor(database), (snapshot) => Promise.resolve(snapshot.origin));
    const result = await restored(
      restoreTestIn(parent, facts),
      manifested(input, { ...origin, database: database.database }),
    );
    expect(linesOf(result.rows)).toEqual(await countedBy(database.client, database.database));
    if (facts.vector) expect(linesOf(result.rows)).toContain('catalog|embeddings|600');
    expect(result).toMatchObject({
      problems: [],
      warnings: [],
      files: undefined,
      serverVersion: expect.stringMatching(`^${facts.major}\\.`) as string,
    });
    expect(result.facts).toEqual(
      expect.arrayContaining([
        expect.stringMatching(/^\d+ indexes are valid$/),
        expect.stringMatching(/^\d+ constraints are valid$/),
        expect.stringMatching(/^spatial query answered on .*catalog\.datasets\.footprint/),
        expect.stringMatching(/^owners and grants as in the backup/),
      ]),
    );
    expect(await leftIn(parent)).toEqual([]);
  });

  it('tells its steps, and opens no TCP port', async () => {
    const [parent, database] = [await restoreTestParent(), await smallDatabase(facts)];
    const steps: string[] = [];
    const byTcp: string[] = [];
    let looked = 0;
    const observer = (event: { readonly event: string; readonly step: string }): void => {
      if (event.event !== 'step') return;
      steps.push(event.step);
      if (event.step !== 'compare') return;
      const tcp = tcpSockets();
      for (const program of programsIn(parent)) {
        const sockets = socketsOf(program.split(' ', 1)[0]!);
        looked += sockets.length;
        byTcp.push(...sockets.filter((inode) => tcp.has(inode)));
      }
    };
    expect(
      (await testedRestore(restoreTestIn(parent, facts), await backupOf(database), { observer })).outcome,
    ).toBe('passed');
    expect(steps).toEqual(['server', 'create', 'restore', 'rights', 'count', 'compare']);
    expect(looked).toBeGreaterThan(0);
    expect(byTcp).toEqual([]);
  });

  it('lets no other process in, and is not led astray by an environment that names another server', async () => {
    const [parent, database] = [await restoreTestParent(), await smallDatabase(facts)];
    const env = {
      PATH: process.env['PATH'] ?? '',
      PGHOST: facts.host,
      PGPORT: String(facts.port),
      PGUSER: 'nobody',
      PGDATABASE: 'nowhere',
      PGOPTIONS: '-c role=nobody',
      PGSERVICE: 'none',
      PGDATA: '/nowhere',
    };
    await using ground = await groundOf(restoreTestIn(parent, facts, { env }));
    const [folder] = (await readdir(parent)).filter((name) => !name.endsWith('.lock'));
    expect(folder).toMatch(/^\.geolens-backup-drill-[-0-9a-f]{36}$/);
    expect(statSync(join(parent, folder!)).mode & 0o007).toBe(0);
    expect((await ground.runRestoreTest(await backupOf(database))).outcome).toBe('passed');
  });

  it('leaves subscriptions, and what the database is set to, without effect', async () => {
    const [parent, database] = [await restoreTestParent(), await smallDatabase(facts)];
    const name = `s_${database.database}`;
    onTestFinished(async () => {
      await database.query(
        `SET default_transaction_read_only = off; ALTER SUBSCRIPTION ${name} SET (slot_name = NONE); DROP SUBSCRIPTION ${name}`,
      );
    });
    await database.query(`CREATE SUBSCRIPTION ${name} CONNECTION 'host=127.0.0.1 port=${facts.port} dbname=postgres' PUBLICATION p WITH (connect = false);
      ALTER DATABASE ${database.database} SET default_transaction_read_only = on`);
    const input = await backupOf(database);
    expect(linesOf((await restored(restoreTestIn(parent, facts), input)).rows)).toContain('data|stations|50');
  });

  it('tells a constraint that nobody has checked, and an index that not all partitions have, as oddities', async () => {
    const [parent, database] = [await restoreTestParent(), await smallDatabase(facts)];
    await database.query(
      `ALTER TABLE data.large ADD CONSTRAINT late CHECK (n < 0) NOT VALID; CREATE INDEX partial ON ONLY data.requests (at)`,
    );
    const {
      problems,
      warnings,
      facts: seen,
    } = await restored(restoreTestIn(parent, facts), await backupOf(database));
    expect(problems).toEqual([]);
    expect(warnings).toEqual([
      expect.stringContaining('index data.partial of a partitioned table is not valid'),
      expect.stringContaining('constraint late of data.large is NOT VALID'),
    ]);
    expect(seen).toContain('1 index is valid');
  });
});

describe('a restore test of a dump', () => {
  const facts = anyCluster();

  it.each(['postgres', 'template1', 'a "b" \'c\' \\d', '', 'ü'.repeat(60), '-d', 'a=b'])(
    'is of a database called %j as of any other',
    async (name) => {
      const [parent, database] = [await restoreTestParent(), await smallDatabase(facts)];
      const { rows } = await restored(
        restoreTestIn(parent, facts),
        manifested(await backupOf(database), { database: name }),
      );
      expect(linesOf(rows)).toContain('data|stations|50');
    },
  );
});

describe('the files that rows name', () => {
  const facts = anyCluster();

  async function asked(filesQuery: string): Promise<Awaited<ReturnType<typeof restored>>> {
    const [parent, database] = [await restoreTestParent(), await smallDatabase(facts)];
    return restored(
      restoreTestIn(parent, facts, { filesQuery: queryForFiles(filesQuery) }),
      await backupOf(database),
    );
  }

  it('are known where the set limits the connections of the database', async () => {
    const [parent, database] = [await restoreTestParent(), await smallDatabase(facts)];
    await database.query(`ALTER DATABASE ${database.database} CONNECTION LIMIT 1`);
    const { files, problems, unanswered } = await restored(
      restoreTestIn(parent, facts, {
        filesQuery: queryForFiles('SELECT id FROM ONLY data.stations WHERE id = 1'),
      }),
      await backupOf(database),
    );
    expect({ files, problems, unanswered }).toEqual({ files: ['1'], problems: [], unanswered: [] });
  });

  it('are what the query answers in its first column, as text', async () => {
    const { files, problems } = await asked(
      `SELECT NULLIF(id, 3), name FROM ONLY data.stations WHERE id < 5 ORDER BY id;`,
    );
    expect({ files, problems }).toEqual({ files: ['1', '2', '4'], problems: [] });
  });

  it.each([
    ['fails', 'SELECT path FROM data.nowhere', 'does not exist'],
    ['writes', `DELETE FROM data.stations RETURNING name`, 'read-only transaction'],
    ['is more than one statement', 'SELECT name FROM data.stations; SELECT 1', 'multiple commands'],
    ['ends the transaction', 'COMMIT; DROP TABLE data.stations', 'takes one SELECT'],
  ])('are not known when the query %s, which leaves open whether all is well', async (_, query, words) => {
    const { files, problems, unanswered, rows } = await asked(query);
    expect([files, problems]).toEqual([undefined, []]);
    expect(unanswered).toEqual([expect.stringMatching(`BACKUP_RESTORE_TEST_FILES_QUERY.*${words}`)]);
    expect(linesOf(rows)).toContain('data|stations|50');
  });
});
