import { execFileSync } from 'node:child_process';
import { chmod, mkdir, readdir, readFile, rm, stat, symlink, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { StubDocker } from './support/stub-docker.ts';
import type { StubSettings } from './support/docker-program.ts';

const STATE = '.geolens-backup-stopped';
const ALL = { api: 'running', worker: 'exited', db: 'running', backup: 'running' } as const;
const RUNNING = ['api', 'backup', 'db'];

/** A project whose database has a data folder of PostgreSQL 17, as far as the scripts look. */
async function host(
  settings: Partial<StubSettings> = {},
): Promise<{ docker: StubDocker; data: string; archive: string }> {
  const docker = await StubDocker.make(ALL, settings);
  const data = join(docker.folder, 'volume');
  await docker.set({ volumes: { geolens_pgdata: data } });
  await fill(data, '17', 'first');
  return { docker, data, archive: join(docker.folder, 'my snapshot.tar.gz') };
}

async function fill(data: string, major: string, content: string): Promise<void> {
  await mkdir(join(data, 'global'), { recursive: true });
  await mkdir(join(data, 'base', '1'), { recursive: true });
  await mkdir(join(data, 'pg_wal'), { recursive: true });
  await writeFile(join(data, 'PG_VERSION'), `${major}\n`);
  await writeFile(join(data, 'global', 'pg_control'), content);
  await writeFile(join(data, 'base', '1', '1259'), content.repeat(10_000), { mode: 0o600 });
  await writeFile(join(data, '.hidden name'), content);
}

/**
 * A project whose volume is mounted as images of PostgreSQL 18 do it: the data is in a folder, beside a link
 * that leads nowhere else.
 */
async function host18(settings: Partial<StubSettings> = {}): ReturnType<typeof host> {
  const docker = await StubDocker.make(ALL, {
    mountedAt: '/var/lib/postgresql',
    pgdata: '/var/lib/postgresql/18/docker',
    imageVersion: 'postgres (PostgreSQL) 18.1 (Debian 18.1-1)',
    ...settings,
  });
  const data = join(docker.folder, 'volume');
  await docker.set({ volumes: { geolens_pgdata: data } });
  await fill18(data, 'first');
  return { docker, data, archive: join(docker.folder, 'my snapshot.tar.gz') };
}

async function fill18(data: string, content: string): Promise<void> {
  await fill(join(data, '18', 'docker'), '18', content);
  await symlink('.', join(data, 'data')).catch(() => undefined);
}

/** Every file with its content; kept and unfinished folders only with their names. */
async function contentOf(data: string): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  for (const entry of await readdir(data, { withFileTypes: true, recursive: true })) {
    if (entry.isFile())
      found[join(entry.parentPath, entry.name).slice(data.length + 1)] = await readFile(
        join(entry.parentPath, entry.name),
        'utf8',
      );
  }
  // Long enough to be cut somewhere, and short in a report.
  for (const [name, text] of Object.entries(found))
    found[name] = text.length > 100 ? `${text.slice(0, 20)}… ${text.length}` : text;
  return found;
}

/** An archive of a folder that the test fills; more arguments of tar make it hostile. */
async function archiveOf(
  docker: StubDocker,
  archive: string,
  make: (folder: string) => Promise<void>,
  more: readonly string[] = ['.'],
): Promise<void> {
  const folder = join(docker.folder, 'source');
  await mkdir(folder);
  await make(folder);
  execFileSync('tar', ['-P', '-czf', archive, '-C', folder, ...more]);
}

/** Has tar fail in the container; the checks on the host are made by the real one. */
async function failingTar(docker: StubDocker, option: 'c' | 'x'): Promise<void> {
  await docker.program(
    'tar',
    `#!/bin/sh
case "$* " in *' -${option}zf - '*) [ ${option} = x ] && head -c 1000 >/dev/null; echo 'tar: no space left on device' >&2; exit 2 ;; esac
exec /usr/bin/tar "$@"\n`,
  );
}

