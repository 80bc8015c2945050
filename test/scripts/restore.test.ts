import { chmod, mkdir, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { isRoot } from '../support/small-volume.ts';
import { StubDocker } from './support/stub-docker.ts';

const ALL = { api: 'running', worker: 'running', db: 'running', backup: 'running' } as const;
const STATE = '.geolens-backup-stopped';
const DUMP = 'PGDMP\u0001\u000e and so on';

/** Which services ran before; they have to run afterwards, and no others. */
const HOSTS = [
  { title: 'api and worker run', services: ALL, stopped: ['api', 'worker'] },
  { title: 'only worker runs', services: { ...ALL, api: 'exited' }, stopped: ['worker'] },
  { title: 'neither runs', services: { ...ALL, api: 'exited', worker: 'exited' }, stopped: [] },
  {
    title: 'the project has no worker',
    services: { api: 'running', db: 'running', backup: 'running' },
    stopped: ['api'],
  },
  {
    title: 'the backup container is not up',
    services: { ...ALL, backup: 'exited' },
    stopped: ['api', 'worker'],
  },
] as const;

describe.each(HOSTS)('restore.sh where $title', ({ services, stopped }) => {
  it.each([1, 2] as const)(
    'with Compose %i checks, stops these, restores, and starts these again',
    async (compose) => {
      const docker = await StubDocker.make(services, { compose });
      const before = docker.running();
      const end = await docker.run('restore.sh', ['latest', '--in-place', '--table', 'catalog.my table']);
      expect({ code: end.code, stdout: end.stdout }, end.stderr).toEqual({
        code: 0,
        stdout: 'result of restore\n',
      });
      expect(docker.events()).toEqual(['dry-run began', 'dry-run ended', 'restore began', 'restore ended']);
      expect(docker.argumentsOf('dry-run')).toEqual([
        'restore',
        'latest',
        '--in-place',
        '--table',
        'catalog.my table',
        '--dry-run',
      ]);
      expect(docker.argumentsOf('restore')).toEqual([
        'restore',
        'latest',
        '--in-place',
        '--table',
        'catalog.my table',
        '--yes',
      ]);
      expect(docker.runningDuring('dry-run')).toEqual(before);
      expect(docker.runningDuring('restore')).toEqual(
        before.filter((name) => !(stopped as readonly string[]).includes(name)),
      );
      expect(docker.callsOf('stop')).toHaveLength(stopped.length === 0 ? 0 : 1);
      expect(docker.running()).toEqual(before);
      expect(docker.orphans()).toEqual([]);
      if (stopped.length > 0) expect(end.stderr).toContain(`started again: ${stopped.join(' ')}`);
    },
  );

  it('stops nothing when the dry run refuses, and passes its exit code on', async () => {
    const docker = await StubDocker.make(services);
    await docker.outcome('dry-run', 5);
    const before = docker.running();
    const end = await docker.run('restore.sh', ['20261122_020000']);
    expect(end.code, end.stderr).toBe(5);
    expect(end.stderr).toContain('Nothing was stopped');
    expect(docker.events()).toEqual(['dry-run began', 'dry-run ended']);
    expect([docker.callsOf('stop'), docker.callsOf('start')]).toEqual([[], []]);
    expect(docker.running()).toEqual(before);
    expect(docker.orphans()).toEqual([]);
  });

  it.each([1, 3, 4])('starts them again when the restore ends with %i, and passes that on', async (code) => {
    const docker = await StubDocker.make(services);
    await docker.outcome('restore', code);
    const before = docker.running();
    expect((await docker.run('restore.sh', ['latest'])).code).toBe(code);
    expect(docker.running()).toEqual(before);
    expect(docker.orphans()).toEqual([]);
  });

  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
    ['SIGHUP', 129],
  ] as const)(
    'ends the restore on %s, waits for it, starts them again, and exits with %i',
    async (signal, code) => {
      const docker = await StubDocker.make(services);
      await docker.hold('restore');
      const before = docker.running();
      const script = docker.start('restore.sh', ['latest']);
      await docker.happens('restore began');
      if (signal === 'SIGINT') script.killGroup(signal);
      else script.kill(signal);
      const end = await script.end;
      expect(end.code, end.stderr).toBe(code);
      expect(docker.events().at(-1)).toBe('restore ended by SIGTERM');
      expect(docker.running()).toEqual(before);
      expect(docker.orphans()).toEqual([]);
    },
  );

  it('is killed: the next one starts what ran before the first', { retry: 1 }, async () => {
    const docker = await StubDocker.make(services);
    await docker.hold('restore');
    const before = docker.running();
    const script = docker.start('restore.sh', ['latest']);
    await docker.happens('restore began');
    script.kill('SIGKILL');
    await script.end;
    const during = docker.running();
    expect(during).toEqual(before.filter((name) => !(stopped as readonly string[]).includes(name)));

    const early = await docker.run('restore.sh', ['latest']);
    expect(early.code, early.stderr).toBe(4);
    expect(docker.running()).toEqual(during);

    await docker.release('restore');
    await docker.happens('restore ended');
    let next = await docker.run('restore.sh', ['latest']);
    // As an operator does who is told that the killed one still goes on.
    for (let tries = 0; next.code !== 0 && tries < 20; tries += 1)
      next = await docker.run('restore.sh', ['latest']);
    expect(docker.running(), `${next.code ?? '?'}: ${next.stderr}`).toEqual(before);
    expect(docker.orphans()).toEqual([]);
  });
});

