import { describe, expect, it } from 'vitest';
import { noFaketime } from '../support/faketime.ts';
import { newOperator } from '../support/operator.ts';

describe('the command health', () => {
  it.skipIf(noFaketime)(
    'answers 0 after a run until it is a day and a half old, though a run fails meanwhile, and 1 from then on',
    async () => {
      const operator = await newOperator();
      await operator.goodRun({ at: '2026-11-22 02:00:00' });
      expect(await operator.backup(['health'], { at: '2026-11-22 02:10:00' })).toMatchObject({
        code: 0,
        stderr: '',
      });
      const failing = { env: { BACKUP_PG_BIN_DIR: '/nowhere' } };
      expect((await operator.backup(['run'], { ...failing, at: '2026-11-23 02:00:00' })).code).not.toBe(0);
      const later = await operator.backup(['health'], { at: '2026-11-23 13:55:00' });
      expect(later.code, later.stderr).toBe(0);
      expect(later.stdout).toMatch(
        /^healthy: last success 2026-11-22T02:00.*the last run failed at 2026-11-23T02:00.*\/nowhere/,
      );
      const stale = await operator.backup(['health', '--json'], { at: '2026-11-23 14:05:00' });
      expect(stale.code, stale.stderr).toBe(1);
      expect(JSON.parse(stale.stdout)).toMatchObject({
        healthy: false,
        problem: 'the last success is too long ago',
      });
    },
  );

  it('needs no server, and does not take a folder without sets for a good one', async () => {
    const operator = await newOperator();
    const end = await operator.backup(['health'], {
      env: { DATABASE_URL: 'postgresql://nobody@127.0.0.1:1/geolens' },
    });
    expect({ code: end.code, stdout: end.stdout }, end.stderr).toEqual({
      code: 1,
      stdout: 'unhealthy: there is no set, and no run was ever begun: no set yet\n',
    });
  });

  it.each(['health', 'config'])(
    'loads nothing of S3 for `%s`, which an engine asks for all day',
    async (command) => {
      const watch = `import { registerHooks } from 'node:module';
      registerHooks({ load(url, context, next) { if (url.includes('/adapter-s3/')) console.error('loads S3'); return next(url, context); } });`;
      const operator = await newOperator();
      const env = {
        BACKUP_S3_ENABLED: 'true',
        S3_BUCKET: 'b',
        S3_ACCESS_KEY_ID: 'a',
        S3_SECRET_ACCESS_KEY: 's',
        NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(watch)}`,
      };
      expect((await operator.backup([command], { env })).stderr).not.toContain('loads S3');
      expect(
        (await operator.backup(['doctor'], { env: { ...env, S3_ENDPOINT: 'http://127.0.0.1:1' } })).stderr,
      ).toContain('loads S3');
    },
  );
});