describe('snapshot.sh', () => {
  it.each([1, 2] as const)(
    'with Compose %i writes a snapshot, and restores it: the data is the same, the same services run',
    async (compose) => {
      const { docker, data, archive } = await host({ compose });
      const before = await contentOf(data);
      const created = await docker.run('snapshot.sh', ['create', archive]);
      expect(created.code, created.stderr).toBe(0);
      expect((await stat(archive)).mode & 0o777).toBe(0o600);
      expect(docker.running()).toEqual(RUNNING);
      expect(created.stderr).toContain('started again: ');

      await fill(data, '17', 'second');
      await writeFile(join(data, 'base', '1', 'newer'), 'newer');
      const second = await contentOf(data);
      const restored = await docker.run('snapshot.sh', ['restore', archive]);
      expect(restored.code, restored.stderr).toBe(0);
      const kept = (await readdir(data)).filter((name) => name.startsWith('.before-'));
      expect(kept).toHaveLength(1);
      expect(restored.stderr).toContain(`-rf '/data/${kept[0]!}'`);
      expect(await contentOf(join(data, kept[0]!))).toEqual(second);
      const after = await contentOf(data);
      expect(
        Object.fromEntries(Object.entries(after).filter(([name]) => !name.startsWith('.before-'))),
      ).toEqual(before);
      expect((await stat(join(data, 'base', '1', '1259'))).mode & 0o777).toBe(0o600);
      expect(docker.running()).toEqual(RUNNING);
      expect(docker.orphans()).toEqual([]);
    },
  );

  it('stops every service that runs, the database last and with time for its checkpoint, and pulls nothing', async () => {
    const { docker, archive } = await host();
    await docker.run('snapshot.sh', ['create', archive]);
    expect(docker.callsOf('stop')).toEqual([
      'compose stop api',
      'compose --profile backup stop backup',
      'compose stop -t 60 db',
    ]);
    for (const { args } of docker.calls().filter(({ args }) => args[0] === 'run')) {
      expect(args).toContain('sha256:the-image');
      expect(args[args.indexOf('-v') + 1]).toBe('geolens_pgdata:/data:ro');
    }
  });

  it('takes neither what a restore kept nor what one left unfinished into a snapshot', async () => {
    const { docker, data, archive } = await host();
    for (const name of ['.before-20261122_020000', '.incoming-20261122_020000']) {
      await mkdir(join(data, name));
      await writeFile(join(data, name, 'PG_VERSION'), '17\n');
    }
    expect((await docker.run('snapshot.sh', ['create', archive])).code).toBe(0);
    expect(execFileSync('tar', ['-tzf', archive]).toString()).not.toMatch(/before|incoming/);
  });

  it('restores into an empty volume, and what the seed documents as a snapshot', async () => {
    const { docker, archive } = await host();
    const empty = join(docker.folder, 'empty');
    await mkdir(empty);
    await docker.set({ volumes: { geolens_pgdata: empty } });
    await archiveOf(docker, archive, (folder) => fill(folder, '17', 'made by hand'));
    const end = await docker.run('snapshot.sh', ['restore', archive]);
    expect(end.code, end.stderr).toBe(0);
    expect((await contentOf(empty))['global/pg_control']).toBe('made by hand');
  });
});

