import { chmod, mkdir, readFile, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { aptSettings, debianMirror } from './debian-mirror.ts';
import { runProgram } from './run-program.ts';

const PACKAGES = ['postgresql-17-postgis-3', 'postgresql-17-pgvector', 'isal'];
const STEP_TIMEOUT_MS = 10 * 60_000;
const ENVIRONMENT = {
  ...process.env,
  PATH: `${process.env['PATH'] ?? ''}:/usr/sbin:/sbin`,
  DEBIAN_FRONTEND: 'noninteractive',
  LC_ALL: 'C.UTF-8',
};
const CERTIFICATES = '/etc/ssl/certs/ca-certificates.crt';

/**
 * Makes a folder with Debian 13, PostgreSQL 17, PostGIS and pgvector, by debootstrap and apt, with this
 * machine's mirror and apt settings. It appears under its name when it is whole. No server is set up or
 * started in it. Needs root.
 */
export async function buildTrixie(root: string, log: (line: string) => void): Promise<void> {
  const mirror = debianMirror();
  if (mirror === undefined)
    throw new Error('apt of this machine names no Debian mirror in /etc/apt/sources.list or sources.list.d');
  await removeUnfinished(root);
  const building = `${root}.building-${process.pid}`;
  try {
    log(`building Debian 13 with PostgreSQL 17 in ${root}, once (about a minute)`);
    await step('debootstrap', ['--variant=minbase', 'trixie', building, mirror]);
    await chmod(building, 0o755);
    await prepareApt(building);
    await step('chroot', [building, 'apt-get', '-q', 'update']);
    await step('chroot', [
      building,
      'apt-get',
      '-q',
      'install',
      '-y',
      '--no-install-recommends',
      '-o',
      'Dpkg::Options::=--force-unsafe-io',
      ...PACKAGES,
    ]);
    await step('chroot', [building, 'apt-get', 'clean']);
    await step('chroot', [building, 'sh', '-c', WITHOUT_ABSOLUTE_LINKS]);
    await removeTree(root);
    await rename(building, root);
  } catch (cause) {
    await removeTree(building);
    throw cause;
  }
}

/**
 * PostgreSQL's files are also used from outside of the folder, where an absolute link would lead elsewhere.
 */
const WITHOUT_ABSOLUTE_LINKS = `find /usr/share/postgresql /usr/lib/postgresql /usr/lib/*-linux-gnu* -type l -lname '/*' |
  while read -r link; do target=$(readlink -e "$link") && [ -f "$target" ] && cp --remove-destination "$target" "$link"; done; true`;

async function prepareApt(root: string): Promise<void> {
  for (const [name, text] of aptSettings()) await place(root, `etc/apt/apt.conf.d/${name}`, text);
  if (existsSync(CERTIFICATES)) await place(root, CERTIFICATES, await readFile(CERTIFICATES));
  await place(root, 'etc/resolv.conf', await readFile('/etc/resolv.conf').catch(() => ''));
  await place(root, 'etc/postgresql-common/createcluster.d/no-main.conf', 'create_main_cluster = false\n');
  await place(root, 'usr/sbin/policy-rc.d', '#!/bin/sh\nexit 101\n', 0o755);
}

async function place(root: string, path: string, content: string | Buffer, mode = 0o644): Promise<void> {
  const file = join(root, path);
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, content);
  await chmod(file, mode);
}

/** A step ends when this process does. */
async function step(command: string, args: readonly string[]): Promise<void> {
  await runProgram('setpriv', ['--pdeathsig', 'TERM', '--', command, ...args], {
    timeout: STEP_TIMEOUT_MS,
    env: ENVIRONMENT,
  });
}

/** Clears away what killed builds left. Something that one of them still holds is left to the next build. */
async function removeUnfinished(root: string): Promise<void> {
  const names = (await readdir(dirname(root))).filter((name) =>
    name.startsWith(`${basename(root)}.building-`),
  );
  for (const name of names) await removeTree(join(dirname(root), name)).catch(() => undefined);
}

/**
 * Removes a tree that an interrupted debootstrap may have left mounts in: those of the machine's own /proc
 * and /sys must not be entered.
 */
async function removeTree(path: string): Promise<void> {
  const mounts = (await readFile('/proc/mounts', 'utf8')).split('\n').map((line) => line.split(' ')[1] ?? '');
  for (const mount of mounts.filter((each) => each.startsWith(`${path}/`)).reverse())
    await runProgram('umount', [mount]);
  await rm(path, { recursive: true, force: true });
}
