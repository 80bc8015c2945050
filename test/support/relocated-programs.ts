import { chmod, mkdir, readdir, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { join } from 'node:path';

const MAJOR = '17';

/** Where the programs of a folder made by {@link writeRelocatedPrograms} are. */
export function relocatedBinDir(prefix: string): string {
  return join(prefix, 'lib/postgresql', MAJOR, 'bin');
}

/**
 * Makes the PostgreSQL programs of another Debian, unpacked in `root`, usable from outside of it: on this
 * machine's paths, by any user, with no chroot. `prefix` becomes a folder of small scripts, laid out as
 * Debian does, that run each program with the C library and the libraries of its own system; it appears when
 * it is whole.
 *
 * Each script replaces itself, so signals reach the program. The program is told the script's path as its
 * own: by that PostgreSQL's programs find each other, and the server its libraries and extensions.
 */
export async function writeRelocatedPrograms(root: string, prefix: string): Promise<void> {
  const { loader, libraries } = await systemLibraries(root);
  const building = `${prefix}.building`;
  await rm(building, { recursive: true, force: true });
  await mkdir(relocatedBinDir(building), { recursive: true });
  await mkdir(join(building, 'share/postgresql'), { recursive: true });
  await symlink(
    join(root, 'usr/lib/postgresql', MAJOR, 'lib'),
    join(building, 'lib/postgresql', MAJOR, 'lib'),
  );
  await symlink(join(root, 'usr/share/postgresql', MAJOR), join(building, 'share/postgresql', MAJOR));
  const programs = join(root, 'usr/lib/postgresql', MAJOR, 'bin');
  for (const name of await readdir(programs)) {
    const script = `#!/bin/sh
export LOCPATH='${root}/usr/lib/locale' PROJ_DATA='${root}/usr/share/proj'
exec '${loader}' --library-path '${libraries}' --argv0 '${join(relocatedBinDir(prefix), name)}' '${join(programs, name)}' "$@"
`;
    await writeFile(join(relocatedBinDir(building), name), script);
    await chmod(join(relocatedBinDir(building), name), 0o755);
  }
  await rm(prefix, { recursive: true, force: true });
  await rename(building, prefix);
}

/** The dynamic loader of a system and its folder of libraries, named by the processor: `x86_64-linux-gnu`. */
async function systemLibraries(root: string): Promise<{ loader: string; libraries: string }> {
  const folders = (await readdir(join(root, 'usr/lib')))
    .filter((name) => name.includes('-linux-gnu'))
    .map((name) => join(root, 'usr/lib', name));
  for (const libraries of folders.filter((folder) => existsSync(folder))) {
    const loader = (await readdir(libraries)).find((name) => /^ld-linux.*\.so\.\d+$/.test(name));
    if (loader !== undefined) return { loader: join(libraries, loader), libraries };
  }
  throw new Error(`no dynamic loader in ${root}/usr/lib: is a Debian system there?`);
}