describe('a restore.sh that was killed', () => {
  it.each(['running', 'exited'] as const)(
    'together with its client: while its restore goes on, the next touches nothing (backup was %s)',
    async (backup) => {
      const docker = await StubDocker.make({ ...ALL, backup });
      await docker.hold('restore');
      const script = docker.start('restore.sh', ['latest']);
      await docker.happens('restore began');
      script.kill('SIGKILL');
      await script.end;
      // The client is a child of the script; what it had begun in the container is not.
      docker.killClients();
      const end = await docker.run('restore.sh', ['latest']);
      expect(end.code, end.stderr).toBe(4);
      expect(end.stderr).toContain('goes on in the container');
      expect(docker.running()).not.toContain('api');
      expect(docker.orphans()).toEqual([STATE]);
    },
  );

  it('leaves its list for one whose dry run refuses: that starts them too', async () => {
    const docker = await StubDocker.make({ ...ALL, api: 'exited', worker: 'exited' });
    await writeFile(join(docker.project, STATE), 'service api\n');
    await docker.outcome('dry-run', 5);
    const end = await docker.run('restore.sh', ['latest']);
    expect(end.code).toBe(5);
    expect(end.stderr).toContain('left stopped by a script that was killed: api');
    expect(docker.running()).toEqual(['api', 'backup', 'db']);
    expect(docker.orphans()).toEqual([]);
  });
});

describe('restore.sh beside GeoLens', () => {
  it.each([
    { worker: 'running', stopped: ['api', 'worker'] },
    { worker: 'exited', stopped: ['api'] },
  ] as const)(
    'stops api and worker of its project where they run (worker: $worker), and starts these again',
    async ({ worker, stopped }) => {
      const docker = await StubDocker.make({ ...ALL, worker }, { application: 'geolens' });
      const before = docker.running();
      const end = await docker.run('restore.sh', ['latest']);
      expect({ code: end.code, stdout: end.stdout }, end.stderr).toEqual({
        code: 0,
        stdout: 'result of restore\n',
      });
      expect(docker.runningDuring('restore')).toEqual(
        before.filter((name) => !(stopped as readonly string[]).includes(name)),
      );
      expect(end.stderr).toContain(`started again: ${stopped.map((name) => `geolens/${name}`).join(' ')}`);
      expect(docker.running()).toEqual(before);
      expect(docker.orphans()).toEqual([]);
    },
  );

  it('says in which project they did not start, remembers them, and starts them the next time', async () => {
    const docker = await StubDocker.make(ALL, { application: 'geolens', failing: ['start'] });
    const end = await docker.run('restore.sh', ['latest']);
    expect(end.code, end.stderr).toBe(3);
    expect(end.stderr).toContain('(cd / && docker compose -p geolens start api worker)');
    expect(await readFile(join(docker.project, STATE), 'utf8')).toBe(
      'service geolens/api\nservice geolens/worker\n',
    );
    await docker.set({ failing: [] });
    await docker.run('restore.sh', ['latest']);
    expect(docker.running()).toEqual(['api', 'backup', 'db', 'worker']);
    expect(docker.orphans()).toEqual([]);
  });
});

