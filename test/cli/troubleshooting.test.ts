import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it, onTestFinished } from 'vitest';
import { startCluster } from '../support/postgres-cluster.ts';
import { newOperator, type Operator } from '../support/operator.ts';

const PAGE = fileURLToPath(new URL('../../docs/troubleshooting.md', import.meta.url));

interface Mistake {
  readonly title: string;
  /** Variables that are wrong, as the operator writes them. */
  readonly env?: Readonly<Record<string, string>>;
  /** Variables that stand for the place of the test. They are not shown. */
  readonly hidden?: Readonly<Record<string, string>>;
  readonly command: string;
  readonly code: number;
  readonly advice: string;
}

async function mistakes({ database, volume }: Operator): Promise<readonly Mistake[]> {
  const server = await startCluster({ auth: 'scram' });
  onTestFinished(() => server.stop());
  const { hostname, port } = new URL(server.url('postgres'));
  const ofServer = (changes: Readonly<Record<string, string>>): Readonly<Record<string, string>> => ({
    DATABASE_URL: '',
    POSTGRES_HOST: hostname,
    POSTGRES_PORT: port,
    POSTGRES_USER: 'postgres',
    POSTGRES_DB: 'geolens',
    ...changes,
  });
  const text = join(volume.backups, 'geolens.sql');
  await writeFile(text, '--\n-- PostgreSQL database dump\n--\n');
  return [
    {
      title: 'A variable is misspelt',
      env: { BACKUP_RETENTION_DAYS: '14' },
      command: 'list',
      code: 0,
      advice: 'The variable has no effect. Correct its name in `.env`, and run `docker compose up -d` again.',
    },
    {
      title: 'A value is wrong',
      env: { BACKUP_SCHEDULE: '2 am', BACKUP_RETENTION_DAILY: 'seven' },
      command: 'list',
      code: 2,
      advice: 'All wrong variables are reported together. [Configuration](configuration.md) describes each.',
    },
    {
      title: 'The password is missing',
      hidden: ofServer({}),
      command: 'run',
      code: 1,
      advice: 'Set `POSTGRES_PASSWORD`, or `POSTGRES_PASSWORD_FILE` to the path of a file with the password.',
    },
    {
      title: 'The password is wrong',
      env: { POSTGRES_PASSWORD: 'hunter2' },
      hidden: ofServer({}),
      command: 'run',
      code: 1,
      advice:
        'A new password in `.env` does not change that of a database that exists. Change it with `ALTER ROLE … PASSWORD`.',
    },
    {
      title: 'The host of the database is unknown',
      env: { POSTGRES_HOST: 'database.invalid' },
      hidden: ofServer({}),
      command: 'run',
      code: 1,
      advice:
        'In Compose, the host is the name of the service, such as `db`. Both services need a network in common.',
    },
    {
      title: 'The server is not started, or the port is wrong',
      env: { POSTGRES_PORT: '1' },
      hidden: ofServer({}),
      command: 'run',
      code: 1,
      advice:
        'Between containers, the port is that in the container (5432), not the one that is published on the host.',
    },
    {
      title: 'The database does not exist',
      env: { POSTGRES_DB: 'geo' },
      hidden: { DATABASE_URL: database.url.replace(/[^/]+$/, 'geo') },
      command: 'run',
      code: 1,
      advice: '`psql -l` lists the databases of a server.',
    },
    {
      title: 'The folder for the sets is not mounted',
      env: { BACKUP_DIR: '/mnt/backups' },
      command: 'run',
      code: 2,
      advice: 'No command makes this folder: sets beside a mount point that is not mounted would be lost.',
    },
    {
      title: 'Copies on S3 are wanted, and the bucket is missing',
      env: { BACKUP_S3_ENABLED: 'true' },
      command: 'run',
      code: 2,
      advice: 'Set the variables that the message names. [Configuration](configuration.md) describes them.',
    },
    {
      title: 'The S3 endpoint does not answer',
      env: {
        BACKUP_S3_ENABLED: 'true',
        S3_ENDPOINT: 'http://127.0.0.1:1',
        S3_BUCKET: 'backups',
        S3_ACCESS_KEY_ID: 'key',
        S3_SECRET_ACCESS_KEY: 'secret',
      },
      command: 'list --store s3',
      code: 1,
      advice:
        'In a container, `127.0.0.1` is the container itself. Name the service or the host of the store.',
    },
    {
      title: 'The set does not exist',
      command: 'restore 20261122_020000',
      code: 2,
      advice: '`geolens-backup list` shows the timestamps.',
    },
    {
      title: 'The dump is a plain SQL file',
      command: 'restore /backups/geolens.sql',
      code: 5,
      advice:
        '`psql --file=geolens.sql` restores it. Sets of this tool have dumps in the custom format (`pg_dump -Fc`).',
    },
    {
      title: 'An option is misspelt',
      command: 'restore latest --dryrun',
      code: 2,
      advice: '`geolens-backup help restore` lists the options, with examples.',
    },
  ];
}

it('typical mistakes print what docs/troubleshooting.md shows (vitest -u writes it)', async () => {
  const operator = await newOperator();
  const { volume, database } = operator;
  await operator.goodRun();
  const [timestamp] = await operator.sets('daily');
  const shown = (output: string): string =>
    output
      .replaceAll(volume.backups, '/backups')
      .replaceAll(timestamp!, '20261121_020000')
      .replaceAll(database.database, 'geolens')
      .replaceAll(/run \d{8}_\d{6} /g, 'run 20261122_020000 ')
      .replaceAll(/invalid:\d+/g, 'invalid:5432')
      .replaceAll(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ/g, '2026-11-22T02:00:00Z')
      .replaceAll(/127\.0\.0\.1:\d{4,5}/g, 'db:5432')
      .replaceAll(/user "[^"]+"/g, 'user "postgres"')
      .replaceAll(/\b\d+ ms\b/g, '9 ms')
      .replaceAll(/\d+\.\d+ s\b/g, '9 ms')
      .trimEnd();
  const sections: string[] = [];
  for (const { title, env = {}, hidden = {}, command, code, advice } of await mistakes(operator)) {
    const args = command.replaceAll('/backups', volume.backups).split(' ');
    const end = await operator.backup(args, { env: { ...hidden, ...env } });
    expect(end.code, `${title}: ${end.stderr}`).toBe(code);
    const typed = [
      ...Object.entries(env).map(([name, value]) => `${name}=${/\s/.test(value) ? `'${value}'` : value}`),
      'geolens-backup',
      command,
    ];
    sections.push(
      `## ${title}\n\n\`\`\`console\n$ ${typed.join(' ')}\n${shown(end.stderr)}\n\`\`\`\n\n${advice} Exit code: ${code}.\n`,
    );
  }
  await expect(
    [
      '# Troubleshooting\n',
      'Each section has a mistake, what the command prints, and what to do. The outputs are those of the real',
      'commands: a test writes this page. `geolens-backup doctor` finds most of these at once.',
      'All codes and reasons of errors are in [errors](errors.md).\n',
      sections.join('\n'),
    ].join('\n'),
  ).toMatchFileSnapshot(PAGE);
});
