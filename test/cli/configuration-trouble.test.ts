import { describe, expect, it } from 'vitest';
import { geolensBackup } from '../support/cli.ts';
import { freshVolume } from '../support/volume.ts';
import { times } from '../support/operator.ts';

describe('a wrong configuration', () => {
  it.each([['run'], ['serve'], ['list'], ['prune'], ['config']])(
    'ends `%s` with 2 and all problems at once, before anything is touched',
    async (command) => {
      const volume = await freshVolume();
      const env = {
        BACKUP_DIR: volume.backups,
        BACKUP_SCHEDULE: '0 25 * * *',
        BACKUP_RETENTION_DAILY: '0',
        BACKUP_RETENTION_WEEKLY: 'seven',
        BACKUP_S3_ENABLED: 'maybe',
        DATABASE_URL: 'postgresql://u:hush-hush@h',
      };
      const end = await geolensBackup([command], { env });
      expect({ code: end.code, stdout: end.stdout }).toEqual({ code: 2, stdout: '' });
      expect(end.stderr).toMatch(/^geolens-backup: the configuration has 5 problems:\n( {2}- [^\n]+\n){5}$/);
      for (const name of Object.keys(env).slice(1)) expect(times(end.stderr, `- ${name}`), name).toBe(1);
      expect(end.stderr).not.toContain('hush');
      expect(await volume.everything()).toEqual([]);
    },
  );

  it('is told by one line for one problem', async () => {
    const end = await geolensBackup(['config'], { env: { BACKUP_RETENTION_DAILY: '0' } });
    expect(end.stderr).toBe(
      'geolens-backup: the configuration has 1 problem:\n  - BACKUP_RETENTION_DAILY="0" has to be a whole number of at least 1\n',
    );
  });
});

describe('a variable that is not ours', () => {
  it('is warned of on stderr, and nothing else changes', async () => {
    const end = await geolensBackup(['config', '--json'], {
      env: { BACKUP_KEEP_DAYS: '3', SCHEDULE: '@daily' },
    });
    expect(end.code).toBe(0);
    expect(end.stderr).toContain(
      'WARN  BACKUP_KEEP_DAYS is not a variable of geolens-backup and has no effect; did you mean BACKUP_RETENTION_DAILY?',
    );
    expect(end.stderr).toContain('did you mean BACKUP_SCHEDULE?');
    expect(JSON.parse(end.stdout)).toContainEqual({
      name: 'BACKUP_RETENTION_DAILY',
      value: '7',
      origin: 'default',
    });
  });
});

describe('the built command', () => {
  it.each([[['--help']], [['--version']], [['run', '--help']]])(
    'prints %j to stdout and exits with 0',
    async (args) => {
      const end = await geolensBackup(args, { env: {} });
      expect({ code: end.code, stderr: end.stderr }).toEqual({ code: 0, stderr: '' });
      expect(end.stdout.length).toBeGreaterThan(4);
    },
  );

  it.each([[['destroy']], [['run', '--quickly']], [['run', 'now']], [[]]])(
    'refuses %j with 2',
    async (args) => {
      const end = await geolensBackup(args, { env: {} });
      expect({ code: end.code, stdout: end.stdout }).toEqual({ code: 2, stdout: '' });
      expect(end.stderr).toContain('--help');
    },
  );

  it('shows its configuration as a table, the database that DATABASE_URL names, and no secret', async () => {
    const end = await geolensBackup(['config'], {
      env: { DATABASE_URL: 'postgresql://me:hush-hush@far:77/real' },
    });
    expect(end.code).toBe(0);
    expect(end.stdout).toMatch(/^VARIABLE +VALUE +FROM\nBACKUP_SCHEDULE +0 2 \* \* \* +default\n/);
    expect(end.stdout).toMatch(/^POSTGRES_HOST +far +DATABASE_URL$/m);
    expect(end.stdout).toMatch(/^DATABASE_URL +\[redacted\] +environment$/m);
    expect(end.stdout + end.stderr).not.toContain('hush');
  });
});