describe('restore.sh and services', () => {
  it('stops one that restarts over and over: it would come back in the middle of the restore', async () => {
    const docker = await StubDocker.make({ ...ALL, api: 'restarting' });
    await docker.run('restore.sh', ['latest']);
    expect(docker.callsOf('stop')).toEqual(['compose stop api worker']);
  });

  it('has other names for them when it is told', async () => {
    const docker = await StubDocker.make({ web: 'running', api: 'running', saver: 'running' });
    const end = await docker.run('restore.sh', ['latest'], {
      env: { BACKUP_SERVICE: 'saver', RESTORE_STOP_SERVICES: 'web gone' },
    });
    expect(end.code, end.stderr).toBe(0);
    expect(docker.callsOf('stop')).toEqual(['compose stop web']);
  });

  it('does not restore when they cannot be stopped, and starts those that were', async () => {
    const docker = await StubDocker.make(ALL, { failing: ['stop'] });
    const end = await docker.run('restore.sh', ['latest']);
    expect(end.code, end.stderr).toBe(1);
    expect(docker.events()).not.toContain('restore began');
    expect(docker.callsOf('start')).toEqual(['compose start api worker']);
  });

  it.each([
    [0, 3],
    [1, 1],
  ])(
    'says loudly that they did not start, remembers them, and exits with the code that fits a restore with %i',
    async (restore, code) => {
      const docker = await StubDocker.make(ALL, { failing: ['start'] });
      await docker.outcome('restore', restore);
      const end = await docker.run('restore.sh', ['latest']);
      expect(end.code, end.stderr).toBe(code);
      expect(end.stderr).toContain('!!! NOT STARTED, or not all of them: api worker');
      expect(end.stderr).toContain('docker compose start api worker');
      expect(await readFile(join(docker.project, STATE), 'utf8')).toBe('service api\nservice worker\n');
      await docker.set({ failing: [] });
      await docker.run('restore.sh', ['latest']);
      expect(docker.running()).toEqual(['api', 'backup', 'db', 'worker']);
      expect(docker.orphans()).toEqual([]);
    },
  );

  it('starts them again though nobody reads what it says', async () => {
    const docker = await StubDocker.make(ALL);
    await docker.hold('restore');
    const script = docker.start('restore.sh', ['latest']);
    await docker.happens('restore began');
    script.child.stderr!.destroy();
    script.child.stdout!.destroy();
    await docker.release('restore');
    await script.end;
    expect(docker.running()).toEqual(['api', 'backup', 'db', 'worker']);
  });

  it('ends on a signal in the dry run with nothing stopped', async () => {
    const docker = await StubDocker.make(ALL);
    await docker.hold('dry-run');
    const script = docker.start('restore.sh', ['latest']);
    await docker.happens('dry-run began');
    script.kill('SIGTERM');
    expect((await script.end).code).toBe(143);
    expect(docker.events()).toEqual(['dry-run began', 'dry-run ended by SIGTERM']);
    expect(docker.callsOf('stop')).toEqual([]);
  });

  it('lets one at a time work in a project', async () => {
    const docker = await StubDocker.make(ALL);
    await docker.hold('restore');
    const first = docker.start('restore.sh', ['latest']);
    await docker.happens('restore began');
    const second = await docker.run('restore.sh', ['latest']);
    expect(second.code, second.stderr).toBe(4);
    expect(docker.callsOf('start')).toEqual([]);
    await docker.release('restore');
    expect((await first.end).code).toBe(0);
  });
});

