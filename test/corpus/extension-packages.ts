import { chmod, mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { withFileLock } from '../support/file-lock.ts';
import { runProgram } from '../support/run-program.ts';
import { cacheFolder } from '../support/trixie.ts';

/** A PostgreSQL 15 with all extensions that Debian packages for it, or the reason why there is none. */
export type ExtensionPrograms = { readonly binDir: string } | { readonly unavailable: string };

const LOCK_SECONDS = 15 * 60;
const APT_MS = 5 * 60_000;
const LANGUAGES = ['plperl', 'plpython3', 'pltcl'].map((name) => `postgresql-${name}-15`);

/**
 * Unpacks the server and each package `postgresql-15-*`, with what they depend on, into the cache folder.
 * Nothing is installed. Later calls take what the first one unpacked. Never throws.
 */
export async function ensureExtensionPrograms(): Promise<ExtensionPrograms> {
  const cache = cacheFolder();
  const root = join(cache, 'extensions-15');
  try {
    if (process.getuid?.() !== 0) return { unavailable: 'only root can run apt-get install' };
    await mkdir(cache, { recursive: true });
    return await withFileLock(`${root}.lock`, LOCK_SECONDS, async () => {
      if (!existsSync(root)) await unpackInto(root);
      return { binDir: join(root, 'usr/lib/postgresql/15/bin') };
    });
  } catch (error) {
    return { unavailable: (error as Error).message };
  }
}

/** The folder appears under its name when it is whole. */
async function unpackInto(root: string): Promise<void> {
  const building = `${root}.building`;
  await rm(building, { recursive: true, force: true });
  await mkdir(join(building, 'packages/partial'), { recursive: true });
  await chmod(building, 0o755);
  await apt('update');
  const names = (await runProgram('apt-cache', ['pkgnames', 'postgresql-15-'])).trim().split('\n');
  await apt(
    ...['install', '-y', '--no-install-recommends', '--reinstall', '--download-only'],
    ...['-o', `Dir::Cache::archives=${join(building, 'packages')}`, '-o', 'Debug::NoLocking=1'],
    ...['postgresql-15', 'postgresql-client-15', ...LANGUAGES],
    ...names.filter((name) => !/-(doc|dbgsym)$/.test(name)),
  );
  for (const name of await readdir(join(building, 'packages')))
    if (name.endsWith('.deb')) await runProgram('dpkg', ['-x', join(building, 'packages', name), building]);
  await rm(join(building, 'packages'), { recursive: true });
  await nameControls(join(building, 'usr/share/postgresql/15/extension'));
  await runProgram('sh', ['-c', COMPLETE_LINKS, 'sh', join(building, 'usr/lib')]);
  await wrapServer(building, root);
  await rename(building, root);
}

/** A link to a library that the machine has is made one to the machine's. */
const COMPLETE_LINKS = `cd "$1" && find *-linux-gnu* -type l ! -exec test -e {} \\; -print | while read -r link; do
  target=/usr/lib/$(dirname "$link")/$(readlink "$link"); if [ -e "$target" ]; then ln -sf "$target" "$link"; fi; done`;

/** Gives the control files of PostGIS the names that its package makes alternatives of. */
async function nameControls(folder: string): Promise<void> {
  for (const name of await readdir(folder))
    if (name.endsWith('-3.control')) await rename(join(folder, name), join(folder, name.replace('-3.', '.')));
}

/** The server finds the libraries of the unpacked packages by a small script that goes before it. */
async function wrapServer(building: string, root: string): Promise<void> {
  const bin = 'usr/lib/postgresql/15/bin';
  const triplet = (await readdir(join(building, 'usr/lib'))).find((name) => name.includes('-linux-gnu'));
  const folders = [`usr/lib/${triplet}`, `lib/${triplet}`, 'usr/lib', 'usr/lib/R/lib'];
  await rename(join(building, bin, 'postgres'), join(building, bin, 'postgres.unpacked'));
  const script = `#!/bin/sh
export LD_LIBRARY_PATH='${folders.map((folder) => join(root, folder)).join(':')}' R_HOME='${root}/usr/lib/R' PYTHONHOME=/usr
exec '${join(root, bin, 'postgres.unpacked')}' "$@"
`;
  await writeFile(join(building, bin, 'postgres'), script, { mode: 0o755 });
}

/** Apt's own user may not write into a folder of root's. */
function apt(...args: readonly string[]): Promise<string> {
  return runProgram('apt-get', ['-q', '-o', 'APT::Sandbox::User=root', ...args], {
    timeout: APT_MS,
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive', LC_ALL: 'C' },
  });
}
