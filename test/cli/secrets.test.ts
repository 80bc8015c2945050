import { dirname, join } from 'node:path';
import { writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import { freshBucket, replicaEnv } from '../support/buckets.ts';
import { geolensBackup, RunningCli } from '../support/cli.ts';
import type { Cluster } from '../support/cluster.ts';
import { freePort } from '../support/free-port.ts';
import { startCluster } from '../support/postgres-cluster.ts';
import { receiver, type Received } from '../support/receiver.ts';
import { freshVolume, type Volume } from '../support/volume.ts';
import { commandLinesDuring, notesIn, secretOf, tracesIn } from './support/secrets.ts';

type Variables = Record<string, string>;

const SCHEMA = fileURLToPath(new URL('../fixtures/geolens.sql', import.meta.url));
const PASSWORD = secretOf('Database');
const WRONG = secretOf('Wrong');
const CLUSTER_SECRETS = `CREATE ROLE keeper SUPERUSER LOGIN PASSWORD '${PASSWORD.replaceAll("'", "''")}'; CREATE ROLE other LOGIN PASSWORD 'x'`;

let asked = 0;
/** The log's two forms by turns. */
const format = (): string => (asked++ % 2 === 0 ? 'text' : 'json');

/**
 * Every variable that is secret, and those that may hold one, with values that make each of them fail at the
 * start.
 */
const MALFORMED: readonly (readonly [string, Variables])[] = [
  ['no URL at all', { DATABASE_URL: secretOf('Malformed') }],
  [
    'a port that is none',
    { DATABASE_URL: `postgresql://keeper:${secretOf('Malformed')}@127.0.0.1:port/geolens` },
  ],
  [
    'another scheme',
    { DATABASE_URL: `mysql://keeper:${encodeURIComponent(secretOf('Malformed'))}@127.0.0.1/geolens` },
  ],
  [
    'a query that is unknown',
    {
      DATABASE_URL: `postgresql://keeper:x@127.0.0.1/geolens?password=${encodeURIComponent(secretOf('Malformed'))}&sslmode=maybe`,
    },
  ],
  ['a ping URL that is none', { BACKUP_PING_URL: secretOf('Malformed') }],
  [
    'a webhook of another scheme',
    { BACKUP_WEBHOOK_URL: `ftp://me:${encodeURIComponent(secretOf('Malformed'))}@127.0.0.1/x` },
  ],
  [
    'half of the keys',
    { BACKUP_S3_ENABLED: 'true', S3_ACCESS_KEY_ID: '', S3_SECRET_ACCESS_KEY: secretOf('Malformed') },
  ],
  [
    'an endpoint with a password',
    {
      BACKUP_S3_ENABLED: 'true',
      S3_BUCKET: 'b',
      S3_ENDPOINT: `http://me:${encodeURIComponent(secretOf('Malformed'))}@127.0.0.1:1/`,
    },
  ],
  ['a variable that is written wrong', { BACKUP_PING_URLS: secretOf('Malformed'), BACKUP_SCHEDULE: 'never' }],
  [
    'both forms of a variable',
    {
      POSTGRES_PASSWORD: secretOf('Malformed'),
      POSTGRES_PASSWORD_FILE: '/dev/null',
      BACKUP_SCHEDULE: 'never',
    },
  ],
];

describe.skipIf(inject('gateway') === undefined)(
  'nothing that the tool prints, answers, sends or notes has a secret in it',
  () => {
    let cluster: Cluster;
    let volume: Volume;
    let env: Variables;
    let sent: Received[];

    beforeAll(async () => {
      cluster = await startCluster({ auth: 'scram' });
      await cluster.psql('postgres', CLUSTER_SECRETS);
      await cluster.createDatabase('geolens');
      await cluster.psql('geolens', { file: SCHEMA });
    });
    afterAll(() => cluster.stop());

    beforeEach(async () => {
      const [bucket, reported] = await Promise.all([freshBucket(), receiver()]);
      volume = await freshVolume();
      sent = reported.received;
      env = {
        DATABASE_URL: `postgresql://keeper:${encodeURIComponent(PASSWORD)}@${cluster.host}:${cluster.port}/geolens`,
        BACKUP_PG_BIN_DIR: cluster.binDir,
        BACKUP_DIR: volume.backups,
        STAGING_DIR: volume.staging,
        BACKUP_ROLE_PASSWORDS: 'true',
        ...replicaEnv(bucket),
        S3_TIMEOUT_SECONDS: '2',
        BACKUP_PING_URL: `${reported.url}/${encodeURIComponent(secretOf('Ping'))}`,
        BACKUP_WEBHOOK_URL: `${reported.url.replace('//', `//me:${encodeURIComponent(secretOf('Hook'))}@`)}/${encodeURIComponent(secretOf('Path'))}?token=${encodeURIComponent(secretOf('Token'))}`,
      };
    });

    /**
     * Does the commands with some variables changed, in all detail. Each has to end as expected, so that what
     * is looked through is what was meant.
     */
    async function inspect(
      commands: readonly (readonly [readonly string[], number])[],
      change: Variables = {},
    ): Promise<void> {
      for (const [args, code] of commands) {
        const end = await geolensBackup(args, {
          env: { ...env, ...change, LOG_FORMAT: format(), LOG_LEVEL: 'debug' },
        });
        const text = end.stdout + end.stderr;
        expect(end.code, `${args.join(' ')}: ${text}`).toBe(code);
        expect(text, args.join(' ')).not.toBe('');
        expect(tracesIn(text), args.join(' ')).toEqual([]);
      }
      expect(tracesIn(notesIn(volume.backups))).toEqual([]);
      expect(tracesIn(sent.map(({ body }) => body).join('\n'))).toEqual([]);
    }

    it('when all goes well', async () => {
      await inspect([
        [['run'], 0],
        [['run', '--json'], 0],
        [['list'], 0],
        [['list', '--json'], 0],
        [['verify', '--json'], 0],
        [['verify', '--restore'], 0],
      ]);
      await inspect([
        [['restore', 'latest', '--dry-run', '--no-staging'], 0],
        [['restore', 'latest', '--into', 'again', '--no-staging', '--yes', '--drop-previous'], 0],
        [['prune', '--json'], 0],
        [['health', '--json'], 0],
      ]);
      await inspect([
        [['doctor'], 0],
        [['doctor', '--json'], 0],
        [['config'], 0],
        [['config', '--json'], 0],
        [['--help'], 0],
        [['--version'], 0],
        [['verify', '--help'], 0],
      ]);
      expect(sent).toHaveLength(6);
    });

    it.each<[string, () => Promise<Variables> | Variables]>([
      [
        'says no to the password',
        () => ({
          DATABASE_URL: env['DATABASE_URL']!.replace(encodeURIComponent(PASSWORD), encodeURIComponent(WRONG)),
        }),
      ],
      [
        'is away',
        async () => ({
          DATABASE_URL: env['DATABASE_URL']!.replace(`:${cluster.port}/`, `:${await freePort()}/`),
        }),
      ],
      [
        'does not know the database',
        () => ({ DATABASE_URL: env['DATABASE_URL']!.replace('/geolens', '/elsewhere') }),
      ],
      ['does not know the role', () => ({ DATABASE_URL: env['DATABASE_URL']!.replace('keeper', 'nobody') })],
    ])('when the server %s', async (_, change) => {
      await inspect(
        [
          [['run'], 1],
          [['doctor'], 1],
        ],
        await change(),
      );
    });

    it('when a restore fails for a wrong password', async () => {
      await inspect([[['run'], 0]]);
      await inspect([[['restore', 'latest', '--yes', '--no-staging'], 1]], {
        DATABASE_URL: '',
        POSTGRES_HOST: cluster.host,
        POSTGRES_PORT: String(cluster.port),
        POSTGRES_USER: 'keeper',
        POSTGRES_PASSWORD: WRONG,
      });
    });

    it.each<[string, () => Promise<Variables> | Variables]>([
      ['the key is wrong', () => ({ S3_SECRET_ACCESS_KEY: WRONG })],
      ['the key is nobody’s', () => ({ S3_ACCESS_KEY_ID: secretOf('Key'), S3_SECRET_ACCESS_KEY: WRONG })],
      ['the token is none', () => ({ S3_SESSION_TOKEN: secretOf('Session') })],
      ['the bucket is missing', () => ({ S3_BUCKET: 'there-is-no-such-bucket' })],
      ['the store is away', async () => ({ S3_ENDPOINT: `http://127.0.0.1:${await freePort()}` })],
    ])('when copies fail, for %s', async (_, change) => {
      await inspect(
        [
          [['run'], 3],
          [['list'], 3],
          [['doctor'], 1],
        ],
        await change(),
      );
    });

    it('when nobody takes notifications', async () => {
      const rude = await receiver(...Array.from({ length: 16 }, () => 500));
      const of = (url: string): string => url.replace(/127\.0\.0\.1:\d+/, rude.url.slice('http://'.length));
      await inspect([[['run'], 3]], {
        BACKUP_PING_URL: of(env['BACKUP_PING_URL']!),
        BACKUP_WEBHOOK_URL: of(env['BACKUP_WEBHOOK_URL']!),
      });
    });

    it.each(MALFORMED)('when the configuration is wrong: %s', async (_, change) => {
      await inspect(
        [
          [['run'], 2],
          [['config'], 2],
        ],
        change,
      );
    });

    it('when secrets come from files, or their files are not there', async () => {
      const file = join(dirname(volume.staging), 'url');
      await writeFile(file, `${env['DATABASE_URL']!}\n`);
      await inspect(
        [
          [['run'], 0],
          [['config', '--json'], 0],
        ],
        { DATABASE_URL: '', DATABASE_URL_FILE: file },
      );
      await inspect([[['run'], 2]], { DATABASE_URL: '', DATABASE_URL_FILE: `${file}-that-is-not-there` });
    });

    it('when it is typed where it does not belong', async () => {
      await inspect([
        [['verify', PASSWORD], 2],
        [['restore', encodeURIComponent(PASSWORD)], 2],
        [['list', '--store', PASSWORD], 2],
        [['accept', PASSWORD], 2],
      ]);
    });

    it('when a set is damaged', async () => {
      await inspect([[['run'], 0]]);
      for (const name of (await volume.files('daily')).filter((one) => /^manifest-|\.dump$/.test(one)))
        await writeFile(join(volume.backups, 'daily', name), PASSWORD.slice(0, 3));
      await inspect([
        [['verify', '--store', 'local', '--all', '--json'], 5],
        [['list', '--json'], 0],
      ]);
    });

    it('when it is asked over HTTP after a failure', async () => {
      const port = await freePort();
      const change = {
        DATABASE_URL: env['DATABASE_URL']!.replace('keeper', 'nobody'),
        BACKUP_HTTP_PORT: String(port),
        BACKUP_RESTORE_TEST_SCHEDULE: 'off',
        LOG_LEVEL: 'debug',
      };
      const serving = new RunningCli(['serve'], { env: { ...env, ...change } });
      await serving.says('run failed');
      await serving.says('next run at');
      const answers = await Promise.all(
        ['/', '/health', '/metrics', '/style.css', '/elsewhere'].map(async (path) => {
          const answer = await fetch(`http://127.0.0.1:${port}${path}`);
          return `${JSON.stringify([...answer.headers])}\n${await answer.text()}`;
        }),
      );
      expect(answers[0]).toContain('The last run failed: ');
      serving.signal('SIGTERM');
      const { stdout, stderr } = await serving.end;
      expect(tracesIn([...answers, stdout, stderr, notesIn(volume.backups)].join('\n'))).toEqual([]);
    });

    it('and no program that it starts has one in its command line', async () => {
      const lines = await commandLinesDuring('geolens', geolensBackup(['run'], { env }));
      expect(lines).toContain('pg_dump');
      expect(tracesIn(lines)).toEqual([]);
    });
  },
);