describe('snapshot.sh where the volume is mounted above the data folder', () => {
  it.each([undefined, 'geolens'])(
    'writes a snapshot of the whole volume, and restores it (services of the project %s)',
    async (application) => {
      const { docker, data, archive } = await host18({ application });
      await writeFile(join(data, '18', 'docker', 'postmaster.pid'), '1');
      const created = await docker.run('snapshot.sh', ['create', archive]);
      expect(created.code, created.stderr).toBe(0);
      expect(execFileSync('tar', ['-tzf', archive]).toString()).not.toContain('postmaster.pid');
      await fill18(data, 'second');
      const restored = await docker.run('snapshot.sh', ['restore', archive]);
      expect(restored.code, restored.stderr).toBe(0);
      const after = await contentOf(data);
      expect(after['18/docker/global/pg_control']).toBe('first');
      expect(
        Object.keys(after).filter((name) => /^\.before-.*\/18\/docker\/postmaster.pid$/.test(name)),
      ).toHaveLength(1);
      expect(docker.running()).toEqual(RUNNING);
      expect(docker.orphans()).toEqual([]);
    },
  );

  it.each([
    ['.', '18', /has its data folder at \. of the volume, db has it at 18\/docker/],
    ['17/docker', '18', /has its data folder at 17\/docker of the volume, db has it at 18\/docker/],
    ['18/docker', '17', /of PostgreSQL 17, the image of db has 18/],
  ])(
    'refuses a snapshot whose data folder %s is of PostgreSQL %s, with nothing stopped',
    async (folder, major, says) => {
      const { docker, data, archive } = await host18();
      await archiveOf(docker, archive, (source) => fill(join(source, folder), major, 'new'));
      const before = await contentOf(data);
      const end = await docker.run('snapshot.sh', ['restore', archive]);
      expect([end.code, end.stderr]).toEqual([2, expect.stringMatching(says)]);
      expect(await contentOf(data)).toEqual(before);
      expect(docker.callsOf('stop')).toEqual([]);
    },
  );

  it('takes the data folder that the server uses of those that an upgrade left in the volume', async () => {
    const { docker, data, archive } = await host18();
    await fill(join(data, '17', 'docker'), '17', 'old');
    expect((await docker.run('snapshot.sh', ['create', archive])).code).toBe(0);
    const end = await docker.run('snapshot.sh', ['restore', archive]);
    expect(end.code, end.stderr).toBe(0);
    expect((await contentOf(data))['17/docker/global/pg_control']).toBe('old');
  });

  it.each(['/elsewhere', '..', './18'])('refuses a volume whose link leads to %s', async (target) => {
    const { docker, data, archive } = await host18();
    await rm(join(data, 'data'));
    await symlink(target, join(data, 'data'));
    const end = await docker.run('snapshot.sh', ['create', archive]);
    expect([end.code, end.stderr]).toEqual([1, expect.stringContaining('lead out of the volume')]);
    expect(docker.callsOf('stop')).toEqual([]);
  });

  it('says where it looked when the volume has no data there', async () => {
    const { docker, data, archive } = await host18();
    await rm(join(data, '18'), { recursive: true });
    const end = await docker.run('snapshot.sh', ['create', archive]);
    expect([end.code, end.stderr]).toEqual([1, expect.stringContaining('holds no PG_VERSION at 18/docker')]);
  });

  it('knows a data folder below the mount of an older version too', async () => {
    const { docker, data, archive } = await host18({
      mountedAt: '/var/lib/postgresql/data',
      pgdata: '/var/lib/postgresql/data/18/docker',
    });
    expect((await docker.run('snapshot.sh', ['create', archive])).code).toBe(0);
    expect((await docker.run('snapshot.sh', ['restore', archive])).code).toBe(0);
    expect((await contentOf(data))['18/docker/PG_VERSION']).toBe('18\n');
  });
});

describe('snapshot.sh beside GeoLens', () => {
  it('stops what runs in its project, the backup of its own project and the database last, and starts all of it again', async () => {
    const { docker, archive } = await host({ application: 'geolens' });
    const end = await docker.run('snapshot.sh', ['create', archive]);
    expect(end.code, end.stderr).toBe(0);
    expect(
      docker
        .calls()
        .map(({ args }) => args.join(' '))
        .filter((call) => / (stop|start) /.test(call)),
    ).toEqual([
      'compose -p geolens stop api',
      'compose --profile backup stop backup',
      'compose -p geolens stop -t 60 db',
      'compose -p geolens start api db',
      'compose --profile backup start backup',
    ]);
    expect(docker.running()).toEqual(RUNNING);
    expect(docker.orphans()).toEqual([]);
  });

  it('says which variables name the project and the database when it has none', async () => {
    const { docker, archive } = await host({ application: 'geolens' });
    const end = await docker.run('snapshot.sh', ['create', archive], { env: { DB_SERVICE: 'database' } });
    expect([end.code, end.stderr]).toEqual([
      1,
      expect.stringMatching(/geolens has no container of database\. Set GEOLENS_PROJECT .* DB_SERVICE/),
    ]);
  });
});

