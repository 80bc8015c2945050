import { randomUUID } from 'node:crypto';
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { isRoot } from '../../packages/adapter-local/test/support/folders.ts';
import { anyCluster, freshDatabase, type TestDatabase } from '../support/clusters.ts';
import { drillIn, drillParent, leftIn, rehearsed, restored } from './support/drills.ts';
import { backupOf } from './support/restoring.ts';

const facts = anyCluster();
const SECRET = 'words that only root may read';

/** A database with a schema `app` that a role without attributes owns, and a folder `out` that every user may write to. */
async function attackedDatabase(): Promise<{ readonly database: TestDatabase; readonly out: string; readonly parent: string }> {
  const [parent, out, role] = [await drillParent(), await drillParent(), `app_${randomUUID().slice(0, 8)}`];
  await chmod(out, 0o777);
  let drop = (): Promise<void> => Promise.resolve();
  onTestFinished(() => drop()); // after the database
  const database = await freshDatabase(facts, { content: 'empty' });
  drop = async () => { await database.client.psql('postgres', `DROP ROLE ${role}`); };
  await database.query(`CREATE ROLE ${role}; CREATE SCHEMA app AUTHORIZATION ${role}; GRANT CREATE ON SCHEMA public TO ${role}; CREATE EXTENSION postgis`);
  return { database: { ...database, query: (sql) => database.query(`SET ROLE ${role}; ${sql}`) }, out, parent };
}

/** A table whose check runs a shell script in the temporary server, as its superuser. */
async function withScript({ database, out }: { readonly database: TestDatabase; readonly out: string }, script: string): Promise<void> {
  await writeFile(join(out, 'script'), script, { mode: 0o644 });
  await database.query(`CREATE FUNCTION app.act() RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN
      IF pg_catalog.current_setting('port') = '1' THEN COPY (SELECT 1) TO PROGRAM 'cat >/dev/null; sh ${out}/script'; END IF;
      RETURN true;
    END $$;
    CREATE TABLE app.trap (a integer CHECK (app.act())); INSERT INTO app.trap VALUES (1)`);
}

describe.runIf(isRoot)('a dump whose functions run programs as the server’s user', () => {
  const COMMANDS = ['touch ../made', 'mkdir ../made', 'rm -f ../server.log', 'ln -s /etc/passwd ../link', 'mv ../alive ../other', 'cp script-of-none ../alive', 'mv ../data ../other', 'rmdir ../data', 'chmod 0777 ..', 'cat ../server.log'];

  it('changes no entry of the folder but `data`, and a link there is not followed when it is removed', async () => {
    const attacked = await attackedDatabase();
    const { out, parent } = attacked;
    await mkdir(join(out, 'canary'));
    await writeFile(join(out, 'canary', 'precious'), 'x');
    for (const name of ['canary', 'canary/precious']) await chmod(join(out, name), 0o777);
    const each = COMMANDS.map((command) => `${command} && echo 'done: ${command}' || echo 'refused: ${command}'`);
    await writeFile(join(out, 'script-of-none'), '');
    await withScript(attacked, `exec >${out}/result 2>${out}/errors\n${each.join('\n').replace('script-of-none', `${out}/script-of-none`)}\nln -s ${out}/canary link\n`);
    await restored(drillIn(parent, facts), await backupOf(attacked.database));
    const result = (await readFile(join(out, 'result'), 'utf8')).trim().split('\n');
    expect(result.filter((line) => !line.startsWith('refused'))).toEqual([]);
    expect(result).toHaveLength(COMMANDS.length);
    expect(await readFile(join(out, 'canary', 'precious'), 'utf8')).toBe('x');
    expect(await leftIn(parent)).toEqual([]);
  });

  it('makes nothing but the text of the server’s own log appear in the report', async () => {
    const attacked = await attackedDatabase();
    const { out, parent } = attacked;
    await writeFile(join(out, 'secret'), SECRET, { mode: 0o600 });
    // The session that restores lives as long as the script: the server is seen to have ended before.
    await withScript(attacked, `rm -f ../server.log; ln -s ${out}/secret ../server.log; kill -KILL $(head -n 1 postmaster.pid); sleep 1\n`);
    const rehearsal = await rehearsed(drillIn(parent, facts), await backupOf(attacked.database));
    expect(rehearsal).toEqual({ outcome: 'unprovable', reasons: [expect.stringContaining('ready to accept connections')] });
    expect(JSON.stringify(rehearsal)).not.toContain(SECRET);
    expect(await leftIn(parent)).toEqual([]);
  });
});

/** Takes the place of the server's socket, asks the next client for its password, and writes that down. */
const LISTENER = `
unlink '.s.PGSQL.1'; umask 0;
my $socket = IO::Socket::UNIX->new(Local => '.s.PGSQL.1', Listen => 1); alarm 20;
my $client = $socket->accept; sysread $client, my $startup, 8192;
syswrite $client, pack('A N N', 'R', 8, 3); sysread $client, my $answer, 8192;
unlink '.s.PGSQL.1'; open my $file, '>', $ARGV[0]; print $file substr($answer, 5);`;

describe.runIf(isRoot)('a program of a dump that takes the place of the server', () => {
  it('gets no password that is meant for another server', async () => {
    const attacked = await attackedDatabase();
    const { out, parent } = attacked;
    await writeFile(join(out, 'listener'), LISTENER, { mode: 0o644 });
    await withScript(attacked, `perl -MIO::Socket::UNIX ${out}/listener ${out}/password </dev/null >/dev/null 2>&1 &\nsleep 0.5\n`);
    const input = await backupOf(attacked.database);
    onTestFinished(() => void vi.unstubAllEnvs());
    vi.stubEnv('PGPASSWORD', SECRET);
    // With one job, the next client is not pg_restore, whose environment is empty, but this process.
    expect((await rehearsed(drillIn(parent, facts, { jobs: 1 }), input)).outcome).toBe('unprovable');
    expect(await readFile(join(out, 'password'), 'utf8')).toBe('none\0');
    expect(await leftIn(parent)).toEqual([]);
  });
});
