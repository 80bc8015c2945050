import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { smallDatabase } from '../../adapter-postgres/support/small-database.ts';
import { ageKeys, type Keys } from '../../adapter-age/support/keys.ts';
import { removeRelatives } from '../../cli/restore/support/restorer.ts';
import { faketimeText, noFaketime } from '../../support/faketime.ts';
import { Operator } from '../../support/operator.ts';
import { secretOf } from '../../cli/support/secrets.ts';
import { freshBucket, replicaEnv, type TestBucket } from '../../support/buckets.ts';
import type { CliEnd, RunningCli } from '../../support/cli.ts';
import { clearFaketimeOrphans } from '../../support/faketime-orphans.ts';
import { clusters, type ClusterFacts } from '../../support/clusters.ts';
import { freshVolume } from '../../support/volume.ts';
import { orphansOf } from './orphans.ts';
import { decrypted } from './decrypted.ts';
import { placeInBucket, placeOnVolume, type Place } from './place.ts';
import type { Random } from '../../support/random.ts';
import { sunday } from './sunday.ts';
import { Witness, type Sight } from './witness.ts';

type Variables = Readonly<Record<string, string>>;

const DAY_MS = 86_400_000;
const TWO_O_CLOCK_MS = 2 * 3_600_000;
const KEEP = { daily: 3, weekly: 2 };
const GONE_WITHIN_MS = 10_000;

/** How the sets of a scene are encrypted. */
interface SceneEncryption {
  readonly mode: 'replicas' | 'all';
  readonly keys: Keys;
}

/** An installation with a few tables, a few files and, if wanted, a bucket; whose sets are watched. */
export class Scene {
  readonly keep = KEEP;
  readonly operator: Operator;
  readonly bucket: TestBucket | undefined;
  readonly witness: Witness;
  /**
   * The scene's own time, in milliseconds: later than that of this machine, by which its first set is made.
   */
  #now = sundayAfter(Date.now() + 7 * DAY_MS);
  /** What there is, as long as nobody has done anything since. */
  #seen: Sight | undefined;

  constructor(operator: Operator, bucket?: TestBucket, encryption?: SceneEncryption) {
    this.operator = operator;
    this.bucket = bucket;
    const encrypted = (place: Place): Place =>
      encryption === undefined ? place : decrypted(place, encryption.keys);
    const volume = placeOnVolume(operator.volume.backups);
    const places = [
      encryption?.mode === 'all' ? encrypted(volume) : volume,
      ...(bucket === undefined ? [] : [encrypted(placeInBucket(bucket))]),
    ];
    this.witness = new Witness(operator, places);
  }

  /** The command, to its end, at the scene's own time. */
  does(args: readonly string[], env: Variables = {}): Promise<CliEnd> {
    this.#seen = undefined;
    return this.operator.backup(args, { env, ...this.#time() });
  }

  /** The command, while it runs. */
  begins(args: readonly string[], env: Variables = {}): RunningCli {
    this.#seen = undefined;
    return this.operator.start(args, { env, ...this.#time() });
  }

  /** Some days go by, mostly to a Saturday or a Sunday. */
  daysPass(random: Random): void {
    this.#now += DAY_MS * random.pick([1, 1, 2, 5, 6, 7]);
  }

  /** The next Sunday comes. */
  toSunday(): void {
    this.#now = sundayAfter(this.#now);
  }

  /** The clock is set. */
  isNow(milliseconds: number): void {
    this.#now = milliseconds;
  }

  #time(): { readonly at?: string } {
    return noFaketime === undefined ? { at: faketimeText(new Date(this.#now)) } : {};
  }

  /**
   * Does something bad, after which nothing may be lost, and a normal run has to be good. Answers what it
   * hit.
   */
  async costsNothing(harm: () => Promise<string>, keep = this.keep): Promise<string> {
    const before = this.#seen ?? (await this.witness.inspect());
    const hit = await harm();
    const after = await this.witness.inspect();
    this.witness.nothingLost(before, after, { keep });
    await this.recovers(after);
    return hit;
  }

  /**
   * A run that has to be good, after which nothing may be left of what went wrong before, and nothing lost
   * since. Where somebody has tampered with sets, they may be damaged, and files of his, below the folder of
   * the sets, may be there.
   */
  async recovers(
    before: Sight,
    {
      tampered = false,
      foreign = [],
    }: { readonly tampered?: boolean; readonly foreign?: readonly string[] } = {},
  ): Promise<Sight> {
    const end = await this.does(['run', '--json']);
    if (end.code !== 0)
      throw new Error(`the next run ended with ${end.code ?? end.signal ?? '?'}: ${end.stderr}`);
    const after = await this.witness.inspect({ tampered });
    this.witness.agrees(end, after);
    this.witness.nothingLost(before, after, { keep: this.keep });
    await this.isClean(foreign);
    this.#seen = after;
    return after;
  }

  /** Nothing is left; a program or a session may take a moment to be gone. */
  async isClean(foreign: readonly string[] = []): Promise<void> {
    clearFaketimeOrphans();
    const giveUpAt = Date.now() + GONE_WITHIN_MS;
    for (;;) {
      const left = (await orphansOf(this.operator, this.bucket)).filter((what) => !foreign.includes(what));
      if (left.length === 0) return;
      if (Date.now() > giveUpAt) throw new Error(`left behind: ${left.join('; ')}`);
    }
  }
}

/**
 * A folder of its own for temporary servers, where what is left of them is seen: with a short path, and open to
 * the user that they have.
 */
async function restoreTestFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'gl-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  await chmod(folder, 0o711);
  return folder;
}

/** Makes the installation number n: they take turns on the servers. */
export async function newScene(
  number: number,
  {
    s3 = false,
    encrypt,
    cluster = clusters()[number % clusters().length]!,
  }: {
    readonly s3?: boolean;
    readonly encrypt?: SceneEncryption['mode'] | undefined;
    readonly cluster?: ClusterFacts;
  } = {},
): Promise<Scene> {
  const database = await smallDatabase(cluster);
  const bucket = s3 ? await freshBucket() : undefined;
  const volume = await freshVolume();
  await rm(join(volume.staging, 'uploads', 'raster.tif'));
  await writeFile(join(volume.staging, 'uploads', 'raster.tif'), Buffer.alloc(200_000, 'raster'));
  removeRelatives(database);
  const { user, host, port } = database;
  // The servers trust everybody; the password is there to be kept secret.
  const url = `postgresql://${user}:${encodeURIComponent(secretOf('Password'))}@${host}:${port}/${database.database}`;
  const encryption = encrypt && { mode: encrypt, keys: await ageKeys() };
  const settings = {
    BACKUP_RETENTION_DAILY: String(KEEP.daily),
    BACKUP_RESTORE_TEST_DIR: await restoreTestFolder(),
    BACKUP_RETENTION_WEEKLY: String(KEEP.weekly),
    ...(bucket !== undefined && { ...replicaEnv(bucket), S3_TIMEOUT_SECONDS: '2' }),
    ...(encryption !== undefined && {
      BACKUP_ENCRYPT: encryption.mode,
      BACKUP_AGE_RECIPIENTS: encryption.keys.recipient,
    }),
  };
  return new Scene(new Operator({ ...database, url }, volume, settings), bucket, encryption);
}

/** Two o'clock of the first Sunday that begins after this moment. */
function sundayAfter(milliseconds: number): number {
  return sunday(milliseconds + DAY_MS) + TWO_O_CLOCK_MS;
}
