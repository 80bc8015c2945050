import { readFileSync } from 'node:fs';
import { chmod, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { YEARLY, type Ground } from '../support/ground.ts';

/** The scripts around the container: restore.sh and snapshot.sh. */
export function restoreSteps(ground: Ground): void {
  describe('restores', () => {
    beforeAll(async () => {
      await ground.stack.dotenv(YEARLY);
      await ground.stack.composed('--profile', 'backup', 'up', '-d');
    });

    it('by restore.sh, with api and worker stopped meanwhile and started again', async () => {
      const timestamp = await ground.stack.goodRun();
      await ground.stack.composed('stop', '-t', '1', 'api');
      const rows = await ground.stack.sql("SELECT count(*) FROM uploads WHERE name <> 'later'");
      await ground.stack.sql("INSERT INTO uploads VALUES ('later', now(), ST_MakePoint(0, 0))");
      const end = await ground.stack.script('restore.sh', timestamp);
      ground.log(`restore.sh ${timestamp}:\n${end.stdout}${end.stderr}`);
      expect(end.code, end.stderr).toBe(0);
      expect(end.stderr).toContain('worker is stopped');
      expect(end.stderr).toContain('started again: worker');
      expect(await ground.stack.sql("SELECT count(*) FROM uploads WHERE name = 'later'")).toBe('0');
      expect(Number(await ground.stack.sql('SELECT count(*) FROM uploads'))).toBeGreaterThan(
        Number(rows) - 5,
      );
      expect(await ground.stack.inspected<string>('.State.Status', 'worker')).toBe('running');
      expect(await ground.stack.inspected<string>('.State.Status', 'api')).toBe('exited');
      await ground.stack.composed('start', 'api');
    });

    it('the staging files too, with their owners and modes, where --staging-to names the volume', async () => {
      await ground.stack.composed('exec', '-T', 'worker', 'rm', '/staging/of-1001.tif');
      const end = await ground.stack.script(
        'restore.sh',
        'latest',
        '--staging-to',
        '/staging',
        '--drop-previous',
      );
      expect(end.code, end.stderr).toBe(0);
      ground.log(`restore.sh latest --staging-to /staging:\n${end.stdout}`);
      expect(end.stderr).toContain('started again: api worker');
      expect(
        await ground.stack.composed('exec', '-T', 'worker', 'stat', '-c', '%u:%g %a', '/staging/of-1001.tif'),
      ).toBe('1001:1001 600\n');
      expect((await ground.stack.compose('ps', '-a', '--format', '{{.Service}}')).stdout).not.toContain(
        'restore',
      );
    });

    it('a dump that was made by hand, from the host, into a database of its own', async () => {
      await ground.stack.composed(
        'exec',
        '-T',
        'db',
        'pg_dump',
        '-U',
        'geolens',
        '-d',
        'geolens',
        '-Fc',
        '--no-owner',
        '--no-acl',
        '-f',
        '/tmp/by-hand.dump',
      );
      await ground.stack.composed('cp', 'db:/tmp/by-hand.dump', './by-hand.dump');
      await chmod(join(ground.stack.dockerFolder, 'by-hand.dump'), 0o600);
      const end = await ground.stack.script('restore.sh', './by-hand.dump', '--into', 'by_hand');
      expect(end.code, end.stderr).toBe(0);
      expect(Number(await ground.stack.sql('SELECT count(*) FROM uploads', 'by_hand'))).toBeGreaterThan(0);
    });

    it('refuses a dump that is cut, before anything is stopped', async () => {
      const dump = readFileSync(join(ground.stack.dockerFolder, 'by-hand.dump'));
      await writeFile(join(ground.stack.dockerFolder, 'cut.dump'), dump.subarray(0, dump.length / 2));
      const end = await ground.stack.script('restore.sh', './cut.dump');
      expect(end.code, end.stderr).toBe(5);
      expect(end.stderr).not.toContain('stopped:');
      expect(end.stderr).toContain('Nothing was stopped, nothing was changed.');
    });

    it('the whole data volume by snapshot.sh, with every service that ran stopped meanwhile', async () => {
      await ground.stack.composed('stop', '-t', '1', 'api');
      const made = await ground.stack.script('snapshot.sh', 'create', './snapshot.tar.gz');
      expect(made.code, made.stderr).toBe(0);
      await ground.stack.sql("INSERT INTO uploads VALUES ('after the snapshot', now(), ST_MakePoint(0, 0))");
      const end = await ground.stack.script('snapshot.sh', 'restore', './snapshot.tar.gz');
      expect(end.code, end.stderr).toBe(0);
      ground.log(`snapshot.sh restore:\n${end.stderr}`);
      expect(await ground.stack.sql("SELECT count(*) FROM uploads WHERE name = 'after the snapshot'")).toBe(
        '0',
      );
      expect(Number(await ground.stack.sql('SELECT count(*) FROM uploads'))).toBeGreaterThan(0);
      for (const service of ['db', 'worker', 'backup'])
        expect(await ground.stack.inspected<string>('.State.Status', service), service).toBe('running');
      expect(await ground.stack.inspected<string>('.State.Status', 'api')).toBe('exited');
      await ground.stack.composed('start', 'api');
    });
  });
}