describe('restore.sh and Compose', () => {
  it('says so when there is none', async () => {
    const docker = await StubDocker.make(ALL, { compose: 1 });
    await rm(join(docker.folder, 'bin', 'docker-compose'));
    const end = await docker.run('restore.sh', ['latest']);
    expect(end.code).toBe(1);
    expect(end.stderr).toContain("Neither 'docker compose' nor 'docker-compose' works here");
  });

  it('takes the project that COMPOSE_FILE and COMPOSE_PROJECT_NAME name, from where it is called', async () => {
    const docker = await StubDocker.make(ALL, { failing: ['start'] });
    const elsewhere = join(docker.folder, 'elsewhere');
    await mkdir(elsewhere);
    const variables = {
      COMPOSE_FILE: '../project/compose.yaml:../project/more.yaml',
      COMPOSE_PROJECT_NAME: 'other',
    };
    await docker.run('restore.sh', ['latest'], { env: variables, folder: elsewhere });
    for (const call of docker.calls()) expect(call).toMatchObject({ folder: elsewhere, variables });
    expect(docker.orphans()).toEqual([`${STATE}-other`]);
  });

  it('takes the project above the script when there is none where it is called', async () => {
    const docker = await StubDocker.make(ALL);
    const elsewhere = join(docker.folder, 'elsewhere');
    await mkdir(elsewhere);
    await docker.install();
    const end = await docker.run('restore.sh', ['latest'], { folder: elsewhere, installed: true });
    expect(end.code, end.stderr).toBe(0);
    expect(
      docker
        .calls()
        .filter(({ args }) => args.includes('stop'))
        .map(({ folder }) => folder),
    ).toEqual([docker.project]);
  });

  it('takes the project in docker/ beside the script when there is no other', async () => {
    const docker = await StubDocker.make(ALL);
    await docker.install();
    const folder = join(docker.project, 'docker');
    await mkdir(folder);
    await rename(join(docker.project, 'compose.yaml'), join(folder, 'compose.yaml'));
    const end = await docker.run('restore.sh', ['latest'], { installed: true });
    expect(end.code, end.stderr).toBe(0);
    expect(
      docker
        .calls()
        .filter(({ args }) => args.includes('stop'))
        .map((call) => call.folder),
    ).toEqual([folder]);
  });

  it('never runs the .env as a script', async () => {
    const docker = await StubDocker.make(ALL);
    const end = await docker.run('restore.sh', ['latest']);
    expect(end.code, end.stderr).toBe(0);
    expect(docker.orphans()).toEqual([]);
    expect(end.stderr).not.toContain('command not found');
  });

  it('gives the restore a terminal where there is one, and the dry run none', async () => {
    const docker = await StubDocker.make(ALL);
    const end = await docker.run('restore.sh', ['latest', '--yes'], {
      wrapper: (command) => ['script', '--quiet', '--return', '--command', command, '/dev/null'],
    });
    expect(end.code, end.stdout).toBe(0);
    expect(docker.callsOf('exec').map((call) => call.includes('exec -T'))).toEqual([true, false]);
    expect(docker.events().filter((event) => event === 'a terminal')).toHaveLength(1);
  });

  it.each([
    ['n', 1, ['dry-run began', 'dry-run ended']],
    ['y', 0, ['dry-run began', 'dry-run ended', 'restore began', 'a terminal', 'restore ended']],
  ])('asks on a terminal after the check; the answer %s', async (answer, code, events) => {
    const docker = await StubDocker.make(ALL);
    const end = await docker.run('restore.sh', ['latest'], {
      wrapper: (command) => [
        'sh',
        '-c',
        `echo ${answer} | script --quiet --return --command "${command}" /dev/null`,
      ],
    });
    expect(end.stdout).toContain(
      'api and worker stop meanwhile. The check above shows what replaces what. Go on? [y/N]',
    );
    expect({ code: end.code, events: docker.events().toSorted() }, end.stdout).toEqual({
      code,
      events: events.toSorted(),
    });
    expect(docker.callsOf('stop')).toHaveLength(answer === 'y' ? 1 : 0);
    expect(docker.running()).toEqual(['api', 'backup', 'db', 'worker']);
  });

  it('only checks with --dry-run', async () => {
    const docker = await StubDocker.make(ALL);
    const end = await docker.run('restore.sh', ['latest', '--dry-run', '--json']);
    expect({ code: end.code, stdout: end.stdout }).toEqual({ code: 0, stdout: 'result of dry-run\n' });
    expect(docker.argumentsOf('dry-run')).toEqual(['restore', 'latest', '--json', '--dry-run']);
    expect(docker.events()).toEqual(['dry-run began', 'dry-run ended']);
    expect(docker.callsOf('stop')).toEqual([]);
  });

  it('says which variable names the backup service when the project has none of that name', async () => {
    const docker = await StubDocker.make({ api: 'running' });
    const end = await docker.run('restore.sh', ['latest']);
    expect(end.code).toBe(2);
    expect(end.stderr).toContain('no service backup. Set BACKUP_SERVICE');
  });
});

