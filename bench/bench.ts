import { spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { startGateway, type Gateway } from '../test/support/gateway.ts';
import type { Cluster } from '../test/support/cluster.ts';
import { startCluster } from '../test/support/postgres-cluster.ts';
import { ensureTrixie } from '../test/support/trixie.ts';
import { measureList } from './list-speed.ts';
import { fillDatabase, fillStaging } from './yardstick.ts';

/*
 * npm run bench [-- --database-mb 930 --staging-mb 1100 --runs 3 --s3 --drill --at 2026-11-22T02:00:00Z]
 *               [-- --list 10000 --s3]
 * A whole run of the built command on the yardstick database, on every server version that can be had here. With --s3 every set
 * is also copied to a Ceph gateway in memory, with --drill its restore is rehearsed (`prove`); --at tells the command another time, a Sunday for example (needs faketime).
 * With --list: how long `list` takes over so many sets instead, the first time and afterwards.
 */
const BIN = fileURLToPath(new URL('../packages/runner/bin/geolens-backup.js', import.meta.url));
const BUCKET = 'bench';
const PEAK = new URL('report-peak.mjs', import.meta.url).href;

interface Measurement {
  readonly seconds: number;
  readonly peakMb: number;
  readonly nodeCpuSeconds: number;
  readonly phases: string;
}

const { values } = parseArgs({
  options: {
    'database-mb': { type: 'string', default: '930' },
    'staging-mb': { type: 'string', default: '1100' },
    runs: { type: 'string', default: '3' },
    s3: { type: 'boolean', default: false },
    drill: { type: 'boolean', default: false },
    at: { type: 'string' },
    list: { type: 'string' },
  },
});
const say = (line: string): void => { process.stdout.write(`${line}\n`); };
const folder = mkdtempSync(join(tmpdir(), 'geolens-backup-bench-'));
const staging = join(folder, 'staging');
let gateway: Gateway | undefined;
try {
  gateway = values.s3 ? await gatewayOrFail() : undefined;
  if (values.list === undefined) await benchRuns();
  else await benchList(Number(values.list));
} finally {
  await gateway?.stop();
  rmSync(folder, { recursive: true, force: true });
}

async function benchList(count: number): Promise<void> {
  for (const [store, [cold, ...warm]] of Object.entries(await measureList(folder, count, gateway))) say(`list --store ${store}, ${count} sets: ${cold!.toFixed(2)} s at first, then ${warm.map((seconds) => seconds.toFixed(2)).join(' and ')} s`);
}

async function benchRuns(): Promise<void> {
  fillStaging(staging, Number(values['staging-mb']));
  const trixie = await ensureTrixie();
  say(`${cpus().length} cores; database ${values['database-mb']} MB, staging ${values['staging-mb']} MB; median of ${values.runs} runs`);
  say('server  seconds  node peak MB  node cpu s  phases (s)');
  for (const binDir of [undefined, 'binDir' in trixie ? trixie.binDir : undefined].slice(0, 'binDir' in trixie ? 2 : 1)) {
    const cluster = await startCluster(binDir === undefined ? {} : { binDir });
    try {
      await fillDatabase(cluster, Number(values['database-mb']));
      const runs = Array.from({ length: Number(values.runs) }, () => measure(cluster));
      const { seconds, peakMb, nodeCpuSeconds, phases } = runs.sort((one, other) => one.seconds - other.seconds)[Math.floor(runs.length / 2)]!;
      say(`${String(cluster.major).padEnd(6)}  ${seconds.toFixed(1).padStart(7)}  ${peakMb.toFixed(0).padStart(12)}  ${nodeCpuSeconds.toFixed(1).padStart(10)}  ${phases}`);
    } finally {
      await cluster.stop();
    }
  }
}

function measure(cluster: Cluster): Measurement {
  const [backups, peakFile] = [join(folder, 'backups'), join(folder, 'peak.json')];
  rmSync(backups, { recursive: true, force: true });
  mkdirSync(backups);
  const env = {
    PATH: process.env['PATH'],
    DATABASE_URL: cluster.url('geolens'),
    BACKUP_PG_BIN_DIR: cluster.binDir,
    BACKUP_DIR: backups,
    STAGING_DIR: staging,
    // As the command's own first line has it; it is started by its path here, to be sure of the version of Node.
    NODE_OPTIONS: `--max-semi-space-size=1 --v8-pool-size=1 --import=${PEAK}`,
    BENCH_PEAK_FILE: peakFile,
    ...(values.drill && { BACKUP_VERIFY: 'restore' }),
    ...s3Environment(cluster),
  };
  const [file, ...rest] = [...(values.at === undefined ? [] : ['faketime', values.at]), process.execPath, BIN, 'run', '--json'];
  const began = performance.now();
  const { status, stdout, stderr } = spawnSync(file, rest, { env, encoding: 'utf8' });
  const seconds = (performance.now() - began) / 1000;
  if (status !== 0) throw new Error(`geolens-backup run exited with ${status ?? 'a signal'}:\n${stderr}`);
  const { maxRssKb, cpuMicroseconds } = JSON.parse(readFileSync(peakFile, 'utf8')) as { maxRssKb: number; cpuMicroseconds: number };
  const { phases } = JSON.parse(stdout) as { phases: { phase: string; artifact?: string; milliseconds: number }[] };
  const long = phases.filter(({ milliseconds }) => milliseconds >= 50);
  return {
    seconds,
    peakMb: maxRssKb / 1000,
    nodeCpuSeconds: cpuMicroseconds / 1_000_000,
    phases: long.map(({ phase, artifact, milliseconds }) => `${[phase, artifact].filter(Boolean).join(' ')} ${(milliseconds / 1000).toFixed(1)}`).join(', '),
  };
}

async function gatewayOrFail(): Promise<Gateway> {
  const started = await startGateway();
  if ('unavailable' in started) throw new Error(`--s3: ${started.unavailable}`);
  const { endpoint, accessKeyId, secretAccessKey } = started;
  const client = new S3Client({ endpoint, region: 'us-east-1', forcePathStyle: true, credentials: { accessKeyId, secretAccessKey } });
  await client.send(new CreateBucketCommand({ Bucket: BUCKET }));
  client.destroy();
  return started;
}

/** A prefix for each run: otherwise the next one would find everything there. */
function s3Environment(cluster: Cluster): Record<string, string> {
  if (gateway === undefined) return {};
  return {
    BACKUP_S3_ENABLED: 'true',
    S3_ENDPOINT: gateway.endpoint,
    S3_BUCKET: BUCKET,
    S3_ACCESS_KEY_ID: gateway.accessKeyId,
    S3_SECRET_ACCESS_KEY: gateway.secretAccessKey,
    S3_PREFIX: `${cluster.major}/${randomUUID()}`,
  };
}
