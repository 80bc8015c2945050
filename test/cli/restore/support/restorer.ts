import { rm } from 'node:fs/promises';
import { onTestFinished } from 'vitest';
import { smallDatabase } from '../../../adapter-postgres/support/small-database.ts';
import { type CliEnd } from '../../../support/cli.ts';
import { freshDatabase, type ClusterFacts, type TestDatabase } from '../../../support/clusters.ts';
import { freshVolume } from '../../../support/volume.ts';
import { Operator, type Circumstances } from '../../../support/operator.ts';
import { related } from './databases.ts';

export interface RestorerOptions {
  readonly name?: string;
  /**
   * `geolens`: the fixture; `slim` (the default): without its few megabytes of pictures; `small`: a few
   * tables.
   */
  readonly content?: 'geolens' | 'slim' | 'small';
}

/**
 * An operator who restores: a database, a volume without staging files, and the command configured for both.
 */
export class Restorer extends Operator {
  /** `restore` to its end, as JSON on stdout. */
  restore(args: readonly string[], circumstances: Circumstances = {}): Promise<CliEnd> {
    return this.backup(['restore', '--no-staging', '--json', ...args], circumstances);
  }

  /** A restore that has to succeed. Answers its report. */
  async goodRestore(args: readonly string[], circumstances: Circumstances = {}): Promise<RestoreJson> {
    const end = await this.restore(args, circumstances);
    if (end.code !== 0)
      throw new Error(`the restore ended with ${end.code ?? end.signal ?? '?'}: ${end.stderr}`);
    return JSON.parse(end.stdout) as RestoreJson;
  }

  /** The path of the dump of a run. */
  dumpOf(timestamp: string): string {
    return this.path('daily', `${this.database.database}_${timestamp}.dump`);
  }

  /** SQL in any database of the server. */
  ask(sql: string, database = this.database.database): Promise<string> {
    return this.database.client.psql(database, sql);
  }
}

/** What `restore --json` prints. */
export interface RestoreJson {
  readonly outcome: string;
  readonly database: string;
  readonly previous?: string;
  readonly restored?: {
    readonly rows: readonly { schema: string; table: string; rows: number }[];
    readonly notes: readonly string[];
    readonly incomplete: readonly string[];
    readonly restorableDependents?: number;
  };
  readonly recovered: readonly string[];
  readonly warnings: readonly string[];
  readonly errors: readonly { readonly code: string; readonly message: string }[];
}

export async function newRestorer(
  cluster: ClusterFacts,
  { name, content = 'slim' }: RestorerOptions = {},
): Promise<Restorer> {
  const options = name === undefined ? {} : { name };
  const database =
    content === 'small' ? await smallDatabase(cluster, options) : await freshDatabase(cluster, options);
  if (content === 'slim') await database.query('TRUNCATE catalog.thumbnails');
  removeRelatives(database);
  const volume = await freshVolume();
  await rm(volume.staging, { recursive: true });
  return new Restorer(database, volume);
}

/** What restores make of a database goes with it, when the test is finished. */
export function removeRelatives({ client, database }: TestDatabase): void {
  onTestFinished(async () => {
    for (const name of await related({ client, database })) await drop(client, name);
  });
}

/** Removes a database, which need not be there. */
export async function drop(client: TestDatabase['client'], name: string): Promise<void> {
  await client.psql(
    'postgres',
    `SET client_min_messages = error; DROP DATABASE IF EXISTS "${name.replaceAll('"', '""')}" WITH (FORCE)`,
  );
}
