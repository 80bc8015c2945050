import { spawnSync } from 'node:child_process';
import { mkdtemp, readdir, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { geolensBackup } from '../support/cli.ts';

it('`key generate` prints an identity file with the words for an emergency, and keeps nothing', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'geolens-key-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const env = { BACKUP_DIR: folder, HOME: folder, BACKUP_COMMAND_PREFIX: 'kubectl exec backup -- gb' };
  // A schedule that is wrong, and no database: neither is needed.
  const end = await geolensBackup(['key', 'generate'], { env: { ...env, BACKUP_SCHEDULE: 'never' } });
  expect(end.code, end.stderr).toBe(0);
  const [, recipient] = /^# public key: (age1\w+)$/m.exec(end.stdout)!;
  expect(end.stdout.match(/^[^#].*$/gm)).toEqual([expect.stringMatching(/^AGE-SECRET-KEY-1\w+$/)]);
  expect(end.stdout).toContain(`for BACKUP_AGE_RECIPIENTS: ${recipient!}\n`);
  expect(end.stdout).toMatch(/^# Fingerprint of the recipient: [0-9a-f]{16}$/m);
  expect(end.stdout).toContain('kubectl exec backup -- gb restore latest --store s3 --identity-file -\n');
  expect(end.stdout).toMatch(/^# +age -d -i geolens\.key \S+\.dump\.age > geolens\.dump$/m);
  expect(end.stderr).toContain(`BACKUP_AGE_RECIPIENTS=${recipient!}`);
  expect(end.stderr).not.toContain('AGE-SECRET-KEY');
  // Alone, and as a terminal of Docker joins both outputs.
  for (const input of [end.stdout, `${end.stdout}${end.stderr}`.replaceAll('\n', '\r\n')])
    expect(spawnSync('age-keygen', ['-y'], { input, encoding: 'utf8' }).stdout).toBe(`${recipient!}\n`);
  expect(await readdir(folder)).toEqual([]);
});

it('`key generate` without age ends with 1, and names the program', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'geolens-key-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const { stdout } = spawnSync('which', ['setpriv'], { encoding: 'utf8' });
  await symlink(stdout.trim(), join(folder, 'setpriv'));
  const end = await geolensBackup(['key', 'generate'], { env: { PATH: folder } });
  expect({ code: end.code, stdout: end.stdout }).toEqual({ code: 1, stdout: '' });
  expect(end.stderr).toContain('age-keygen');
});
