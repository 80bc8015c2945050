import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const CEPH = ['ceph-mon', 'ceph-osd', 'ceph-common', 'radosgw'];
const CEPH_PROGRAMS = ['ceph', 'ceph-mon', 'ceph-osd', 'radosgw', 'radosgw-admin'];
const CHROMIUM = ['chromium-headless-shell', 'chromium', 'google-chrome', 'chromium-browser'];

/**
 * What the tests and the demonstration need of the system, each with the Debian packages that bring it.
 * Without one that is `optional`, something is slower, or some tests are skipped and say so.
 */
const NEEDS = [
  {
    what: 'PostgreSQL 15 or newer with PostGIS',
    packages: ['postgresql', 'postgresql-postgis'],
    present: hasPostgis,
  },
  {
    what: 'flock and setpriv',
    packages: ['util-linux'],
    present: () => hasProgram('flock') && hasProgram('setpriv'),
  },
  {
    what: 'age',
    packages: ['age'],
    present: () => hasProgram('age') && hasProgram('age-keygen'),
    forTests: true,
  },
  { what: 'minisign', packages: ['minisign'], present: () => hasProgram('minisign'), forTests: true },
  { what: 'GNU tar', packages: ['tar'], present: () => hasProgram('tar') },
  { what: 'igzip', packages: ['isal'], present: () => hasProgram('igzip'), optional: true },
  { what: 'pigz', packages: ['pigz'], present: () => hasProgram('pigz'), optional: true, forTests: true },
  {
    what: 'faketime',
    packages: ['faketime'],
    present: () => hasProgram('faketime'),
    optional: true,
    forTests: true,
  },
  { what: 'curl', packages: ['curl'], present: () => hasProgram('curl'), optional: true, forTests: true },
  {
    what: 'Chromium',
    packages: ['chromium-headless-shell'],
    present: () => CHROMIUM.some(hasProgram),
    optional: true,
    forTests: true,
  },
  {
    what: 'Ceph with the RADOS Gateway',
    packages: CEPH,
    present: () => CEPH_PROGRAMS.every(hasProgram),
    optional: true,
    forTests: true,
  },
  {
    what: 'debootstrap',
    packages: ['debootstrap'],
    present: () => hasProgram('debootstrap'),
    optional: true,
    forTests: true,
  },
  {
    what: 'a Docker engine',
    packages: ['docker.io', 'iptables'],
    present: hasEngine,
    optional: true,
    forContainer: true,
  },
];

/** One for each restore test that tests make at the same time. */
const ACCOUNTS = ['', '-2', '-3', '-4', '-5', '-6'].map((number) => `geolens-restore-test${number}`);

const NO_MAIN_CLUSTER = '/etc/postgresql-common/createcluster.d/geolens-backup-no-main-cluster.conf';
const ENVIRONMENT = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', LC_ALL: 'C' };

/**
 * Sees to it that the system has what the tests need. Root on Debian or Ubuntu gets what is missing
 * installed, and no PostgreSQL server is set up or started by that; everybody else is told the one command
 * that does it. Ends the process with code 1 when something is missing that nothing works without; only warns
 * about the rest.
 */
export function ensureSystemPackages({ tests = true, container = false } = {}) {
  if (process.getuid?.() === 0) makeAccounts();
  const missing = NEEDS.filter(
    (need) => (tests || !need.forTests) && (container || !need.forContainer) && !need.present(),
  );
  if (missing.length === 0) return;
  const failure = installable() ? install(missing) : undefined;
  const left = missing.filter((need) => !need.present());
  const fatal = left.some(({ optional }) => !optional);
  for (const need of fatal ? [] : left)
    say(`warning: ${need.what} is missing: the tests that use it are skipped`);
  if (left.length > 0) explain(left, failure);
  if (fatal) process.exit(1);
}

function installable() {
  return process.getuid?.() === 0 && hasProgram('apt-get');
}

/**
 * Installs everything, or, if that fails, what can be had of it. Gives what apt said when something could
 * not.
 */
