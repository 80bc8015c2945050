import { access, constants, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { withFileLock } from './file-lock.ts';
import { runProgram } from './run-program.ts';
import { cacheFolder } from './trixie.ts';

export type Promtool = { readonly path: string } | { readonly unavailable: string };

const LOCK_SECONDS = 5 * 60;
const APT_MS = 2 * 60_000;
/** Raised when what is unpacked changes. */
const RECIPE = '1';

/**
 * Prometheus' tool for rules: this machine's, otherwise that of Debian's package, which is unpacked into the
 * cache folder (or one in the user's home) and not installed, for to install it starts a server. Of several
 * processes one fetches it and the others wait. Never throws.
 */
export async function findPromtool(): Promise<Promtool> {
  if (await succeeds(runProgram('promtool', ['--version']))) return { path: 'promtool' };
  try {
    return { path: await cachedPromtool() };
  } catch (error) {
    return { unavailable: `promtool is not here and could not be fetched: ${(error as Error).message}` };
  }
}

async function cachedPromtool(): Promise<string> {
  const shared = cacheFolder();
  if (await isComplete(join(shared, 'promtool'))) return programIn(join(shared, 'promtool'));
  await mkdir(shared, { recursive: true }).catch(() => undefined);
  const cache = (await succeeds(access(shared, constants.W_OK)))
    ? shared
    : join(homedir(), '.cache/geolens-backup');
  await mkdir(cache, { recursive: true });
  const folder = join(cache, 'promtool');
  return withFileLock(`${folder}.lock`, LOCK_SECONDS, async () => {
    if (!(await isComplete(folder))) await unpackInto(folder);
    return programIn(folder);
  });
}

async function unpackInto(folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder);
  const archive = await download(folder);
  await runProgram('dpkg', ['-x', archive, folder]);
  await rm(archive);
  await runProgram(programIn(folder), ['--version']);
  await writeFile(join(folder, 'complete'), RECIPE);
}

/** Lists that are missing or too old are fetched first, where that is allowed. */
async function download(folder: string): Promise<string> {
  // Apt's own user may not write into a folder of root's.
  const apt = (...args: string[]): Promise<string> =>
    runProgram('env', ['-C', folder, 'apt-get', '-q', '-o', 'APT::Sandbox::User=root', ...args], {
      timeout: APT_MS,
    });
  try {
    await apt('download', 'prometheus');
  } catch (error) {
    if (process.getuid?.() !== 0) throw error;
    await apt('update');
    await apt('download', 'prometheus');
  }
  const name = (await readdir(folder)).find((one) => one.endsWith('.deb'));
  if (name === undefined) throw new Error('apt-get downloaded no package');
  return join(folder, name);
}

const programIn = (folder: string): string => join(folder, 'usr/bin/promtool');

async function isComplete(folder: string): Promise<boolean> {
  return (await readFile(join(folder, 'complete'), 'utf8').catch(() => '')) === RECIPE;
}

async function succeeds(work: Promise<unknown>): Promise<boolean> {
  return work.then(
    () => true,
    () => false,
  );
}
