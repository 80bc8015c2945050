import { chmod, cp, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { related } from '../cli/restore/support/databases.ts';
import { drop } from '../cli/restore/support/restorer.ts';
import type { CliEnd } from '../support/cli.ts';
import { anyCluster } from '../support/clusters.ts';
import type { Operator } from '../support/operator.ts';
import type { Random } from '../support/random.ts';
import { carryOut } from './support/campaign.ts';
import { patience } from './support/plan.ts';
import { newScene } from './support/scene.ts';
import { hasToBeSound } from './support/sound.ts';
import {
  differences,
  everythingIn,
  newArena,
  removeArena,
  type Arena,
  type Pristine,
} from './support/hostile/arena.ts';
import { ATTACKS, evilRole } from './support/hostile/attacks.ts';
import { HostileBucket } from './support/hostile/hostile-bucket.ts';
import { deedsDuring, noting } from './support/hostile/processes.ts';

const MOST_MB = 250;
/** A command that waits for ever ends here; time passes faster on a machine that is busy. */
const LONGEST_MS = 180_000;
const ROWS = 'SELECT count(*), sum(n) FROM data.large';
/** What a terminal takes for more than text. */
const CONTROL = /[^\P{Cc}\n\t]/u;

interface Lane {
  readonly operator: Operator;
  readonly pristine: Pristine;
}

/**
 * An installation with two good sets, on the volume and in the bucket, and bait in its database. The sets
 * need a role that the server no longer has.
 */
async function laneOf(number: number): Promise<Lane> {
  const folder = await mkdtemp(join(tmpdir(), 'geolens-hostile-lane-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const { operator } = await newScene(number, { cluster: anyCluster() });
  const { database, volume } = operator;
  const marks = await mkdtemp(join(tmpdir(), 'geolens-marks-'));
  await chmod(marks, 0o777);
  onTestFinished(() => rm(marks, { recursive: true }));
  await bait(operator, marks);
  const bucket = await HostileBucket.start();
  const role = `"${evilRole(database.database)}"`;
  await database.query(`CREATE ROLE ${role}; GRANT SELECT ON data.large TO ${role}`);
  const good = [await operator.goodRun({ env: bucket.env }), await operator.goodRun({ env: bucket.env })];
  await database.query(`DROP OWNED BY ${role}; DROP ROLE ${role}`);
  await cp(volume.backups, join(folder, 'backups'), { recursive: true });
  return {
    operator,
    pristine: {
      bucket,
      database: database.database,
      good,
      marks,
      backups: join(folder, 'backups'),
      staging: volume.staging,
      objects: new Map(bucket.objects),
    },
  };
}

/** Names and code in the database that leave a mark where they are run with the rights of a superuser. */
async function bait({ database }: Operator, marks: string): Promise<void> {
  const owner = `bait_${database.database}`;
  onTestFinished(async () => {
    await database.query(`DROP OWNED BY "${owner}" CASCADE; DROP ROLE "${owner}"`);
  });
  await database.query(`
    CREATE ROLE "${owner}";
    CREATE TABLE data."x'; \\! touch ${marks}/name" ("$(touch ${marks}/column)" integer);
    CREATE FUNCTION data.bait() RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN
      PERFORM set_config('role', 'none', false);
      COPY (SELECT 1) TO PROGRAM 'touch ${marks}/program'; RETURN true;
      EXCEPTION WHEN OTHERS THEN RETURN true; END $$;
    CREATE TABLE data.baited (n integer);
    INSERT INTO data.baited VALUES (1);
    ALTER TABLE data.baited ADD CHECK (data.bait());
    ALTER FUNCTION data.bait() OWNER TO "${owner}";
    ALTER TABLE data.baited OWNER TO "${owner}";`);
  expect(await readdir(marks), 'the bait works').toEqual(['program']);
  await rm(join(marks, 'program'));
}

/** One command: mostly of a set that was forged, and one that meets with what the attacker did. */
function commandFor(
  kind: keyof typeof ATTACKS,
  random: Random,
  { good, forged, target }: Arena,
  copy: string,
): readonly string[] {
  const made = [...forged];
  const what = made.length > 0 && random.chance(0.7) ? random.pick(made) : random.pick(['latest', ...good]);
  const store = random.chance(0.4) ? ['--store', 's3'] : [];
  const restore = ['restore', what, ...store, '--into', copy, '--staging-to', target];
  const restores = [
    [...restore, '--yes'],
    [...restore, '--yes', '--drop-previous'],
  ];
  const runs = [['run', '--json'], ['run']];
  return random.pick([
    ['list'],
    ['list', '--json'],
    ['verify', what, ...store],
    ['verify', '--all', '--max-rate', '0'],
    [...restore, '--dry-run'],
    ...restores,
    ...runs,
    ['prune'],
    ['health'],
    ['doctor'],
    ['accept', what === 'latest' ? good[0]! : what],
    ...(kind === 'archives' ? [...restores, ...restores, ...restores] : []),
    ...(kind === 'notes' ? [...restores, ...runs, ...runs] : []),
  ]);
}

/** The command in the arena, to its end; with what it did. */
async function does(operator: Operator, arena: Arena, args: readonly string[]): Promise<CliEnd> {
  const { root, backups, staging, bucket } = arena;
  const record = join(root, 'record');
  const env = {
    ...bucket.env,
    ...noting(record),
    BACKUP_DIR: backups,
    STAGING_DIR: staging,
    BACKUP_RESTORE_TEST_DIR: join(root, 'restore-tests'),
    BACKUP_RETENTION_DAILY: '30',
    BACKUP_RETENTION_WEEKLY: '30',
    HOME: join(root, 'home'),
    TMPDIR: join(root, 'tmp'),
  };
  const running = operator.start(args, { env, wrapper: ['env', '-C', join(root, 'cwd')] });
  const timer = setTimeout(() => {
    running.kill('SIGKILL');
  }, LONGEST_MS);
  const { strange, peakMb } = await deedsDuring(running.pid, record, running.end);
  clearTimeout(timer);
  await rm(record, { force: true });
  const end = hasToBeSound(args, { ...(await running.end), milliseconds: 0 });
  expect(strange.join(), 'programs that are not known').toBe('');
  expect(peakMb, 'megabytes of memory').toBeLessThan(MOST_MB);
  for (const output of [end.stdout, end.stderr])
    expect(CONTROL.exec(output)?.[0], `control characters in ${output.slice(0, 3000)}`).toBeUndefined();
  return end;
}

/** What lies in an arena around what a command works on; and whether something left a mark. */
function around({ root, backups, target, marks }: Arena): ReadonlyMap<string, string> {
  return new Map([...everythingIn(root, [backups, target]), ...everythingIn(marks, [])]);
}

/** The artifacts of the good sets that the attacker did not touch are what they were, and are found to be. */
async function goodSetsStay(
  operator: Operator,
  { backups: pristine }: Pristine,
  arena: Arena,
): Promise<void> {
  const untouched = arena.good.filter((timestamp) => !arena.touched.has(timestamp));
  for (const tier of ['daily', 'weekly'])
    for (const name of await readdir(join(pristine, tier)).catch(() => []))
      if (untouched.some((timestamp) => name.includes(timestamp)) && !name.startsWith('state-'))
        expect(
          (await readFile(join(arena.backups, tier, name))).equals(
            await readFile(join(pristine, tier, name)),
          ),
          `${name} is what it was`,
        ).toBe(true);
  const BACKUP_DIR = arena.backups;
  const args = ['verify', untouched.at(-1)!, '--store', 'local'];
  // The attacker's own files in the places of the tool's are removed by an operator.
  for (const name of await readdir(BACKUP_DIR))
    if (name.startsWith('.')) await rm(join(BACKUP_DIR, name), { recursive: true });
  const end = await operator.backup(args, { env: { BACKUP_DIR } });
  expect(end.code, `${args.join(' ')}: ${end.stderr}`).toBe(0);
}

/** No restore has changed the live database, or made a role with privileges over the server. */
async function databaseIsAsItWas(
  { database }: Operator,
  { roleIsTrusted }: Arena,
  rows: string,
): Promise<void> {
  const mighty = await database.query(
    `SELECT 1 FROM pg_roles WHERE rolname = '${evilRole(database.database)}' AND (rolsuper OR pg_has_role(oid, 'pg_execute_server_program', 'MEMBER'))`,
  );
  if (!roleIsTrusted) expect(mighty, 'a role with privileges over the server').toBe('');
  expect(await database.query(ROWS), 'the rows of the live database').toBe(rows);
}

/** Removes what a restore has made in the server. */
async function removeCopies({ database }: Operator, copy: string): Promise<void> {
  for (const name of await related({ ...database, database: copy })) await drop(database.client, name);
  const role = evilRole(database.database);
  await database.query(`SET client_min_messages = error; DROP ROLE IF EXISTS "${role}"`);
}

describe('places that others write to', () => {
  it('change nothing else, run nothing, take no memory and no good set', { timeout: patience }, async () => {
    const lanes = new Map<number, Promise<Lane>>();
    const lane = (number: number): Promise<Lane> =>
      lanes.get(number) ?? lanes.set(number, laneOf(number)).get(number)!;
    const kinds = Object.keys(ATTACKS) as (keyof typeof ATTACKS)[];
    for (const kind of kinds)
      await carryOut<Lane>({
        family: 'hostile',
        kind,
        short: 3,
        share: 1 / kinds.length,
        lane,
        program: async ({ operator, pristine }, random, number) => {
          const arena = newArena(pristine);
          const copy = `${pristine.database}_${number}`;
          const also = random.chance(0.3) ? [random.pick(kinds.filter((one) => one !== kind))] : [];
          const did: string[] = [];
          let args: readonly string[] = [];
          try {
            for (const attack of [kind, ...also]) did.push(ATTACKS[attack](arena, random));
            args = commandFor(kind, random, arena, copy);
            const [before, rows] = [around(arena), await operator.database.query(ROWS)];
            const { code } = await does(operator, arena, args);
            expect(differences(before, around(arena)).join('\n'), 'what changed outside').toBe('');
            expect(arena.bucket.strayed, 'requests to another server').toEqual([]);
            expect(
              arena.bucket.changed.filter((key) => !/^backups\/(daily|weekly)\/[^/]+$/.test(key)),
            ).toEqual([]);
            await databaseIsAsItWas(operator, arena, rows);
            await goodSetsStay(operator, pristine, arena);
            return `${args[0]!} ${code!}`;
          } catch (error) {
            throw new Error(
              `after ${did.join(' and ').slice(0, 1000)}, ${args.join(' ')}: ${(error as Error).message}`,
              { cause: error },
            );
          } finally {
            await removeCopies(operator, copy);
            removeArena(arena);
          }
        },
      });
  });
});
