import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { freshDatabase, newestCluster } from '../support/clusters.ts';
import { geolensBackup, RunningCli } from '../support/cli.ts';
import { freePort } from '../support/free-port.ts';
import { receiver } from '../support/receiver.ts';
import { freshVolume } from '../support/volume.ts';

const VALUE = 'jane.doe@example.com';

/** Each lets a good dump fail at its restore: the rows were right when they were written. */
const FLAWS = [
  [
    'a constraint',
    `CREATE TABLE customers (mail text, until timestamptz, CONSTRAINT late CHECK (until > now())); INSERT INTO customers VALUES ('${VALUE}', clock_timestamp() + interval '1 second'); SELECT pg_sleep(1.1)`,
    /relation "customers" violates check constraint "late" \(SQLSTATE 23514 check_violation, COPY customers, line 1\)/,
  ],
  [
    'a foreign key',
    `CREATE TABLE keyed (mail text PRIMARY KEY); CREATE TABLE refers (mail text REFERENCES keyed); SET session_replication_role = replica; INSERT INTO refers VALUES ('${VALUE}')`,
    /table "refers" violates foreign key constraint "refers_mail_fkey" \(SQLSTATE 23503/,
  ],
  [
    'RAISE in a function',
    `CREATE TABLE parts (mail text); CREATE FUNCTION check_mail(text) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN IF now() > '2020-01-01' AND current_setting('application_name') NOT LIKE 'psql%' THEN RAISE EXCEPTION 'no % here', $1; END IF; RETURN true; END $$; ALTER TABLE parts ADD CONSTRAINT checked CHECK (check_mail(mail)); INSERT INTO parts VALUES ('${VALUE}')`,
    /COPY failed for table "parts": ERROR: {2}the message is withheld \(function public\.check_mail\(text\)/,
  ],
] as const;

/** What `serve` answers: the page, the metrics and the health. */
async function pagesOf(env: Readonly<Record<string, string>>): Promise<readonly string[]> {
  const port = String(await freePort());
  const loop = new RunningCli(['serve'], {
    env: { ...env, BACKUP_HTTP_PORT: port, BACKUP_ON_START: 'never', BACKUP_RESTORE_TEST_SCHEDULE: 'off' },
  });
  const answer = async (path: string): Promise<string> =>
    (await fetch(`http://127.0.0.1:${port}${path}`)).text();
  await vi.waitFor(() => answer('/'), 20_000);
  const texts = await Promise.all(['/', '/metrics', '/health'].map(answer));
  expect(texts[0]).toMatch(/customers|refers|parts/);
  loop.kill('SIGTERM');
  await loop.end;
  return [...texts, loop.stdout, loop.stderr];
}

describe.each(newestCluster())('values of $title stay on the machine', (facts) => {
  it.each(FLAWS)('when a restore test fails for %s', async (_, flaw, named) => {
    const [database, volume, { url, received }] = [
      await freshDatabase(facts, { content: 'empty' }),
      await freshVolume(),
      await receiver(),
    ];
    await database.query(flaw);
    const env = {
      DATABASE_URL: database.url,
      BACKUP_PG_BIN_DIR: facts.binDir,
      BACKUP_DIR: volume.backups,
      STAGING_DIR: volume.staging,
      BACKUP_PING_URL: `${url}/ping`,
      BACKUP_WEBHOOK_URL: `${url}/hook`,
      LOG_LEVEL: 'debug',
    };
    const report = (operation: string): string =>
      join(volume.backups, `.geolens-backup.${database.database}.${operation}.report.txt`);
    const texts: string[] = [];
    for (const [args, operation, change] of [
      [['run', '--json'], 'run', { BACKUP_VERIFY: 'restore' }],
      [['verify', '--restore', '--json'], 'restore-test', { LOG_FORMAT: 'json' }],
      [['restore', 'DUMP', '--yes', '--force', '--no-staging', '--json'], 'restore', {}],
      [['restore', 'DUMP', '--yes', '--force', '--no-staging', '--in-place'], 'restore', {}],
      [['list', '--json'], undefined, {}],
      [['health', '--json'], undefined, {}],
    ] as const) {
      const [dump = ''] = (await volume.files('daily')).filter((name) => name.endsWith('.dump'));
      const words = args.map((word) => word.replace('DUMP', join(volume.backups, 'daily', dump)));
      const { code, stdout, stderr } = await geolensBackup(words, { env: { ...env, ...change } });
      texts.push(stdout, stderr);
      expect.soft(stdout + stderr, args.join(' ')).not.toContain(VALUE);
      if (operation === undefined) continue;
      expect.soft(code, args.join(' ') + stderr).not.toBe(0);
      expect.soft(stderr.replaceAll('\\"', '"'), args.join(' ')).toMatch(named);
      expect.soft(stderr, args.join(' ')).toContain(report(operation));
      expect.soft(readFileSync(report(operation), 'utf8'), args.join(' ')).toContain(VALUE);
      expect.soft(statSync(report(operation)).mode & 0o777).toBe(0o600);
    }
    for (const text of await pagesOf(env)) expect.soft(text).not.toContain(VALUE);
    expect(received.map(({ path }) => path)).toContain('/hook');
    for (const { path, body } of received) expect.soft(body, path).not.toContain(VALUE);
    const hook = received.find(({ path }) => path === '/hook')!.body;
    expect.soft(hook.replaceAll('\\"', '"')).toMatch(named);
    const notes = readdirSync(volume.backups, { recursive: true, encoding: 'utf8' })
      .filter((name) => /(?<!\.report)\.(?:json|txt)$|manifests\.\w+$/.test(name))
      .map((name) => readFileSync(join(volume.backups, name), 'utf8'));
    expect(notes.length).toBeGreaterThan(1);
    expect.soft(notes.join('\n')).not.toContain(VALUE);
  });
});
