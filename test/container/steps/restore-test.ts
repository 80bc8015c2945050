import { beforeAll, describe, expect, it } from 'vitest';
import { YEARLY, type Ground } from '../support/ground.ts';
import type { End } from '../support/stack.ts';

/** The service `restore-test`, which has neither network nor keys. */
export function restoreTestSteps(ground: Ground): void {
  describe('the service restore-test', () => {
    const run = (...command: readonly string[]): Promise<End> =>
      ground.stack.compose('run', '--rm', '-T', 'restore-test', ...command);
    const inBackup = (script: string): Promise<string> =>
      ground.stack.composed('exec', '-T', 'backup', 'sh', '-c', script);

    beforeAll(async () => {
      await ground.stack.dotenv({
        ...YEARLY,
        S3_SECRET_ACCESS_KEY: 'a-secret',
        POSTGRES_PASSWORD: 'geolens',
      });
      await ground.stack.composed('--profile', 'backup', 'up', '-d');
      await ground.stack.goodRun();
    });

    it('passes on a good set, and logs once that it records nothing', async () => {
      const end = await run();
      ground.log(`docker compose run --rm restore-test:\n${end.stderr}${end.stdout}`);
      expect(end.code, end.stderr).toBe(0);
      expect(end.stdout).toContain('restored in a temporary PostgreSQL 17');
      expect(end.stderr.match(/WARN .*/g)).toEqual([
        expect.stringMatching(/^WARN {2}results are not recorded: .*read-only/),
      ]);
    });

    it('has no network, no key, no right to change a set, and leaves nothing in its volume', async () => {
      const { stdout, stderr } = await run(
        'sh',
        '-c',
        'ls /sys/class/net; ls -A /restore-test; grep CapBnd /proc/self/status; env; touch /backups/x /x',
      );
      expect(stdout).toMatch(/^lo\nCapBnd:\t0{14}c4\n/); // DAC_READ_SEARCH, SETGID, SETUID
      expect(stdout).not.toMatch(/secret|PASSWORD|DATABASE_URL|S3_/);
      for (const path of ['/backups/x', '/x']) expect(stderr).toContain(`'${path}': Read-only file system`);
    });

    it('fails on a set that is damaged, and on one that cannot be restored', async () => {
      const damaged = await ground.stack.goodRun();
      await inBackup(`echo damage | dd conv=notrunc bs=1 seek=200 of=/backups/daily/geolens_${damaged}.dump`);
      const first = await run();
      expect([first.code, first.stdout], first.stderr).toEqual([
        5,
        expect.stringMatching(new RegExp(`geolens_${damaged}\\.dump .*BAD`)),
      ]);
      await ground.stack.sql(
        "CREATE TABLE only_here AS SELECT 1 AS n; ALTER TABLE only_here ADD CHECK (current_setting('listen_addresses') <> '')",
      );
      const lacking = await ground.stack.goodRun();
      const second = await run();
      ground.log(`of a set that cannot be restored:\n${second.stderr}`);
      expect([second.code, second.stdout], second.stderr).toEqual([6, expect.stringContaining('only_here')]);
      expect(second.stderr).toMatch(/the full messages .* are in \/restore-test\/\S+report\.txt only/);
      await ground.stack.sql('DROP TABLE only_here');
      await inBackup(`rm /backups/*/*${damaged}* /backups/*/*${lacking}*`);
    });
  });
}
