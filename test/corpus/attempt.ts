import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { geolensBackup, type CliEnd } from '../support/cli.ts';
import { ClusterClient } from '../support/cluster-client.ts';
import type { Cluster } from '../support/cluster.ts';
import type { CorpusCase } from './cases.ts';
import { restoreInEachWay, type Restores } from './restores.ts';

/** How one step of a case ended. */
export interface Step {
  readonly ok: boolean;
  readonly seconds: number;
  /** Warnings of a step that is `ok`, otherwise the reason. */
  readonly messages: readonly string[];
}

/** What became of a case; a step that was not reached is absent. */
export interface Row {
  readonly group: string;
  readonly name: string;
  readonly server: string;
  readonly version?: string;
  /** Why the server cannot have such a database. */
  readonly unavailable?: string;
  /** Rows in the tables of the database, without those of extensions. */
  readonly rows?: number;
  readonly plain?: Step;
  readonly run?: Step;
  readonly verify?: Step;
  /** Rows that the manifest counts. */
  readonly counted?: number;
  /** Rows of tables of extensions that the manifest counts. */
  readonly ofExtensions?: number;
  readonly restores?: Restores;
}

/** The server of a case, and where its dumps are taken from. */
export interface Place {
  readonly primary: Cluster;
  /** Returns the server itself, or a standby that has all of it. */
  source(): Promise<{ readonly host: string; readonly port: number; readonly user: string }>;
}

interface RunJson {
  readonly warnings: readonly string[];
  readonly manifest: { readonly artifacts: readonly Artifact[] };
}

interface Artifact {
  readonly rowCounts?: readonly { readonly rows: number }[];
  readonly extensionRowCounts?: readonly { readonly rows: number }[];
}

/** Exit codes of a run that made a set. */
const MADE = [0, 3];
const LIMIT = { timeout: 10 * 60_000 };

/** Counts in one statement what a dump of the server has; prints nothing else. */
const COUNT = `DO $$ DECLARE each regclass; more bigint; total bigint = 0; BEGIN
    FOR each IN SELECT oid FROM pg_class c WHERE relkind = 'r' AND oid >= 16384 AND (relpersistence = 'p' OR relpersistence = 'u' AND NOT pg_is_in_recovery())
      AND NOT EXISTS (SELECT FROM pg_depend WHERE classid = 'pg_class'::regclass AND objid = c.oid AND deptype = 'e') LOOP
      EXECUTE format('SELECT count(*) FROM ONLY %s', each) INTO more;
      total := total + more;
    END LOOP;
    PERFORM set_config('corpus.rows', total::text, false);
  END $$;
  SELECT current_setting('corpus.rows')`;

/**
 * Makes the database of a case, dumps it with pg_dump and with the command, verifies the set, and restores it in
 * each way if `restores`.
 */
export async function attempt(
  subject: CorpusCase,
  place: Place,
  { restores }: { readonly restores: boolean },
): Promise<Row> {
  const { group, name, server, database = 'corpus', late, role } = subject;
  const row = { group, name, server: server.title };
  const { primary } = place;
  const unavailable = await makeDatabase(subject, primary, database);
  if (unavailable !== undefined) return { ...row, unavailable };
  const source = await place.source();
  const client = new ClusterClient(primary.binDir, { ...source, password: undefined });
  const rows = Number(await client.psql(database, COUNT));
  if (late !== undefined) await primary.psql(database, late);
  const url = `postgresql://${role ?? source.user}@${source.host}:${source.port}/${encodeURIComponent(database)}`;
  const folder = await mkdtemp(join(tmpdir(), 'geolens-corpus-'));
  try {
    const plain = await stepOf(() =>
      client.run('pg_dump', ['-Fc', '-f', join(folder, 'plain'), '-d', url], LIMIT),
    );
    const version = await primary.psql('postgres', 'SHOW server_version');
    const env = await environmentIn(folder, url, primary.binDir);
    const made = { ...row, version, rows, plain, ...(await runAndVerify(env)) };
    if (!restores || server.standby === true || made.verify?.ok !== true) return made;
    const count = async (): Promise<number> => Number(await client.psql(database, COUNT));
    return { ...made, restores: await restoreInEachWay({ env, client, database, count }) };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Returns why the server cannot have the database of an optional case. */
async function makeDatabase(
  { options = '', setup: [first = '', ...others], optional }: CorpusCase,
  { client }: Cluster,
  database: string,
): Promise<string | undefined> {
  const quoted = `"${database.replaceAll('"', '""')}"`;
  const run = (part: CorpusCase['setup'][number]): Promise<string> =>
    client.psql(database, typeof part === 'object' && 'bytes' in part ? inBytes(part.bytes) : part);
  try {
    await client.psql('postgres', `CREATE DATABASE ${quoted} TEMPLATE template0 ${options}`);
    await run(first);
  } catch (error) {
    if (optional) return reasonOf((error as Error).message);
    throw error;
  }
  for (const part of others) await run(part);
  return undefined;
}

/** Sends characters from U+0080 to U+00FF as one byte each. */
function inBytes(sql: string): string {
  const hex = Buffer.from(sql, 'latin1').toString('hex');
  return `DO $x$ BEGIN EXECUTE convert_from('\\x${hex}', getdatabaseencoding()); END $x$`;
}

async function environmentIn(
  folder: string,
  url: string,
  binDir: string,
): Promise<Readonly<Record<string, string>>> {
  const [backups, staging] = [join(folder, 'backups'), join(folder, 'staging')];
  for (const made of [backups, staging]) await mkdir(made);
  await writeFile(join(staging, 'file'), 'x');
  return {
    DATABASE_URL: url,
    BACKUP_DIR: backups,
    STAGING_DIR: staging,
    BACKUP_PG_BIN_DIR: binDir,
    TZ: 'UTC',
  };
}

async function runAndVerify(env: Readonly<Record<string, string>>): Promise<Partial<Row>> {
  let json: RunJson | undefined;
  const run = await stepOf(async () => {
    const { code, stdout, stderr } = await geolensBackup(['run', '--json'], { env });
    if (!MADE.includes(code ?? -1)) throw new Error(stderr);
    json = JSON.parse(stdout) as RunJson;
    return json.warnings;
  });
  if (json === undefined) return { run };
  const verify = await stepOf(async () => {
    const { code, stdout, stderr }: CliEnd = await geolensBackup(['verify'], { env });
    if (code !== 0) throw new Error(stderr + stdout);
  });
  const sum = (key: keyof Artifact): number =>
    json!.manifest.artifacts
      .flatMap((artifact) => artifact[key] ?? [])
      .reduce((all, { rows }) => all + rows, 0);
  return { run, verify, counted: sum('rowCounts'), ofExtensions: sum('extensionRowCounts') };
}

async function stepOf(work: () => Promise<unknown>): Promise<Step> {
  const began = performance.now();
  const since = (): number => (performance.now() - began) / 1000;
  try {
    const messages = await work();
    return { ok: true, seconds: since(), messages: Array.isArray(messages) ? (messages as string[]) : [] };
  } catch (error) {
    return { ok: false, seconds: since(), messages: [reasonOf((error as Error).message)] };
  }
}

/** Returns the line that has the reason, of what psql, pg_dump or the command wrote. */
function reasonOf(text: string): string {
  const lines = text.trim().split('\n');
  return (lines.find((line) => /error/i.test(line)) ?? lines.at(-1) ?? '').replace(/^.*?ERROR:? +/, '');
}
