import { join } from 'node:path';
import { geolensBackup, RunningCli, type CliEnd } from './cli.ts';
import { anyCluster, freshDatabase, type ClusterFacts, type TestDatabase } from './clusters.ts';
import { freshVolume, type Volume } from './volume.ts';
import { faketimeText, noFaketime, startingAt } from './faketime.ts';

type Variables = Readonly<Record<string, string>>;

/** Where and as whom the command is run. */
export interface Circumstances {
  readonly env?: Variables;
  /** The moment at which the command is started, in UTC. */
  readonly at?: string;
  readonly wrapper?: readonly string[];
}

/** A database, a volume for its sets, and the command configured for both. */
export class Operator {
  readonly database: TestDatabase;
  readonly volume: Volume;
  readonly env: Variables;

  /** @param more variables of the command besides those that it takes to reach both */
  constructor(database: TestDatabase, volume: Volume, more: Variables = {}) {
    this.database = database;
    this.volume = volume;
    this.env = {
      DATABASE_URL: database.url,
      BACKUP_DIR: volume.backups,
      STAGING_DIR: volume.staging,
      BACKUP_PG_BIN_DIR: database.binDir,
      ...more,
    };
  }

  /** The command, to its end. */
  backup(args: readonly string[], circumstances: Circumstances = {}): Promise<CliEnd> {
    return geolensBackup(args, this.options(circumstances));
  }

  /** The command, while it runs. */
  start(args: readonly string[], circumstances: Circumstances = {}): RunningCli {
    return new RunningCli(args, this.options(circumstances));
  }

  /** A run that has to be good. Answers the timestamp of its set. */
  async goodRun(circumstances: Circumstances = {}): Promise<string> {
    const end = await this.backup(['run', '--json'], circumstances);
    if (end.code !== 0) throw new Error(`the run ended with ${end.code ?? end.signal ?? '?'}: ${end.stderr}`);
    return (JSON.parse(end.stdout) as { timestamp: string }).timestamp;
  }

  /** The path of a file in a tier. */
  path(tier: 'daily' | 'weekly', name: string): string {
    return join(this.volume.backups, tier, name);
  }

  /** Timestamps of the manifests in a tier, oldest first. */
  async sets(tier: 'daily' | 'weekly'): Promise<string[]> {
    return (await this.volume.files(tier)).flatMap(
      (name) => /^manifest-(\d{8}_\d{6})\.json$/.exec(name)?.[1] ?? [],
    );
  }

  private options({ env = {}, at, wrapper = [] }: Circumstances): {
    env: Variables;
    wrapper: readonly string[];
  } {
    return { env: { TZ: 'UTC', ...this.env, ...env, ...(at !== undefined && startingAt(at)) }, wrapper };
  }
}

/** An operator with a database of the GeoLens kind and a volume without any set. */
export async function newOperator(cluster: ClusterFacts = anyCluster(), name?: string): Promise<Operator> {
  return new Operator(await freshDatabase(cluster, name === undefined ? {} : { name }), await freshVolume());
}

/**
 * A moment whose set is daily alone, for tests that would see the weekly one of a Sunday: now, or on a Sunday
 * (in UTC), a day ago.
 */
export function onAWeekday(): Circumstances {
  const now = new Date();
  if (now.getUTCDay() !== 0 || noFaketime !== undefined) return {};
  return { at: faketimeText(new Date(now.getTime() - 86_400_000)) };
}

/** The four names that a run leaves in a tier, sorted. */
export function namesOf(database: string, timestamp: string): string[] {
  const companions = [
    `globals-${timestamp}.sql`,
    `manifest-${timestamp}.json`,
    `staging-${timestamp}.tar.gz`,
  ];
  return [`${database}_${timestamp}.dump`, ...companions].sort();
}

/** How often a text holds another. */
export function times(text: string, part: string): number {
  return text.split(part).length - 1;
}