describe('restore.sh and a file', () => {
  it.each(['geolens_20261122_020000.dump', 'it\'s my "dump", of: 2.dump', '-n.dump', '$HOME.dump'])(
    'of this host, %s, hands it in read-only with those beside it',
    async (name) => {
      const docker = await StubDocker.make(ALL);
      const folder = join(docker.folder, 'my dumps');
      await mkdir(folder);
      await writeFile(join(folder, name), DUMP);
      const end = await docker.run('restore.sh', [`../my dumps/${name}`, '--into', 'other']);
      expect(end.code, end.stderr).toBe(0);
      expect(docker.argumentsOf('restore')).toEqual([
        'restore',
        join(folder, name),
        '--into',
        'other',
        '--yes',
      ]);
      const runs = docker.calls().filter(({ args }) => args.includes('run'));
      expect(runs).toHaveLength(2);
      for (const { args } of runs) {
        expect(args.slice(0, 7)).toEqual([
          'compose',
          '--profile',
          'backup',
          'run',
          '--rm',
          '--no-deps',
          '-T',
        ]);
        expect(args[args.indexOf('-v') + 1]).toBe(`${folder}:/restore:ro`);
      }
    },
  );

  it('that is a symbolic link hands in the folder of the file itself', async () => {
    const docker = await StubDocker.make(ALL);
    await mkdir(join(docker.folder, 'real'));
    await writeFile(join(docker.folder, 'real', 'a.dump'), DUMP);
    await symlink('../real/a.dump', join(docker.project, 'newest.dump'));
    expect((await docker.run('restore.sh', ['newest.dump'])).code).toBe(0);
    expect(docker.callsOf('run')[0]).toContain(`${join(docker.folder, 'real')}:/restore:ro`);
  });

  it.each([[['--staging-to', '/staging']], [['--staging-to=/staging']]])(
    'is unpacked by the service restore where the project has it, as %j is for writing',
    async (to) => {
      const docker = await StubDocker.make({ ...ALL, restore: 'exited' });
      expect((await docker.run('restore.sh', ['latest', ...to])).code).toBe(0);
      expect(docker.callsOf('exec')).toEqual([]);
      expect(docker.callsOf('run').map((call) => call.includes(' restore geolens-backup '))).toEqual([
        true,
        true,
      ]);
      const other = await StubDocker.make({ ...ALL, restore: 'exited' });
      expect((await other.run('restore.sh', ['latest'])).code).toBe(0);
      expect(other.callsOf('run')).toEqual([]);
    },
  );

  it('of this host as the staging archive of --staging-from is handed in as well', async () => {
    const docker = await StubDocker.make(ALL);
    await writeFile(join(docker.folder, 'staging.tar.gz'), 'x');
    const end = await docker.run('restore.sh', [
      'latest',
      '--staging-from',
      '../staging.tar.gz',
      '--staging-to',
      '/staging',
    ]);
    expect(end.code, end.stderr).toBe(0);
    expect(docker.argumentsOf('restore')).toEqual([
      'restore',
      'latest',
      '--staging-from',
      join(docker.folder, 'staging.tar.gz'),
      '--staging-to',
      '/staging',
      '--yes',
    ]);
    expect(docker.callsOf('run')[0]).toContain(`${docker.folder}:/restore-staging:ro`);
  });

  it('of the container goes in as it is', async () => {
    const docker = await StubDocker.make(ALL);
    expect((await docker.run('restore.sh', ['/backups/weekly/geolens_20261122_020000.dump'])).code).toBe(0);
    expect(docker.argumentsOf('restore')[1]).toBe('/backups/weekly/geolens_20261122_020000.dump');
    expect(docker.callsOf('run')).toEqual([]);
  });

  it('called latest is meant only with a slash', async () => {
    const docker = await StubDocker.make(ALL);
    await writeFile(join(docker.project, 'latest'), DUMP);
    await docker.run('restore.sh', ['latest']);
    expect(docker.argumentsOf('restore')[1]).toBe('latest');
    await docker.run('restore.sh', ['./latest']);
    expect(docker.argumentsOf('restore')[1]).toBe(join(docker.project, 'latest'));
  });

  const plain = '--\n-- PostgreSQL database dump\n--\n\nSET statement_timeout = 0;\n';
  it.each([
    { title: 'is not there', code: 2, says: 'There is no file ./missing.dump', path: './missing.dump' },
    {
      title: 'is no name of anything',
      code: 2,
      says: 'neither a file here, nor latest, nor a timestamp',
      path: 'lates',
    },
    { title: 'is empty', code: 5, says: 'is empty', content: '' },
    { title: 'is plain SQL', code: 5, says: 'Restore it with psql', content: plain },
    {
      title: 'is plain SQL without comments',
      code: 5,
      says: 'Restore it with psql',
      content: 'SET statement_timeout = 0;\n',
    },
    {
      title: 'is something else',
      code: 5,
      says: 'does not begin as a dump',
      content: '\u0000\u0000\u0000\u0000PGDMP',
    },
    { title: 'is cut within its first bytes', code: 5, says: 'does not begin as a dump', content: 'PGD' },
  ])(
    'that $title is refused before any container is asked',
    async ({ code, says, content, path = 'a file.dump' }) => {
      const docker = await StubDocker.make(ALL);
      if (content !== undefined) await writeFile(join(docker.project, path), content);
      const end = await docker.run('restore.sh', [path]);
      expect(end.code, end.stderr).toBe(code);
      expect(end.stderr).toContain(says);
      expect(docker.calls()).toEqual([]);
    },
  );

  it('that is a folder, or lies in one with a colon, is refused', async () => {
    const docker = await StubDocker.make(ALL);
    await mkdir(join(docker.project, 'a:b'));
    await writeFile(join(docker.project, 'a:b', 'c.dump'), DUMP);
    const end = await docker.run('restore.sh', ['a:b/c.dump']);
    expect([end.code, end.stderr]).toEqual([2, expect.stringContaining('has a colon in its name')]);
    expect((await docker.run('restore.sh', ['./a:b'])).code).toBe(2);
    expect(docker.calls()).toEqual([]);
  });

  it.skipIf(isRoot)('that may not be read is refused', async () => {
    const docker = await StubDocker.make(ALL);
    await writeFile(join(docker.project, 'a.dump'), DUMP);
    await chmod(join(docker.project, 'a.dump'), 0);
    expect((await docker.run('restore.sh', ['a.dump'])).code).toBe(2);
  });

  it('that is cut later on is refused by the dry run, with nothing stopped', async () => {
    const docker = await StubDocker.make(ALL);
    await writeFile(join(docker.project, 'a.dump'), DUMP);
    await docker.outcome('dry-run', 5);
    expect((await docker.run('restore.sh', ['a.dump'])).code).toBe(5);
    expect(docker.callsOf('stop')).toEqual([]);
  });
});

describe('restore.sh and its arguments', () => {
  it.each([[[]], [['--in-place', 'latest']], [['']], [['latest', '--staging-from']]])(
    'refuses %j with its usage and 2',
    async (args) => {
      const docker = await StubDocker.make(ALL);
      const end = await docker.run('restore.sh', args);
      expect([end.code, end.stdout]).toEqual([2, '']);
      expect(end.stderr).toContain('usage: restore.sh');
      expect(docker.calls()).toEqual([]);
    },
  );

  it('prints its usage with --help', async () => {
    const docker = await StubDocker.make(ALL);
    const end = await docker.run('restore.sh', ['--help']);
    expect([end.code, end.stderr]).toEqual([0, '']);
    expect(end.stdout).toContain('RESTORE_STOP_SERVICES (api worker)');
    expect(existsSync(join(docker.folder, 'calls'))).toBe(false);
  });
});
