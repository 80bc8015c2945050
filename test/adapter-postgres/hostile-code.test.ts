import { join } from 'node:path';
import { writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RestoreInput } from '@geolens/backup-core';
import { PgDiagnosticCheck } from '../../packages/adapter-postgres/src/pg-diagnostic-check.ts';
import { clusters } from '../support/clusters.ts';
import { restoreByHand } from './support/by-hand.ts';
import { HostileServer, placesOf, programsThatLog } from './support/hostile/database.ts';
import { named } from './support/hostile/place.ts';
import type { Attempts } from './support/hostile/recorder.ts';
import { env, everything, linesOf, never, producerFor, within, type Taken } from './support/producers.ts';
import { AS_CONTAINER, restoreTestInProcess } from './support/restore-test-process.ts';
import { FEW, restoreTestIn } from './support/restore-tests.ts';
import { inputFrom, restoring } from './support/restoring.ts';

const TABLES = `SELECT format('%I.%I', relnamespace::regnamespace, relname) FROM pg_class
   WHERE relkind IN ('r', 'p') AND NOT relispartition AND relnamespace = 'app'::regnamespace`;

/** Tables of several roles: their own, those of their partitions and keys, and the views over them. */
const MIXED = `WITH RECURSIVE near (root, oid, owner) AS (
    SELECT oid, oid, relowner FROM pg_class WHERE relkind IN ('r', 'p') AND relnamespace = 'app'::regnamespace
    UNION SELECT n.root, c.oid, c.relowner FROM near n JOIN LATERAL (
      SELECT inhrelid FROM pg_inherits WHERE inhparent = n.oid UNION ALL SELECT conrelid FROM pg_constraint WHERE contype = 'f' AND confrelid = n.oid UNION ALL SELECT confrelid FROM pg_constraint WHERE contype = 'f' AND conrelid = n.oid
      UNION ALL SELECT r.ev_class FROM pg_depend d JOIN pg_rewrite r ON r.oid = d.objid AND d.classid = 'pg_rewrite'::regclass WHERE d.refobjid = n.oid) o (oid) ON true JOIN pg_class c ON c.oid = o.oid)
  SELECT format('%I.%I', relnamespace::regnamespace, relname) FROM near JOIN pg_class c ON c.oid = root GROUP BY c.oid HAVING count(DISTINCT owner) > 1 OR min(owner::regrole::text) <> 'app'`;

/** Materialized views, with their owners. */
const VIEWS = `SELECT oid::regclass, relowner::regrole, relispopulated FROM pg_class WHERE relkind = 'm' AND relowner <> 'geolens'::regrole ORDER BY relname`;

/** A view of a superuser that calls such code is made, and left to the superuser to fill. */
const LEFT_EMPTY = [
  expect.stringMatching(
    /^the materialized view app\.v\d+ stays empty, for it would run code of other roles as the superuser geolens/,
  ),
];