describe('snapshot.sh create', () => {
  it('does not overwrite a file', async () => {
    const { docker, archive } = await host();
    await writeFile(archive, 'precious');
    const end = await docker.run('snapshot.sh', ['create', archive]);
    expect([end.code, end.stderr]).toEqual([2, expect.stringContaining('is not overwritten')]);
    expect(await readFile(archive, 'utf8')).toBe('precious');
    expect(docker.calls()).toEqual([]);
  });

  it('leaves no file and starts the services when tar fails', async () => {
    const { docker, archive } = await host();
    await failingTar(docker, 'c');
    const end = await docker.run('snapshot.sh', ['create', archive]);
    expect(end.code, end.stderr).toBe(1);
    expect((await readdir(docker.folder)).filter((name) => name.startsWith('my snapshot'))).toEqual([]);
    expect(docker.running()).toEqual(RUNNING);
    expect(docker.orphans()).toEqual([]);
  });

  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)(
    'ends tar on %s, leaves no file, starts the services, and exits with %i',
    async (signal, code) => {
      const { docker, archive } = await host();
      await docker.program('tar', '#!/bin/sh\necho tar began >>"$STUB_DOCKER/events"\nexec sleep 60\n');
      const script = docker.start('snapshot.sh', ['create', archive]);
      await docker.happens('tar began');
      expect(docker.running()).toEqual([]);
      script.killGroup(signal);
      const end = await script.end;
      expect(end.code, end.stderr).toBe(code);
      expect((await readdir(docker.folder)).filter((name) => name.startsWith('my snapshot'))).toEqual([]);
      expect(docker.running()).toEqual(RUNNING);
    },
  );

  it('is killed: the next script starts what ran before', { retry: 1 }, async () => {
    const { docker, archive } = await host();
    await docker.program('tar', '#!/bin/sh\necho tar began >>"$STUB_DOCKER/events"\nexec sleep 60\n');
    const script = docker.start('snapshot.sh', ['create', archive]);
    await docker.happens('tar began');
    script.kill('SIGKILL');
    await script.end;
    docker.killAll();
    expect([docker.running(), docker.orphans()]).toEqual([[], [STATE]]);
    await docker.program('tar', '#!/bin/sh\nexec /usr/bin/tar "$@"\n');
    await docker.forgetContainers();
    const end = await docker.run('restore.sh', ['latest']);
    expect(end.code, end.stderr).toBe(0);
    expect(docker.running()).toEqual(RUNNING);
    expect(docker.orphans()).toEqual([]);
  });

  it('refuses a volume of which a snapshot would not hold all, with nothing stopped', async () => {
    const { docker, data, archive } = await host();
    await mkdir(join(data, 'pg_tblspc'));
    await symlink('/elsewhere', join(data, 'pg_tblspc', '16400'));
    const end = await docker.run('snapshot.sh', ['create', archive]);
    expect(end.code, end.stderr).toBe(1);
    expect(end.stderr).toContain('pg_tblspc/16400');
    expect(docker.callsOf('stop')).toEqual([]);
  });

  it('makes none while another container uses the volume', async () => {
    const { docker, archive } = await host({ strangers: ['somebody-else'] });
    const end = await docker.run('snapshot.sh', ['create', archive]);
    expect([end.code, end.stderr]).toEqual([1, expect.stringContaining('still used by: somebody-else')]);
    expect(docker.running()).toEqual(RUNNING);
  });

  it('names the mounts when the data folder is none of them', async () => {
    const { docker, archive } = await host();
    const end = await docker.run('snapshot.sh', ['create', archive], {
      env: { PGDATA_PATH: '/var/lib/postgresql' },
    });
    expect(end.code).toBe(1);
    expect(end.stderr).toContain('geolens_pgdata\t/var/lib/postgresql/data');
    expect(end.stderr).toContain('PGDATA_VOLUME');
  });
});

