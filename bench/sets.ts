import { rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Arguments } from './arguments.ts';
import { geolensBackup, settingsFor } from './geolens-backup.ts';
import { fillBucket, filesOfSets, fillVolume } from './many-sets.ts';
import { measure, type Measured } from './measure.ts';
import type { SetsResult } from './results.ts';
import type { Bucket } from './s3-client.ts';
import { S3Space } from './s3-space.ts';
import { say } from './say.ts';
import { startServe, stopServe } from './serve.ts';

const NO_SERVER = { binDir: '', url: () => 'postgresql://nobody@localhost/geolens' };
const BYTES_OF_A_SET = 40_000;
const A_FEW = 10;

/** How long commands take over very many sets, on the volume and on S3. */
export async function measureSets(
  { sets, runs, s3 }: Arguments,
  folder: string,
): Promise<readonly SetsResult[]> {
  const results: SetsResult[] = [];
  const space = s3 ? new S3Space() : undefined;
  try {
    for (const count of sets) {
      const files = filesOfSets(count);
      say(`making ${count} sets`);
      const root = join(folder, 'many');
      const bucket = await space?.bucket(count * BYTES_OF_A_SET);
      if (bucket) await fillBucket(bucket, files);
      // With a bucket first: its commands look at the volume too, and the last of those without one empties
      // it.
      for (const [store, where] of [
        ['s3', bucket],
        ['local', undefined],
      ] as const) {
        if (store === 's3' && where === undefined) continue;
        rmSync(root, { recursive: true, force: true });
        fillVolume(root, files);
        for await (const result of resultsOf({ root, count, runs, store, bucket: where })) {
          say(
            `${result.command}, ${count} sets, ${store}: ${result.seconds.map((seconds) => seconds.toFixed(2)).join(', ')} s`,
          );
          results.push(result);
        }
      }
      rmSync(root, { recursive: true, force: true });
    }
  } finally {
    await space?.close();
  }
  return results;
}

interface Many {
  readonly root: string;
  readonly count: number;
  readonly runs: number;
  readonly store: 'local' | 's3';
  readonly bucket: Bucket | undefined;
}

/** From what changes nothing to what removes nearly all. */
async function* resultsOf({ root, count, runs, store, bucket }: Many): AsyncGenerator<SetsResult> {
  const settings = settingsFor({ cluster: NO_SERVER, backups: root, bucket });
  const times = async (
    command: string,
    args: readonly string[],
    how: { readonly keep?: number; readonly times?: number },
  ): Promise<SetsResult> => {
    const samples: Measured[] = [];
    for (let run = 0; run < (how.times ?? runs); run += 1) {
      const { measured } = await measure(
        geolensBackup(args, { ...settings, BACKUP_RETENTION_DAILY: String(how.keep ?? count - A_FEW) }),
      );
      samples.push(measured);
    }
    return {
      sets: count,
      store,
      command,
      seconds: samples.map(({ seconds }) => seconds),
      peakBytes: Math.max(...samples.map(({ ownPeakBytes }) => ownPeakBytes)),
    };
  };
  yield await times('list', ['list', '--store', store], {});
  yield await times('prune --dry-run', ['prune', '--dry-run'], {});
  yield { ...(await startOf(settings, runs)), sets: count, store };
  if (store === 's3') return; // nothing is ever removed there
  yield await times(`prune, of ${A_FEW} sets`, ['prune'], { times: 1 });
  yield await times('prune, of all but 7', ['prune'], { keep: 7, times: 1 });
}

/** Until `serve` waits for its next run. */
async function startOf(
  settings: Readonly<Record<string, string>>,
  runs: number,
): Promise<Pick<SetsResult, 'command' | 'seconds' | 'peakBytes'>> {
  const seconds: number[] = [];
  let peakBytes = 0;
  for (let run = 0; run < runs; run += 1) {
    const serve = await startServe({ ...settings, BACKUP_ON_START: 'never' }, 'schedule.next');
    seconds.push(serve.seconds);
    peakBytes = Math.max(peakBytes, await stopServe(serve));
  }
  return { command: 'the start of serve', seconds, peakBytes };
}
