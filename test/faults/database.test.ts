import { setTimeout as pause } from 'node:timers/promises';
import { describe, it, onTestFinished } from 'vitest';
import type { CliEnd } from '../support/cli.ts';
import { startCluster, type Cluster } from '../support/postgres-cluster.ts';
import { clusters } from '../support/clusters.ts';
import { sessionsOf } from '../cli/support/sessions.ts';
import { carryOut } from './support/campaign.ts';
import { honest } from './support/honest.ts';
import { patience } from './support/plan.ts';
import type { Random } from '../support/random.ts';
import { newScene, type Scene } from './support/scene.ts';

interface Lane {
  readonly scene: Scene;
  readonly cluster: Cluster;
}

/**
 * A server of its own, for it is going to suffer, with a role that has no more rights than a backup takes.
 */
async function laneOf(number: number): Promise<Lane> {
  const cluster = await startCluster({ binDir: clusters()[number % clusters().length]!.binDir });
  onTestFinished(() => cluster.stop());
  const { host, port, user, binDir, major, vector } = cluster;
  const scene = await newScene(number, {
    cluster: { host, port, user, binDir, major, vector, template: 'template0' },
  });
  await scene.operator.database.query(`CREATE ROLE clerk LOGIN; ${RIGHTS}`);
  await scene.operator.goodRun();
  return { scene, cluster };
}

const RIGHTS =
  'GRANT USAGE ON SCHEMA data TO clerk; GRANT SELECT ON ALL TABLES IN SCHEMA data TO clerk; GRANT SELECT ON ALL SEQUENCES IN SCHEMA data TO clerk';
const OURS = `application_name = 'geolens-backup'`;

/**
 * Statements that others may do to tables while these are dumped; each leaves the tables as they have to be
 * for the next.
 */
const CHANGES = [
  'DROP TABLE IF EXISTS data.fleeting; CREATE TABLE data.fleeting AS SELECT generate_series(1, 5000) n',
  'ALTER TABLE data.stations ADD COLUMN IF NOT EXISTS extra text; ALTER TABLE data.stations DROP COLUMN extra',
  'BEGIN; CREATE TEMP TABLE kept AS SELECT * FROM data.large; TRUNCATE data.large; INSERT INTO data.large SELECT * FROM kept; DROP TABLE kept; COMMIT',
  'VACUUM FULL data.large',
  `UPDATE data.large SET text = text || '.' WHERE n % 7 = 0; UPDATE data.large SET text = rtrim(text, '.')`,
  'DROP SEQUENCE IF EXISTS data.brief; CREATE SEQUENCE data.brief',
  'CREATE OR REPLACE VIEW data.names AS SELECT name FROM data.stations; DROP VIEW data.names',
  `SELECT lo_unlink(oid) FROM pg_largeobject_metadata; SELECT lo_from_bytea(0, 'picture')`,
];

function queryOf({ operator: { database } }: Scene): (sql: string) => Promise<string> {
  return (sql) => database.query(sql);
}

/** The command with the rights of the clerk alone. */
function asClerk({ operator }: Scene): Readonly<Record<string, string>> {
  return { DATABASE_URL: operator.env['DATABASE_URL']!.replace(/\/\/[^:]+:/, '//clerk:') };
}

/** A run to which something is done at some moment, from its first session on. */
async function runWhile({ scene }: Lane, random: Random, harm: () => Promise<unknown>): Promise<CliEnd> {
  const running = scene.begins(['run', '--json']);
  while (running.runs && (await sessionsOf(scene.operator.database)) === 0);
  await pause(random.whole(0, 600));
  await harm();
  return running.end;
}

/** Each does harm to a run, and undoes what would stay. */
const HARMS: Readonly<Record<string, (lane: Lane, random: Random) => Promise<CliEnd>>> = {
  'the server crashes': (lane, random) =>
    runWhile(lane, random, () => lane.cluster.restart('SIGQUIT', () => pause(random.whole(0, 1500)))),
  'the server is restarted': (lane, random) => runWhile(lane, random, () => lane.cluster.restart()),
  'a session is ended': (lane, random) =>
    runWhile(lane, random, () =>
      lane.scene.operator.database.query(
        `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE ${OURS} ORDER BY random() LIMIT 1`,
      ),
    ),
  'all sessions are ended': (lane, random) =>
    runWhile(lane, random, () =>
      lane.scene.operator.database.query(
        `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE ${OURS}`,
      ),
    ),
  'a statement is cancelled': (lane, random) =>
    runWhile(lane, random, () =>
      lane.scene.operator.database.query(
        `SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE ${OURS} ORDER BY random() LIMIT 1`,
      ),
    ),
  'statements time out': async ({ scene }, random) => {
    const { database } = scene.operator.database;
    const query = queryOf(scene);
    for (const name of ['statement_timeout', 'lock_timeout', 'idle_in_transaction_session_timeout'])
      await query(`ALTER DATABASE "${database}" SET ${name} = ${random.whole(1, 60)}`);
    const end = await scene.does(['run', '--json']);
    await query(`ALTER DATABASE "${database}" RESET ALL`);
    return end;
  },
  'a table is locked': async ({ scene }, random) => {
    const holding = scene.operator.database.query(
      `BEGIN; LOCK TABLE data.large IN ACCESS EXCLUSIVE MODE; SELECT pg_sleep(${random.whole(1, 20) / 10}); COMMIT`,
    );
    const end = await scene.does(['run', '--json']);
    await holding;
    return end;
  },
  'connections are out': async ({ scene }, random) => {
    const query = queryOf(scene);
    await query(`ALTER ROLE clerk CONNECTION LIMIT ${random.whole(0, 3)}`);
    const end = await scene.does(['run', '--json'], asClerk(scene));
    await query('ALTER ROLE clerk CONNECTION LIMIT -1');
    return end;
  },
  'a right is missing': async ({ scene }, random) => {
    const query = queryOf(scene);
    await query(
      random.pick([
        'REVOKE SELECT ON data.large FROM clerk',
        'REVOKE SELECT ON data.numbers FROM clerk',
        'REVOKE USAGE ON SCHEMA data FROM clerk',
        'ALTER TABLE data.stations ENABLE ROW LEVEL SECURITY',
      ]),
    );
    const end = await scene.does(['run', '--json'], asClerk(scene));
    await query(`ALTER TABLE data.stations DISABLE ROW LEVEL SECURITY; ${RIGHTS}`);
    return end;
  },
  'tables change': async ({ scene }, random) => {
    const running = scene.begins(['run', '--json']);
    while (running.runs) {
      await scene.operator.database.query(random.pick(CHANGES));
      await pause(random.whole(0, 40));
    }
    return running.end;
  },
};

describe('a database', () => {
  it('to which anything happens while it is backed up costs no set, is told, and the next run is good', {
    timeout: patience,
  }, async () => {
    const kinds = Object.keys(HARMS);
    await carryOut<Lane>({
      family: 'database',
      kind: 'harm',
      short: kinds.length,
      share: 1,
      lane: laneOf,
      program: async (lane, random, number) => {
        const kind = kinds[number % kinds.length]!;
        lane.scene.daysPass(random);
        return lane.scene.costsNothing(
          async () => `${kind}: ${await honest(lane.scene, await HARMS[kind]!(lane, random))}`,
        );
      },
    });
  });
});
