import { randomUUID } from 'node:crypto';
import { createServer } from 'node:net';
import { writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { clusters } from '../support/clusters.ts';
import { startCluster, type Cluster } from '../support/postgres-cluster.ts';
import { freshVolume } from '../support/volume.ts';
import { geolensBackup } from '../support/cli.ts';
import { newOperator, times } from '../support/operator.ts';

describe('a run fails with 1, says once what is wrong, leaves no file and prunes nothing', () => {
  it.each([
    [
      'nothing listens',
      'postgresql://me@127.0.0.1:1/d',
      /127\.0\.0\.1:1, database "d", user "me".*ECONNREFUSED.*Start the server, or correct POSTGRES_HOST/,
    ],
    [
      'there is no such host',
      'postgresql://me@no-such-host.invalid/d',
      /no-such-host\.invalid:5432.*(ENOTFOUND|EAI_AGAIN).*Correct POSTGRES_HOST/,
    ],
    [
      'there is no such socket',
      'postgresql://me@/d?host=/nowhere',
      /\/nowhere:5432.*ENOENT.*its socket is not there/,
    ],
  ])('when %s', async (_, url, words) => {
    const operator = await newOperator();
    await operator.goodRun();
    const before = await operator.volume.everything();
    const end = await operator.backup(['run'], { env: { DATABASE_URL: url, BACKUP_RETENTION_DAILY: '1' } });
    expect({ code: end.code, stdout: end.stdout }).toEqual({ code: 1, stdout: '' });
    expect(end.stderr).toMatch(words);
    expect(times(end.stderr, ' ERROR connecting failed')).toBe(1);
    expect(end.stderr).toContain('no set was made and none was removed');
    expect(await operator.volume.everything()).toEqual(before);
  });

  it('when there is no such database', async () => {
    const operator = await newOperator();
    const end = await operator.backup(['run'], {
      env: { DATABASE_URL: operator.database.url.replace(/[^/]+$/, 'nowhere') },
    });
    expect(end.code).toBe(1);
    expect(end.stderr).toMatch(/database "nowhere" does not exist\. Correct POSTGRES_DB/);
    expect(await operator.volume.everything()).toEqual([]);
  });

  it('when the role lacks a right', async () => {
    const operator = await newOperator();
    const { database, url, user, client } = operator.database;
    const query = (sql: string): Promise<string> => client.psql(database, sql);
    const role = `r_${randomUUID().slice(0, 8)}`;
    await query(`CREATE ROLE ${role} LOGIN; GRANT CONNECT ON DATABASE "${database}" TO ${role}`);
    onTestFinished(async () => {
      await client.psql('postgres', `DROP ROLE IF EXISTS ${role}`);
    });
    const end = await operator.backup(['run'], { env: { DATABASE_URL: url.replace(user, role) } });
    await query(`DROP OWNED BY ${role}`); // the grant, which would keep the role
    expect(end.code).toBe(1);
    expect(end.stderr).toMatch(
      new RegExp(`user "${role}".*permission denied.*Grant the right, or back up as the owner`),
    );
    expect(await operator.volume.everything()).toEqual([]);
  });

  const [older, newer] = clusters();
  it.skipIf(newer === undefined)('when pg_dump is older than the server', async () => {
    const operator = await newOperator(newer);
    const end = await operator.backup(['run'], { env: { BACKUP_PG_BIN_DIR: older!.binDir } });
    expect(end.code).toBe(1);
    expect(end.stderr).toMatch(
      /the server is PostgreSQL 17\.\S+, pg_dump here is 15\.\S+, which cannot dump it\. Use the client programs of version 17 or newer/,
    );
    expect(await operator.volume.everything()).toEqual([]);
  });

  it('when there is no pg_dump where BACKUP_PG_BIN_DIR points', async () => {
    const operator = await newOperator();
    const end = await operator.backup(['run'], { env: { BACKUP_PG_BIN_DIR: '/nowhere' } });
    expect(end.code).toBe(1);
    expect(end.stderr).toContain('were not found in /nowhere. Install');
  });

  it('when the server answers nothing, after the time that the URL gives', async () => {
    const silent = createServer(() => undefined).listen(0, '127.0.0.1');
    await new Promise((resolve) => silent.once('listening', resolve));
    onTestFinished(() => void silent.close());
    const { port } = silent.address() as { port: number };
    const operator = await newOperator();
    const end = await operator.backup(['run'], {
      env: { DATABASE_URL: `postgresql://me@127.0.0.1:${port}/d?connect_timeout=1` },
    });
    expect(end.code).toBe(1);
    expect(end.stderr).toContain('nothing answers there');
    expect(end.milliseconds).toBeLessThan(9000);
  });
});

describe('with a server that asks for a password', () => {
  let cluster: Cluster;
  beforeAll(async () => {
    cluster = await startCluster({ auth: 'scram' });
    await cluster.psql('postgres', 'CREATE DATABASE "it\'s=3"');
  });
  afterAll(() => cluster.stop());

  it('a run gets in by way of POSTGRES_* and the file of the password, which no output shows', async () => {
    const { backups, staging } = await freshVolume();
    const file = join(dirname(staging), 'password');
    await writeFile(file, `${cluster.password!}\n`);
    const env = {
      BACKUP_DIR: backups,
      STAGING_DIR: staging,
      POSTGRES_HOST: cluster.host,
      POSTGRES_PORT: String(cluster.port),
      POSTGRES_DB: "it's=3",
      POSTGRES_PASSWORD_FILE: file,
    };
    for (const [LOG_FORMAT, host] of [
      ['text', cluster.host],
      ['json', cluster.socketDir],
    ] as const) {
      const end = await geolensBackup(['run', '--json'], {
        env: { ...env, LOG_FORMAT, POSTGRES_HOST: host, LOG_LEVEL: 'debug' },
      });
      expect(end.code, end.stderr).toBe(0);
      expect(end.stderr + end.stdout).not.toContain('p@ss');
    }
    const end = await geolensBackup(['config', '--json'], { env });
    expect(JSON.parse(end.stdout)).toContainEqual({
      name: 'POSTGRES_PASSWORD',
      value: '[redacted]',
      origin: 'file',
    });
  });

  it('a run gets in by way of the URL of SQLAlchemy, the database’s name encoded', async () => {
    const volume = await freshVolume();
    const env = {
      BACKUP_DIR: volume.backups,
      DATABASE_URL: cluster.url("it's=3").replace('postgresql:', 'postgresql+asyncpg:'),
    };
    const end = await geolensBackup(['run'], { env });
    expect(end.code, end.stderr).toBe(0);
    expect((await volume.files('daily')).some((name) => name.startsWith("it's=3_"))).toBe(true);
  });

  it.each([
    ['text', 'info'],
    ['text', 'debug'],
    ['json', 'debug'],
  ])('a wrong password is told as such, and shown nowhere (%s, %s)', async (LOG_FORMAT, LOG_LEVEL) => {
    const volume = await freshVolume();
    const wrong = 'hush:h@sh/"1"';
    const url = `postgresql://geolens:${encodeURIComponent(wrong)}@${cluster.host}:${cluster.port}/postgres`;
    for (const connection of [
      { DATABASE_URL: url },
      { POSTGRES_HOST: cluster.host, POSTGRES_PORT: String(cluster.port), POSTGRES_PASSWORD: wrong },
    ]) {
      const end = await geolensBackup(['run', '--json'], {
        env: { ...connection, BACKUP_DIR: volume.backups, LOG_FORMAT, LOG_LEVEL },
      });
      expect(end.code).toBe(1);
      expect(end.stderr).toContain('Correct POSTGRES_USER and POSTGRES_PASSWORD (or DATABASE_URL)');
      expect(end.stdout + end.stderr).not.toMatch(/hush|h@sh|h%40sh/);
      expect(await volume.everything()).toEqual([]);
    }
  });
});
