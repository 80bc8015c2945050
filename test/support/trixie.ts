import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { withFileLock } from './file-lock.ts';
import { findPostgresPrograms } from './postgres-programs.ts';
import { relocatedBinDir, writeRelocatedPrograms } from './relocated-programs.ts';
import { runProgram } from './run-program.ts';
import { buildTrixie } from './trixie-build.ts';

/**
 * PostgreSQL 17 with PostGIS: `binDir` is all that a caller needs; `root` is the Debian 13 that they come
 * from.
 */
export type Trixie = { readonly root: string; readonly binDir: string } | { readonly unavailable: string };

const CACHE = '/var/cache/geolens-backup';
const LOCK_SECONDS = 15 * 60;
/** Raised when what is built changes: an older cache is then built again. */
const RECIPE = '1';

/**
 * GeoLens's own PostgreSQL: this machine's, if it has 17 with PostGIS (then pgvector only if that is
 * installed too), otherwise a Debian 13 in a cache folder (`GEOLENS_TEST_CACHE`, default
 * /var/cache/geolens-backup) that the first call builds and later ones find in milliseconds. Of several
 * processes one builds and the others wait. Never throws: what stands in the way comes back as `unavailable`.
 */
export async function ensureTrixie({
  log = () => undefined,
}: {
  log?: (line: string) => void;
} = {}): Promise<Trixie> {
  const native = findPostgresPrograms().find(({ major }) => major === 17);
  if (native) return { root: '/', binDir: native.binDir };
  try {
    return await cachedTrixie(cacheFolder(), log);
  } catch (error) {
    return { unavailable: `PostgreSQL 17 is not here and could not be built: ${(error as Error).message}` };
  }
}

/** The folder with that Debian 13, whatever this machine has itself. */
export async function ensureTrixieFolder(log: (line: string) => void): Promise<string> {
  const trixie = await cachedTrixie(cacheFolder(), log);
  if ('unavailable' in trixie) throw new Error(trixie.unavailable);
  return trixie.root;
}

async function cachedTrixie(cache: string, log: (line: string) => void): Promise<Trixie> {
  const root = join(cache, 'trixie');
  const prefix = join(cache, 'trixie-bin');
  const marker = join(prefix, 'complete');
  const found: Trixie = { root, binDir: relocatedBinDir(prefix) };
  if (await isComplete(root, marker)) return found;
  if (process.getuid?.() !== 0)
    return { unavailable: 'PostgreSQL 17 is not installed, and only root can build a Debian 13 that has it' };
  if (!['/usr/sbin/debootstrap', '/usr/bin/debootstrap'].some((path) => existsSync(path)))
    return {
      unavailable:
        'PostgreSQL 17 is not installed, and neither is debootstrap, which could fetch it (apt-get install debootstrap)',
    };
  await mkdir(cache, { recursive: true });
  await chmod(cache, 0o755);
  return withFileLock(join(cache, 'trixie.lock'), LOCK_SECONDS, async () => {
    if (await isComplete(root, marker)) return found;
    await buildTrixie(root, log);
    await writeRelocatedPrograms(root, prefix);
    await runProgram(join(relocatedBinDir(prefix), 'psql'), ['--version']);
    await writeFile(marker, RECIPE);
    return found;
  });
}

/** Where what takes long to make is kept. An empty variable counts as none. */
export function cacheFolder(): string {
  const chosen = process.env['GEOLENS_TEST_CACHE'] ?? '';
  return chosen === '' ? CACHE : resolve(chosen);
}

async function isComplete(root: string, marker: string): Promise<boolean> {
  return (
    existsSync(join(root, 'usr/lib/postgresql')) &&
    (await readFile(marker, 'utf8').catch(() => '')) === RECIPE
  );
}