describe.each(clusters())('code of an unprivileged role, on $title,', (facts) => {
  const places = placesOf(facts);
  const alone = new Set(places.filter((place) => place.alone).map(({ index }) => named('@T', index)));
  const byName = places.map((place) => [place.place, place] as const);
  let server: HostileServer;
  let taken: Taken;
  /** Tables of the role with what depends on them, but those that are restored alone. */
  let tables: readonly string[];
  /** Tables that several roles are concerned with. */
  let mixed: readonly string[];
  let backup: RestoreInput;

  beforeAll(async () => {
    server = await HostileServer.start(facts);
    taken = await within(producerFor(server.database('source')), everything);
    const path = join(server.recorder.folder, 'dump');
    await writeFile(path, taken.dump);
    await writeFile(join(server.recorder.folder, 'globals'), taken.globalsBytes);
    backup = inputFrom(taken, path);
    const all = (await server.cluster.psql('source', TABLES)).split('\n').filter((name) => !alone.has(name));
    const foreign = new Set((await server.cluster.psql('source', MIXED)).split('\n'));
    tables = all.filter((name) => !foreign.has(name));
    mixed = all.filter((name) => foreign.has(name));
  });
  afterAll(() => server[Symbol.asyncDispose]());

  /** Row counts of the backup, of these schemas or of all. */
  const backedUp = (...schemas: readonly string[]): readonly string[] =>
    linesOf(taken.counts.filter(({ schema }) => schemas.length === 0 || schemas.includes(schema)));

  /**
   * Expects that what `act` does succeeds, and that no code runs as a role that may not run it. By
   * default the owner of an index runs its code.
   */
  function inMode(
    mode: string,
    act: () => Promise<void>,
    { runsCode = 'yes' }: { readonly runsCode?: 'yes' | 'no' | 'some' } = {},
  ): void {
    describe(mode, () => {
      let attempts: ReadonlyMap<number, Attempts>;
      let outcome: PromiseSettledResult<void>;
      beforeAll(async () => {
        [outcome] = await Promise.allSettled([act()]);
        attempts = await server.recorder.take();
      });

      it('succeeds', () => {
        if (outcome.status === 'rejected') throw outcome.reason;
        if (runsCode === 'yes') expect([...(attempts.get(0)?.roles ?? [])]).toContain('app');
        if (runsCode === 'no') expect(attempts.size).toBe(0);
      });

      it.each(byName)('gives no rights to code in: %s', (_, { index, alsoAs }) => {
        const { roles, won } = attempts.get(index) ?? { roles: [], won: [] };
        const allowed = ['app', 'other', alsoAs];
        expect({ roles: [...roles].filter((role) => !allowed.includes(role)), won: [...won] }).toEqual({
          roles: [],
          won: [],
        });
      });
    });
  }

  describe('control: a plain restore without owners by a superuser, and its statements', () => {
    let attempts: ReadonlyMap<number, Attempts>;
    beforeAll(async () => {
      const { cluster, recorder } = server;
      await cluster.createDatabase('control');
      await cluster.client
        .run('pg_restore', ['--no-owner', '--no-acl', '-d', 'control', join(recorder.folder, 'dump')])
        .catch(() => undefined); // an index whose function names no schema fails
      for (const { control, index } of places)
        if (control !== undefined) await cluster.psql('control', named(control, index));
      attempts = await recorder.take();
    });

    it.each(byName)('runs the code of: %s', (_, { index, controlRole = 'superuser', aim }) => {
      const { roles = [], won = [] } = attempts.get(index) ?? {};
      expect([...roles]).toContain(controlRole);
      const aims = ['superuser', 'program', 'file', 'network', ...(aim === undefined ? [] : ['more'])];
      if (controlRole === 'superuser') expect([...won]).toEqual(expect.arrayContaining(aims));
    });
  });

  it('runs as a superuser where a superuser counts rows with SELECT, unlike a run', async () => {
    const indexed = ['index of a constant', 'partial index', 'index of a materialized view'];
    const found = places.filter(({ place }) => indexed.includes(place));
    const counts = found.map(({ place, index }) =>
      named(`SELECT count(*) FROM ONLY ${place.endsWith('view') ? '@V' : '@T'};`, index),
    );
    await server.recorder.take();
    await server.cluster.psql('source', `BEGIN READ ONLY; ${counts.join(' ')} ROLLBACK`);
    const attempts = await server.recorder.take();
    for (const { index } of found) expect([...attempts.get(index)!.won]).toContain('program');
  });

  inMode(
    'a run',
    async () => {
      expect(taken.counts).toContainEqual({ schema: 'app', table: 't0', rows: 1 });
      await within(producerFor(server.database('source')), everything);
    },
    { runsCode: 'no' },
  );

  inMode(
    'doctor',
    async () => {
      const { binDir, ...connection } = server.database('source');
      const check = new PgDiagnosticCheck({ connection, rolePasswords: true, binDir, env });
      const results = await check.inspect({ signal: never });
      expect(results.filter(({ level }) => level === 'fail')).toEqual([]);
    },
    { runsCode: 'no' },
  );

  inMode('a restore aside', async () => {
    const database = await server.copy('aside');
    await restoring(database, async (session) => {
      const aside = await session.restoreAside(backup);
      expect(aside.incomplete).toEqual(LEFT_EMPTY);
      expect(linesOf(aside.rows)).toEqual(backedUp());
      const { previous } = await aside.swap();
      await session.finishSwap(previous, { drop: true });
    });
    expect(await server.cluster.psql('aside', VIEWS)).toBe(await server.cluster.psql('source', VIEWS));
  });

  inMode('a restore test', async () => {
    const binDir = await programsThatLog(server);
    const environment = await restoreTestIn(server.recorder.folder, { binDir }).open(FEW, { signal: never });
    if ('inconclusive' in environment) throw new Error(environment.inconclusive.join('; '));
    try {
      const result = await environment.runRestoreTest(backup);
      expect(result).toEqual(expect.objectContaining({ outcome: 'passed', problems: [] }));
    } finally {
      await environment[Symbol.asyncDispose]();
    }
  });

  inMode('a restore test with the capabilities of the container', async () => {
    const { folder } = server.recorder;
    const result = await restoreTestInProcess(
      { dump: join(folder, 'dump'), globals: join(folder, 'globals') },
      { folder, binDir: await programsThatLog(server), limits: AS_CONTAINER },
    );
    expect(result).toEqual(expect.objectContaining({ outcome: 'passed', problems: [] }));
  });

  inMode(
    'a restore by hand',
    async () => {
      // The documentation ends it here.
      const byHand = restoreByHand(server.cluster.client, server.database('source'), taken);
      await expect(byHand).rejects.toThrow(/^owners that are no superusers: /);
    },
    { runsCode: 'no' },
  );

  inMode('a restore of single tables', async () => {
    const { rows } = await restoring(await server.copy('tables'), (session) =>
      session.restoreTables(backup, { tables: tables, schemas: [] }),
    );
    const names = new Set(rows.map(({ schema, table }) => `${schema}.${table}`));
    expect(names.size).toBeGreaterThanOrEqual(tables.length / 2);
    expect(backedUp('app')).toEqual(expect.arrayContaining([...linesOf(rows)]));
  });

  inMode(
    'a restore of single tables of several roles',
    async () => {
      const restore = restoring(await server.copy('mixed'), (session) =>
        session.restoreTables(backup, { tables: mixed, schemas: [] }),
      );
      await expect(restore).rejects.toMatchObject({
        code: 'RESTORE_REFUSED',
        message: expect.stringContaining('belong to several roles') as string,
      });
    },
    { runsCode: 'some' },
  );

  inMode('a restore of single tables and of the missing objects that depend on them', async () => {
    const database = await server.copy('dependents');
    await server.cluster.psql(
      'dependents',
      `SET client_min_messages = error; DROP TABLE ${tables.join()} CASCADE`,
    );
    await server.recorder.take();
    const { incomplete } = await restoring(database, (session) =>
      session.restoreTables(backup, { tables: tables, schemas: [], withDependents: true }),
    );
    expect(incomplete).toEqual([]);
    expect(await server.cluster.psql('dependents', VIEWS)).toBe(await server.cluster.psql('source', VIEWS));
  });

  inMode('a restore in place', async () => {
    const database = await server.copy('in_place');
    const { rows, incomplete } = await restoring(database, (session) => session.restoreInPlace(backup));
    expect(incomplete).toEqual(LEFT_EMPTY);
    expect(linesOf(rows)).toEqual(backedUp());
  });

  it.each(byName.filter(([, place]) => place.alone))(
    'is restored in a single table: %s',
    async (_, place) => {
      const { rows } = await restoring(await server.copy(`alone_${place.index}`), (session) =>
        session.restoreTables(backup, { tables: [named('@T', place.index)], schemas: [] }),
      );
      expect(rows).toHaveLength(1);
    },
  );
});