function install(needs) {
  say(`installing: ${packagesOf(needs)}`);
  const update = apt(['update']);
  const failure = withoutMainCluster(() => {
    const all = apt(installCommand(needs));
    if (all === undefined || needs.length === 1) return all;
    // One package that this system does not have must not keep the others away.
    const failures = needs.map((need) => apt(installCommand([need]))).filter(Boolean);
    return failures.length === 0 ? undefined : failures.join('\n');
  });
  return failure === undefined ? undefined : [update, failure].filter(Boolean).join('\n');
}

function explain(needs, failure) {
  const required = needs.filter(({ optional }) => !optional).map(({ what }) => what);
  if (failure) say(failure);
  if (required.length > 0) say(`error: missing on this system: ${required.join(', ')}`);
  if (!hasProgram('apt-get')) say('install what is missing with the tools of your system');
  else if (!installable()) say(`run: sudo apt-get ${installCommand(needs).join(' ')}`);
  else if (required.length > 0) say(`the packages ${packagesOf(needs)} of this system do not bring it`);
}

/** Debian sets up and starts a server with the first PostgreSQL that is installed, unless told otherwise. */
function withoutMainCluster(work) {
  mkdirSync(dirname(NO_MAIN_CLUSTER), { recursive: true });
  writeFileSync(NO_MAIN_CLUSTER, 'create_main_cluster = false\n');
  try {
    return work();
  } finally {
    rmSync(NO_MAIN_CLUSTER, { force: true });
  }
}

/** Gives nothing when apt succeeds, and all that it wrote when it fails. */
function apt(args) {
  const { status, error, stdout, stderr } = spawnSync(
    'apt-get',
    ['-q', '-o', 'DPkg::Lock::Timeout=300', ...args],
    { env: ENVIRONMENT, encoding: 'utf8', maxBuffer: Infinity, stdio: ['ignore', 'pipe', 'pipe'] },
  );
  return status === 0
    ? undefined
    : `apt-get ${args[0]} failed: ${error?.message ?? ''}\n${stdout ?? ''}${stderr ?? ''}`.trim();
}

function installCommand(needs) {
  return ['install', '-y', '--no-install-recommends', ...packagesOf(needs).split(' ')];
}

function packagesOf(needs) {
  return needs.flatMap(({ packages }) => packages).join(' ');
}

/** Root makes the accounts that run the servers of restore tests. */
function makeAccounts() {
  for (const name of ACCOUNTS) {
    if (spawnSync('id', ['-u', name]).status === 0) continue;
    const options = ['--system', '--user-group', '--no-create-home', '--shell', '/usr/sbin/nologin'];
    const { status } = spawnSync('useradd', [...options, name], { stdio: 'inherit' });
    if (status !== 0) say(`warning: the account ${name} could not be made: restore tests are inconclusive`);
  }
}

/** Superusers' programs are looked for too, wherever the path of this user leads. */
function hasProgram(name) {
  const folders = [...(process.env.PATH ?? '').split(':'), '/usr/local/sbin', '/usr/sbin', '/sbin'];
  return folders.some((folder) => folder !== '' && existsSync(join(folder, name)));
}

/** One that can be started, or answers: as a service, on another machine. */
function hasEngine() {
  return (
    hasProgram('docker') &&
    (hasProgram('dockerd') || spawnSync('docker', ['version'], { stdio: 'ignore' }).status === 0)
  );
}

function hasPostgis() {
  if (!existsSync('/usr/lib/postgresql')) return false;
  return readdirSync('/usr/lib/postgresql').some((major) => {
    const programs = ['initdb', 'postgres', 'pg_dump'].map(
      (name) => `/usr/lib/postgresql/${major}/bin/${name}`,
    );
    const extension = `/usr/share/postgresql/${major}/extension/postgis.control`;
    return Number(major) >= 15 && [...programs, extension].every((file) => existsSync(file));
  });
}

function say(line) {
  process.stderr.write(`${line}\n`);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) ensureSystemPackages();
