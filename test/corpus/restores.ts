import { geolensBackup, type CliEnd } from '../support/cli.ts';
import type { ClusterClient } from '../support/cluster-client.ts';

/** How one kind of restore ended. */
export interface RestoreStep {
  readonly outcome: 'ok' | 'listed' | 'refused' | 'failed' | 'inconclusive' | 'bad' | 'error';
  readonly seconds: number;
  /** Rows that the database has afterwards, where something was restored. */
  readonly rows?: number;
  /** What is missing, or why it is not restored. */
  readonly reasons: readonly string[];
}

/** How a set is restored in each way; a step that was not needed is absent. */
export interface Restores {
  readonly test: RestoreStep;
  readonly aside: RestoreStep;
  readonly table: RestoreStep;
  readonly inPlace: RestoreStep;
  /** With `--keep-going`, where one of the others did not restore everything. */
  readonly keepGoing?: RestoreStep;
}

export interface RestoresRequest {
  readonly env: Readonly<Record<string, string>>;
  readonly client: ClusterClient;
  readonly database: string;
  /** Counts the rows of the database. */
  readonly count: () => Promise<number>;
}

/** A table with rows that no extension has made, as `--table` takes it. */
const TABLE = `SET client_encoding = UTF8; SELECT pg_catalog.format('%I.%I', n.nspname, c.relname) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND c.relpersistence = 'p' AND c.oid >= 16384 AND n.nspname !~ '^pg_'
    AND NOT EXISTS (SELECT FROM pg_depend WHERE classid = 'pg_class'::regclass AND objid = c.oid AND deptype = 'e') ORDER BY c.oid LIMIT 1`;

const RESTORE = ['restore', 'latest', '--force', '--no-staging', '--yes', '--json'];

/** Tests the newest set, then restores it in each way onto the database that it is of. */
export async function restoreInEachWay(request: RestoresRequest): Promise<Restores> {
  const table = (await request.client.psql(request.database, TABLE)).trim();
  const test = await restoreTest(request);
  const aside = await restore(request, ['--drop-previous']);
  // No argument can be a name that is not UTF-8.
  const selection = table.includes('\ufffd') ? ['--schema', 'public'] : ['--table', table];
  const single = await restore(request, selection);
  const inPlace = await restore(request, ['--in-place']);
  const whole = [aside, inPlace].every(({ outcome }) => outcome === 'ok');
  return {
    test,
    aside,
    table: single,
    inPlace,
    ...(!whole && { keepGoing: await restore(request, ['--drop-previous', '--keep-going']) }),
  };
}

const TEST_OUTCOMES: Readonly<Record<number, RestoreStep['outcome']>> = {
  0: 'ok',
  3: 'inconclusive',
  5: 'bad',
  6: 'failed',
};

async function restoreTest({ env }: RestoresRequest): Promise<RestoreStep> {
  const end = await geolensBackup(['verify', '--restore', '--json'], { env });
  const outcome = TEST_OUTCOMES[end.code ?? -1] ?? 'error';
  return { outcome, seconds: end.milliseconds / 1000, reasons: outcome === 'ok' ? [] : reasonsIn(end) };
}

async function restore({ env, count }: RestoresRequest, options: readonly string[]): Promise<RestoreStep> {
  const end = await geolensBackup([...RESTORE, ...options], { env });
  const seconds = end.milliseconds / 1000;
  if (end.code !== 0 && end.code !== 3)
    return {
      outcome: end.stderr.includes('is not restored, and nothing was changed') ? 'refused' : 'error',
      seconds,
      reasons: reasonsIn(end),
    };
  const { restored } = JSON.parse(end.stdout) as {
    readonly restored?: { readonly incomplete?: readonly string[] };
  };
  const incomplete = restored?.incomplete ?? [];
  return { outcome: end.code === 0 ? 'ok' : 'listed', seconds, rows: await count(), reasons: incomplete };
}

/** Returns what the command calls an error, and what it lists. */
function reasonsIn({ stderr }: CliEnd): readonly string[] {
  return [...stderr.matchAll(/^\S+ ERROR (.*)$|^ {2}(?:- )?(.*)$/gm)].map(
    ([, error, listed]) => error ?? listed ?? '',
  );
}
