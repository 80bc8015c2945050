import { chown, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, inject, it } from 'vitest';
import { freshBucket, replicaEnv } from '../support/buckets.ts';
import { newOperator } from '../support/operator.ts';

describe('the command doctor', () => {
  it('says before the first run that all is in order, and what is still to be done', async () => {
    const operator = await newOperator();
    const { code, stdout, stderr, milliseconds } = await operator.backup(['doctor'], {
      env: { BACKUP_TIMEZONE: 'Europe/Berlin', BACKUP_SCHEDULE: '30 0 * * *' },
    });
    expect(code, stdout + stderr).toBe(0);
    expect(milliseconds).toBeLessThan(10_000);
    expect(stderr).toBe('');
    const lines = stdout.split('\n');
    const starts = (text: string): string | undefined => lines.find((line) => line.startsWith(text));
    for (const subject of [
      'server',
      'pg_dump',
      'rights: tables',
      'folder',
      'staging',
      'space',
      'temporary server',
    ])
      expect(starts(`OK    ${subject}`), `${subject} in\n${stdout}`).toBeDefined();
    for (const subject of ['newest set', 'last success', 'off-site copy', 'notifications'])
      expect(starts(`WARN  ${subject}`), subject).toBeDefined();
    expect(starts('OK    schedule')).toMatch(
      /"30 0 \* \* \*" in Europe\/Berlin: next \d{4}-\d\d-\d\d 00:30 \(\d{4}-\d\d-\d\d 2[23]:30 UTC\), .* 00:30 .* 00:30 /,
    );
    expect(lines.filter((line) => line.includes('→')).length).toBe(4);
    expect(lines.at(-2)).toBe('4 WARN, nothing FAILs');
  });

  it.skipIf(inject('gateway') === undefined)(
    'finds nothing to be done when sets are copied and somebody is told, as JSON too',
    async () => {
      const [operator, bucket] = await Promise.all([newOperator(), freshBucket()]);
      const env = { ...replicaEnv(bucket), BACKUP_RESTORE_TEST_SCHEDULE: '0 4 * * 0' };
      await operator.goodRun({ env });
      const before = await bucket.keys();
      const { code, stdout } = await operator.backup(['doctor', '--json'], {
        env: { ...env, BACKUP_PING_URL: 'http://127.0.0.1:9/very-secret' },
      });
      const { ok, results } = JSON.parse(stdout) as {
        ok: boolean;
        results: { level: string; subject: string; message: string }[];
      };
      expect({ code, ok, odd: results.filter(({ level }) => level !== 'ok') }).toEqual({
        code: 0,
        ok: true,
        odd: [],
      });
      expect(results.find(({ subject }) => subject === 'off-site copy')!.message).toMatch(
        /^s3 has \d complete sets?, the newest \d{8}_\d{6}$/,
      );
      expect(results.map(({ subject }) => subject)).toContain('s3 delete');
      for (const secret of ['very-secret', bucket.secretAccessKey]) expect(stdout).not.toContain(secret);
      expect(await bucket.keys()).toEqual(before);
    },
  );

  it('fails when the server is away, looks at all else, and changes nothing', async () => {
    const operator = await newOperator();
    await operator.goodRun();
    const before = await operator.volume.files('daily');
    const { code, stdout } = await operator.backup(['doctor'], {
      env: { DATABASE_URL: 'postgresql://geolens:very-secret@127.0.0.1:1/geolens', BACKUP_PG_BIN_DIR: '' },
    });
    expect(code).toBe(1);
    expect(stdout).toMatch(/^FAIL {2}server .*ECONNREFUSED.*\n +→ Start the server/);
    expect(stdout).toContain('OK    folder');
    expect(stdout).toMatch(/1 FAIL, \d WARN: backups cannot be relied on until that is repaired\n$/);
    expect(stdout).not.toContain('very-secret');
    expect(await operator.volume.files('daily')).toEqual(before);
  });

  it.skipIf(process.getuid?.() !== 0)(
    'finds a file that tar may not read, before a run fails over it',
    async () => {
      const operator = await newOperator();
      const file = join(operator.volume.staging, 'private.tif');
      await writeFile(file, 'x', { mode: 0o600 });
      await chown(file, 1001, 1001);
      const { code, stdout } = await operator.backup(['doctor'], {
        wrapper: ['setpriv', '--bounding-set', '-all', '--'],
      });
      expect(code).toBe(1);
      expect(stdout).toMatch(
        new RegExp(
          `FAIL  staging +1 of \\d+ entries cannot be read, over which a run fails: ${file}\\n +→ .*DAC_READ_SEARCH`,
        ),
      );
    },
  );
});
