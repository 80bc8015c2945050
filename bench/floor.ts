import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Place } from './geolens-backup.ts';
import { measure, type CommandLine } from './measure.ts';
import { finishedFiles } from './ours.ts';
import type { Sample } from './results.ts';

const path = (name: string): string => fileURLToPath(new URL(name, import.meta.url));
const FASTER_GZIPS = ['igzip', 'pigz'];
const FIRST_WITH_ZSTD = 16;

export interface FloorPlace extends Place {
  readonly major: number;
  /** How our dump was compressed. */
  readonly compression: string;
}

/**
 * What nobody can beat: reading database and files side by side, compressed as ours and kept nowhere, and
 * then sending the finished bytes of our set once. The seconds of the sending are without the start of Node.
 */
export async function measureFloor(place: FloorPlace): Promise<Sample> {
  const { measured: reading } = await measure(readingCommand(place));
  if (place.bucket === undefined) return { ...reading, bytes: 0 };
  const { measured: sending, stdout } = await measure(sendingCommand(place));
  const sent = JSON.parse(stdout) as { seconds: number; bytes: number };
  return {
    seconds: reading.seconds + sent.seconds,
    cpuSeconds: reading.cpuSeconds + sending.cpuSeconds,
    ownPeakBytes: sending.ownPeakBytes,
    treePeakBytes: Math.max(reading.treePeakBytes, sending.treePeakBytes),
    bytes: sent.bytes,
    phases: { 'dump and archive, to nowhere': reading.seconds, 'upload, once': sent.seconds },
  };
}

/** The same with all three at once: the sending does not wait for what it sends, which was made before. */
export async function measureAllAtOnce(place: FloorPlace): Promise<Sample> {
  const { file, args } = sendingCommand(place);
  const reading = readingCommand(place);
  const { measured, stdout } = await measure({ ...reading, args: [file, ...args] });
  return { ...measured, bytes: (JSON.parse(stdout) as { bytes: number }).bytes };
}

function readingCommand({ cluster, staging, major, compression }: FloorPlace): CommandLine {
  const isThere = (name: string): boolean => spawnSync(name, ['--version'], { stdio: 'ignore' }).status === 0;
  const gzip = FASTER_GZIPS.find(isThere) ?? 'gzip';
  const env = {
    PATH: process.env['PATH'],
    PG_BIN: cluster.binDir,
    DATABASE_URL: cluster.url('geolens'),
    STAGING_DIR: staging,
    COMPRESSION: pgDumpCompression(compression, major),
    GZIP_COMMAND: `${gzip} -1`,
  };
  return { file: path('floor.sh'), args: [], env };
}

function sendingCommand({ backups, bucket }: FloorPlace): CommandLine {
  return {
    file: process.execPath,
    args: [path('upload-once.ts'), JSON.stringify(bucket), ...finishedFiles(backups)],
    env: { PATH: process.env['PATH'] },
  };
}

/** As pg_dump takes it; what an older one cannot do itself is left out, and is then no part of the floor. */
function pgDumpCompression(compression: string, major: number): string {
  if (major >= FIRST_WITH_ZSTD) return compression;
  return /^gzip:(\d)$/.exec(compression)?.[1] ?? '0';
}
