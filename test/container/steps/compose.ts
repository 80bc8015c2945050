import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { freePort } from '../../support/free-port.ts';
import { MINUTELY, type Ground } from '../support/ground.ts';
import { until } from '../support/stack.ts';

/** The Compose files, and the commands that GeoLens documents. */
export function composeSteps(ground: Ground): void {
  describe('in Compose', () => {
    it.each([
      ['compose.yaml', ['-f', 'compose.yaml']],
      ['compose.backup.yaml', ['-f', 'compose.backup.yaml']],
      ['compose.yaml with compose.secrets.yaml', ['-f', 'compose.yaml', '-f', 'compose.secrets.yaml']],
      ['compose.yaml with compose.page.yaml', ['-f', 'compose.yaml', '-f', 'compose.page.yaml']],
    ])('%s is valid without .env and with one', async (_, files) => {
      await ground.engine.docker([
        'compose',
        ...files.map((file) => (file === '-f' ? file : join(ground.stack.dockerFolder, file))),
        'config',
        '--quiet',
      ]);
      await ground.stack.dotenv({ BACKUP_SCHEDULE: '0 2 * * *', POSTGRES_PASSWORD: 'it$$is: "quoted"' });
      const resolved = await ground.stack.composed(...files, '--profile', 'backup', 'config');
      // The .env is that of the project that extends compose.backup.yaml.
      expect(resolved.includes('BACKUP_SCHEDULE: 0 2 * * *')).toBe(files.includes('compose.yaml'));
    });

    it('starts with `up -d`, makes a set at once, and `ps backup` shows it', async () => {
      await ground.stack.dotenv(MINUTELY);
      await ground.stack.overlay({ 'quick.yaml': 'services: {backup: {healthcheck: {interval: 2s}}}\n' });
      ground.log('docker compose --profile backup up -d');
      await ground.stack.composed('--profile', 'backup', 'up', '-d');
      const first = await until(
        'a first set',
        () => ground.stack.manifests(),
        (names) => names.length > 0,
      );
      ground.log(`first set: ${first[0]!}`);
      const shown = await ground.stack.composed('ps', 'backup');
      expect(shown).toMatch(/backup.*Up /);
      expect(shown).not.toMatch(/restore/);
      await until(
        'healthy',
        () => ground.stack.inspected<string>('.State.Health.Status'),
        (status) => status === 'healthy',
      );
      ground.log('the engine calls it healthy');
    });

    it('answers with its page, its health and its metrics on the host’s own address, and on no other', async () => {
      const port = await freePort();
      await ground.stack.dotenv({ ...MINUTELY, BACKUP_PAGE_PORT: String(port) });
      await ground.stack.overlay({
        'quick.yaml': 'services: {backup: {healthcheck: {interval: 2s}}}\n',
        'compose.page.yaml': readFileSync(join(ground.stack.dockerFolder, 'compose.page.yaml'), 'utf8'),
      });
      await ground.stack.composed('--profile', 'backup', 'up', '-d');
      const ask = async (path: string): Promise<string> =>
        (await fetch(`http://127.0.0.1:${port}${path}`)).text();
      const page = await until(
        'the page',
        () => ask('/').catch(() => ''),
        (text) => text !== '',
      );
      expect(page).toContain('Backups are up to date');
      expect(await ask('/health')).toContain('"healthy":true');
      expect(await ask('/metrics')).toContain('geolens_backup_healthy 1');
      expect(await ground.stack.inspected('.NetworkSettings.Ports')).toMatchObject({
        '9180/tcp': [{ HostIp: '127.0.0.1', HostPort: String(port) }],
      });
    });

    it('makes a set at the next slot of the schedule, every artifact of which reads well', async () => {
      const before = await ground.stack.manifests();
      ground.log('waiting for a scheduled run');
      // At the full minute; on a busy machine a run begins some seconds later.
      const isOfSlot = (name: string): boolean => !before.includes(name) && /0\d\.json$/.test(name);
      const after = await until(
        'a scheduled set',
        () => ground.stack.manifests(),
        (names) => names.some(isOfSlot),
      );
      const timestamp = /manifest-(.*)\.json/.exec(after.find(isOfSlot)!)![1]!;
      expect(await ground.stack.files('daily')).toEqual(
        expect.arrayContaining([
          `geolens_${timestamp}.dump`,
          `globals-${timestamp}.sql`,
          `staging-${timestamp}.tar.gz`,
        ]),
      );
      const end = await ground.stack.backup('verify', timestamp);
      expect(end.code, end.stderr).toBe(0);
      ground.log(`scheduled set ${timestamp} reads well:\n${end.stdout}`);
    });

    it('answers the commands that GeoLens documents', async () => {
      const listing = await ground.stack.composed('exec', '-T', 'backup', 'ls', '-lh', '/backups/daily/');
      ground.log(`exec backup ls -lh /backups/daily/\n${listing}`);
      const dump = /\S+\.dump/.exec(listing)![0];
      expect(listing).toMatch(/-rw------- 1 root root/);
      await ground.stack.composed('cp', `backup:/backups/daily/${dump}`, './');
      expect(readFileSync(join(ground.stack.dockerFolder, dump)).subarray(0, 5).toString()).toBe('PGDMP');
      await ground.stack.composed('--profile', 'backup', 'restart', 'backup');
      expect(await ground.stack.inspected<string>('.State.Status')).toBe('running');
    });

    it('archives files of another user, mode 0600, that rows name', async () => {
      await ground.stack.composed(
        'exec',
        '-T',
        'worker',
        'sh',
        '-c',
        'echo secret >/staging/of-1001.tif && chown 1001:1001 /staging/of-1001.tif && chmod 600 /staging/of-1001.tif',
      );
      const timestamp = await ground.stack.goodRun();
      const names = await ground.stack.composed(
        'exec',
        '-T',
        'backup',
        'tar',
        '-tvzf',
        `/backups/daily/staging-${timestamp}.tar.gz`,
      );
      expect(names).toMatch(/-rw------- 1001\/1001 .* \.\/of-1001\.tif/);
    });
  });
}