describe('snapshot.sh restore leaves the volume as it was and every service running', () => {
  /** Restores, which has to be refused before anything is stopped. */
  async function refused(
    { docker, data, archive }: Awaited<ReturnType<typeof host>>,
    code: number,
    says: string | RegExp,
  ): Promise<void> {
    const before = await contentOf(data);
    const end = await docker.run('snapshot.sh', ['restore', archive]);
    expect(end.code, end.stderr).toBe(code);
    expect(end.stderr).toMatch(says);
    expect(await contentOf(data)).toEqual(before);
    expect((await readdir(data)).filter((name) => /incoming|before/.test(name))).toEqual([]);
    expect(docker.callsOf('stop')).toEqual([]);
    expect(docker.running()).toEqual(RUNNING);
    expect(docker.orphans()).toEqual([]);
  }

  it.each([0.999, 0.5, 0.01])('when the archive is cut to %d of its size', async (share) => {
    const made = await host();
    await archiveOf(made.docker, made.archive, async (folder) => {
      await fill(folder, '17', 'new');
      await writeFile(join(folder, 'noise'), execFileSync('head', ['-c', '100000', '/dev/urandom']));
    });
    await truncate(made.archive, Math.floor((await stat(made.archive)).size * share));
    await refused(made, 5, 'does not read through');
  });

  it('when what is compressed is a tar archive that is cut', async () => {
    const made = await host();
    await archiveOf(made.docker, made.archive, (folder) => fill(folder, '17', 'new'));
    execFileSync('sh', [
      '-c',
      'gunzip -c "$1" | head -c 20000 | gzip >"$1.cut" && mv "$1.cut" "$1"',
      'sh',
      made.archive,
    ]);
    await refused(made, 5, 'does not read through');
  });

  it.each([
    { title: 'is no archive', make: (archive: string) => writeFile(archive, 'no archive') },
    { title: 'is empty', make: (archive: string) => writeFile(archive, '') },
  ])('when the file $title', async ({ make }) => {
    const made = await host();
    await make(made.archive);
    await refused(made, 5, 'does not read through');
  });

  it.each(['PG_VERSION', 'global/pg_control'])('when the archive holds no %s', async (name) => {
    const made = await host();
    await archiveOf(made.docker, made.archive, (folder) => fill(folder, '17', 'new'), [
      '--exclude',
      `./${name}`,
      '.',
    ]);
    await refused(made, 5, `holds no ${name}`);
  });

  it.each([
    {
      title: 'an absolute name',
      more: ['--transform', 's,^./base/1/1259,/etc/hostile,', '.'],
      says: 'leads out of the folder: /etc/hostile',
    },
    {
      title: 'a name with ..',
      more: ['--transform', 's,^./base/1/1259,./base/../../hostile,', '.'],
      says: /leads out of the folder: \.\/base\/\.\.\/\.\.\/hostile/,
    },
  ])('when the archive holds $title', async ({ more, says }) => {
    const made = await host();
    await archiveOf(made.docker, made.archive, (folder) => fill(folder, '17', 'new'), more);
    await refused(made, 5, says);
  });

  it('when the archive holds a link', async () => {
    const made = await host();
    await archiveOf(made.docker, made.archive, async (folder) => {
      await fill(folder, '17', 'new');
      await symlink('/etc', join(folder, 'out'));
    });
    await refused(made, 5, /neither a file nor a folder: .* -> \/etc/);
  });

  it('when the archive is of another major version than the image', async () => {
    const made = await host();
    await archiveOf(made.docker, made.archive, (folder) => fill(folder, '15', 'new'));
    await refused(made, 2, 'of PostgreSQL 15, the image of db has 17');
  });

  it('when the volume holds data of another major version', async () => {
    const made = await host({ imageVersion: 'postgres (PostgreSQL) 15.18' });
    await archiveOf(made.docker, made.archive, (folder) => fill(folder, '15', 'new'));
    await refused(made, 2, 'of PostgreSQL 15, the volume geolens_pgdata holds data of 17');
  });

  it('when tar fails', async () => {
    const made = await host();
    await archiveOf(made.docker, made.archive, (folder) => fill(folder, '17', 'new'));
    await failingTar(made.docker, 'x');
    await refused(made, 1, 'could not be unpacked');
  });

  it.each([
    ['aside', 3],
    ['in', 8],
  ])('when a rename fails on the way %s', async (_, at) => {
    const made = await host();
    const { docker, data, archive } = made;
    await archiveOf(docker, archive, (folder) => fill(folder, '17', 'new'));
    await docker.program(
      'mv',
      `#!/bin/sh
case "$*" in *incoming*|*before*) echo mv >>"$STUB_DOCKER/moves"; [ "$(wc -l <"$STUB_DOCKER/moves")" -ne ${at} ] || exit 1 ;; esac
exec /usr/bin/mv "$@"\n`,
    );
    const before = await contentOf(data);
    const end = await docker.run('snapshot.sh', ['restore', archive]);
    expect(end.code, end.stderr).toBe(1);
    expect(await contentOf(data)).toEqual(before);
    expect((await readdir(data)).filter((name) => /incoming|before/.test(name))).toEqual([]);
    expect(docker.running()).toEqual(RUNNING);
  });

  it('when a signal comes while it unpacks', async () => {
    const { docker, data, archive } = await host();
    await archiveOf(docker, archive, (folder) => fill(folder, '17', 'new'));
    const before = await contentOf(data);
    await docker.program(
      'tar',
      `#!/bin/sh
case "$* " in *' -xzf - '*) echo tar began >>"$STUB_DOCKER/events"; exec sleep 60 ;; esac
exec /usr/bin/tar "$@"\n`,
    );
    const script = docker.start('snapshot.sh', ['restore', archive]);
    await docker.happens('tar began');
    script.kill('SIGTERM');
    const end = await script.end;
    expect(end.code, end.stderr).toBe(143);
    expect(docker.callsOf('stop')).toEqual([]);
    expect(await contentOf(data)).toEqual(before);
    expect((await readdir(data)).filter((name) => /incoming|before/.test(name))).toEqual([]);
    expect(docker.running()).toEqual(RUNNING);
  });

  it('when the answer on a terminal is not yes', async () => {
    const { docker, data, archive } = await host();
    await archiveOf(docker, archive, (folder) => fill(folder, '17', 'new'));
    const before = await contentOf(data);
    const end = await docker.run('snapshot.sh', ['restore', archive], {
      wrapper: (command) => ['sh', '-c', `echo n | script --quiet --return --command "${command}" /dev/null`],
    });
    expect([end.code, end.stdout], end.stderr).toEqual([1, expect.stringContaining('Go on? [y/N]')]);
    expect(await contentOf(data)).toEqual(before);
    expect(docker.callsOf('stop')).toEqual([]);
  });
});

