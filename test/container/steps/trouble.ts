import { describe, expect, it } from 'vitest';
import { MINUTELY, YEARLY, type Ground } from '../support/ground.ts';
import { until } from '../support/stack.ts';

const NO_LATER_THAN_MS = 10_000;

/**
 * What an operator’s night brings: a server that stops, a container that is stopped or killed, settings that
 * are wrong.
 */
export function troubleSteps(ground: Ground): void {
  describe('when something goes wrong', () => {
    it('loses nothing when the database stops in mid-run, tells of it, and the next run is good', async () => {
      await ground.stack.dotenv(YEARLY);
      await ground.stack.composed('--profile', 'backup', 'up', '-d');
      const before = await ground.stack.files('daily');
      const lock = await ground.stack.openTransaction('LOCK TABLE uploads IN ACCESS EXCLUSIVE MODE');
      const running = ground.stack.backup('run');
      await until(
        'a run that waits for the table',
        () => ground.stack.waitingSessions(),
        (count) => count > 0,
      );
      ground.log('stopping the database in mid-run');
      await ground.stack.composed('stop', '-t', '2', 'db');
      const end = await running;
      await lock.end();
      ground.log(`the run ended with ${end.code}: ${end.stderr.trim().split('\n').at(-1)!}`);
      expect(end.code, end.stderr).toBe(1);
      expect(end.stderr).toMatch(/ERROR/);
      expect(await ground.stack.files('daily')).toEqual(before);
      expect(await ground.stack.inspected<string>('.State.Status')).toBe('running');
      await ground.stack.composed('up', '-d', '--wait', 'db');
      await ground.stack.goodRun();
      expect((await ground.stack.files('daily')).length).toBeGreaterThan(before.length);
    });

    it('ends within ten seconds of `docker stop` in mid-dump, leaves nothing, and goes on after a start', async () => {
      const before = await ground.stack.volumeFiles();
      await ground.stack.sql('CREATE SEQUENCE IF NOT EXISTS stubborn');
      await ground.stack.dotenv({ ...YEARLY, BACKUP_ON_START: 'always' });
      const lock = await ground.stack.openTransaction('ALTER SEQUENCE stubborn RENAME TO stubborn_as_ever');
      await ground.stack.composed('--profile', 'backup', 'up', '-d');
      await until(
        'a dump that waits',
        () => ground.stack.waitingSessions(),
        (count) => count > 0,
      );
      ground.log('docker compose stop backup, in mid-dump');
      const asked = performance.now();
      await ground.stack.composed('stop', 'backup');
      const took = performance.now() - asked;
      const state = await ground.stack.inspected<{ ExitCode: number; OOMKilled: boolean }>('.State');
      ground.log(`stopped in ${(took / 1000).toFixed(1)} s with exit code ${state.ExitCode}`);
      expect(took).toBeLessThan(NO_LATER_THAN_MS);
      expect(state).toMatchObject({ ExitCode: 0, OOMKilled: false });
      expect(
        await ground.stack.sql(
          "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'geolens-backup'",
        ),
      ).toBe('0');
      await lock.end();
      expect(await ground.stack.volumeFiles()).toEqual(before);
      const since = Date.now() / 1000;
      await ground.stack.composed('start', 'backup');
      await until(
        'a run after the start',
        () => ground.stack.log(since),
        (text) => text.includes(' succeeded in '),
      );
      ground.log('started again, and a run is complete');
    });

    it('clears away what a kill -9 in mid-dump has left, and goes on', async () => {
      await ground.stack.dotenv(YEARLY);
      await ground.stack.composed('--profile', 'backup', 'up', '-d');
      const before = await ground.stack.volumeFiles();
      const lock = await ground.stack.openTransaction('ALTER SEQUENCE stubborn RENAME TO stubborn_as_ever');
      const running = ground.stack.backup('run');
      await until(
        'a dump that waits',
        () => ground.stack.waitingSessions(),
        (count) => count > 0,
      );
      ground.log('docker kill, in mid-dump');
      await ground.stack.composed('kill', '-s', 'KILL', 'backup');
      expect((await running).code).not.toBe(0);
      await lock.end();
      const left = (await ground.stack.volumeFiles()).filter((name) => !before.includes(name));
      expect(left).not.toEqual([]);
      ground.log(`left over: ${left.join(', ')}`);
      await ground.stack.composed('start', 'backup');
      const timestamp = await ground.stack.goodRun();
      expect((await ground.stack.volumeFiles()).filter((name) => !name.includes(timestamp))).toEqual(before);
    });

    it('does not start with a wrong configuration, lists all of it, and exits with 2 each time the engine tries again', async () => {
      await ground.stack.dotenv({
        BACKUP_SCHEDULE: 'every day',
        BACKUP_RETENTION_DAILY: '0',
        BACKUP_S3_ENABLED: 'true',
        POSTGRES_PORT: 'x',
      });
      await ground.stack.composed('--profile', 'backup', 'up', '-d', '--no-deps', 'backup');
      const text = await until(
        'the list of problems, twice',
        () => ground.stack.log(),
        (all) => all.split('BACKUP_SCHEDULE').length > 2,
      );
      ground.log(
        `a wrong configuration:\n${text.slice(0, text.indexOf('geolens-backup: the', 10) + 1 || undefined)}`,
      );
      for (const name of ['BACKUP_SCHEDULE', 'BACKUP_RETENTION_DAILY', 'S3_BUCKET', 'POSTGRES_PORT'])
        expect(text).toContain(name);
      await until(
        'exit code 2',
        () => ground.stack.inspected<number>('.State.ExitCode'),
        (code) => code === 2,
        30_000,
      ); // it is 0 while it runs
    });

    it('is unhealthy when runs have failed for too long', async () => {
      await ground.stack.dotenv({
        ...MINUTELY,
        BACKUP_MAX_AGE_MINUTES: '1',
        BACKUP_ON_START: 'never',
        POSTGRES_PASSWORD: 'wrong',
      });
      await ground.stack.composed('--profile', 'backup', 'up', '-d', '--no-deps', 'backup');
      ground.log('a wrong password; waiting until the engine calls it unhealthy');
      await until(
        'unhealthy',
        () => ground.stack.inspected<string>('.State.Health.Status'),
        (status) => status === 'unhealthy',
        180_000,
      );
      const checks = await ground.stack.inspected<{ Output: string }[]>('.State.Health.Log');
      ground.log(`the engine’s health log: ${checks.at(-1)!.Output.trim()}`);
      expect(checks.at(-1)!.Output).toMatch(
        /^unhealthy: the last success is too long ago: .*the last run failed at .*password/,
      );
      expect(checks.at(-1)!.Output).not.toContain('wrong');
    });
  });
}