describe('snapshot.sh restore', () => {
  it('asks nothing on a terminal with --yes', async () => {
    const { docker, data, archive } = await host();
    await archiveOf(docker, archive, (folder) => fill(folder, '17', 'new'));
    const end = await docker.run('snapshot.sh', ['restore', archive, '--yes'], {
      wrapper: (command) => ['script', '--quiet', '--return', '--command', command, '/dev/null'],
    });
    expect(end.code, end.stdout).toBe(0);
    expect((await contentOf(data))['global/pg_control']).toBe('new');
  });

  it('keeps the services stopped when a swap can neither be done nor taken back, and says where everything is', async () => {
    const { docker, data, archive } = await host();
    await archiveOf(docker, archive, (folder) => fill(folder, '17', 'new'));
    await docker.program(
      'mv',
      `#!/bin/sh
case "$*" in *incoming*|*before*) echo mv >>"$STUB_DOCKER/moves"; [ "$(wc -l <"$STUB_DOCKER/moves")" -lt 8 ] || exit 1 ;; esac
exec /usr/bin/mv "$@"\n`,
    );
    const end = await docker.run('snapshot.sh', ['restore', archive]);
    expect(end.code, end.stderr).toBe(1);
    expect(end.stderr).toMatch(
      /could not be taken back.*\.before-.*\.incoming-.*stay stopped.* api backup db/,
    );
    expect((await readdir(data)).filter((name) => /incoming|before/.test(name))).toHaveLength(2);
    expect(docker.running()).toEqual([]);
  });

  it('exits with 3 when the services do not start again, and remembers them', async () => {
    const { docker, data, archive } = await host({ failing: ['start'] });
    await archiveOf(docker, archive, (folder) => fill(folder, '17', 'new'));
    const end = await docker.run('snapshot.sh', ['restore', archive]);
    expect(end.code, end.stderr).toBe(3);
    expect(end.stderr).toContain('!!! NOT STARTED');
    expect((await contentOf(data))['global/pg_control']).toBe('new');
    expect(docker.orphans()).toEqual([STATE]);
  });
});

describe('snapshot.sh and its arguments', () => {
  it.each([[[]], [['create']], [['restore', 'a', 'b']], [['restore', 'a', '--force']], [['remove', 'a']]])(
    'refuses %j with its usage and 2',
    async (args) => {
      const docker = await StubDocker.make(ALL);
      const end = await docker.run('snapshot.sh', args);
      expect([end.code, end.stdout]).toEqual([2, '']);
      expect(end.stderr).toContain('usage: snapshot.sh create FILE');
    },
  );

  it('prints its usage with --help', async () => {
    const docker = await StubDocker.make(ALL);
    expect(await docker.run('snapshot.sh', ['--help'])).toMatchObject({ code: 0, stderr: '' });
  });

  it('says which file or folder is missing', async () => {
    const { docker } = await host();
    expect((await docker.run('snapshot.sh', ['restore', 'gone.tar.gz'])).stderr).toContain(
      'There is no file gone.tar.gz',
    );
    expect((await docker.run('snapshot.sh', ['create', 'gone/a.tar.gz'])).stderr).toContain(
      'There is no folder gone',
    );
    await mkdir(join(docker.project, 'a:b'));
    await chmod(join(docker.project, 'a:b'), 0o755);
    expect((await docker.run('snapshot.sh', ['create', 'a:b/c.tar.gz'])).code).toBe(0);
  });
});
