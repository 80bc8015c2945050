import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it, type TestContext } from 'vitest';
import { freePort } from '../../support/free-port.ts';
import { startGateway, type Gateway } from '../../support/gateway.ts';
import type { Ground } from '../support/ground.ts';
import { Project, type Following } from '../support/project.ts';
import { relayTo } from '../support/relay-to-gateway.ts';
import { headingsOf, type Page } from '../support/runbook.ts';
import { until } from '../support/stack.ts';

const BUCKET = 'runbook';
const EXAMPLE = '20261122_020000';
const UPLOADS =
  "INSERT INTO uploads SELECT 'upload-' || n, ST_SetSRID(ST_MakePoint(n, n), 4326) FROM generate_series(1, 50) n";
/** The file that the page names. */
const PRE_UPGRADE = 'backups/pre-upgrade/before.dump';

/**
 * docs/geolens.md and docs/runbook.md, section by section, as an operator types them: on one machine, and on
 * the one that replaces it.
 */
export function runbookSteps(ground: Ground): void {
  describe('the runbook', () => {
    /** Only its address is used: containers of every project reach the bucket there. */
    const network = `geolens-runbook-${process.pid}`;
    const followed: Record<Page, Set<string>> = { 'runbook.md': new Set(), 'geolens.md': new Set() };
    let gateway: Gateway | { readonly unavailable: string };
    let relay: Awaited<ReturnType<typeof relayTo>> | undefined;
    let project: Project;
    let env: Record<string, string>;
    let port: string;

    beforeAll(async () => {
      gateway = await startGateway();
      if ('unavailable' in gateway) return;
      const { accessKeyId, secretAccessKey, endpoint } = gateway;
      const s3 = new S3Client({
        endpoint,
        region: 'us-east-1',
        forcePathStyle: true,
        credentials: { accessKeyId, secretAccessKey },
      });
      await s3.send(new CreateBucketCommand({ Bucket: BUCKET }));
      s3.destroy();
      await ground.engine.docker(['network', 'create', network]);
      const address = await ground.engine.docker([
        'network',
        'inspect',
        '--format',
        '{{(index .IPAM.Config 0).Gateway}}',
        network,
      ]);
      relay = await relayTo(Number(new URL(endpoint).port), address.trim());
      port = String(await freePort());
      env = {
        S3_ENDPOINT: relay.endpoint,
        S3_BUCKET: BUCKET,
        S3_ACCESS_KEY_ID: accessKeyId,
        S3_SECRET_ACCESS_KEY: secretAccessKey,
        BACKUP_PAGE_PORT: port,
        BACKUP_SCHEDULE: '@yearly',
      };
      project = await Project.make(ground, `${ground.stack.project}-old`, 'prebuilt 1.14.2', env, {
        BACKUP_MEM_LIMIT: '600m',
        UNKNOWN_SECRET: 'of GeoLens alone',
      });
    });

    afterAll(async () => {
      if (relay !== undefined) await project.remove();
      await relay?.stop();
      if (!('stop' in gateway)) return;
      await ground.engine.docker(['network', 'rm', network]);
      await gateway.stop();
    });

    /** Follows a section of a page; the test is skipped where there is no bucket. */
    async function follow(
      { skip }: TestContext,
      page: Page,
      heading: string,
      options: Following = {},
    ): Promise<string> {
      if ('unavailable' in gateway) return skip(gateway.unavailable);
      followed[page].add(heading);
      return project.follow(page, heading, {
        ...options,
        replace: { ':9180/': `:${port}/`, ...options.replace },
      });
    }

    const backup = (...args: readonly string[]): Promise<string> =>
      project.composed('backup', 'exec', '-T', 'backup', 'geolens-backup', ...args);
    const newestSet = async (): Promise<string> =>
      (JSON.parse(await backup('list', '--json')) as { timestamp: string }[])[0]!.timestamp;
    const serves = async (): Promise<void> => {
      await until(
        'the loop',
        () => project.composed('backup', 'logs', 'backup'),
        (log) => log.includes('next run at'),
      );
    };
    const rows = (): Promise<string> => project.sql('SELECT count(*) FROM uploads');
    const states = async (): Promise<string> =>
      (await project.composed('geolens', 'ps', '-a', '--format', '{{.Service}} {{.State}}'))
        .trim()
        .split('\n')
        .sort()
        .join(', ');

    it('installs it beside GeoLens, whose own container has made a set and goes on', async (context) => {
      if ('unavailable' in gateway) return context.skip(gateway.unavailable);
      await project.composed('geolens', 'up', '-d', 'db', 'migrate', 'worker');
      await project.sql(UPLOADS);
      await project.composed('geolens', 'exec', '-T', 'worker', 'sh', '-c', 'echo a map >/staging/map.tif');
      await project.composed('geolens', 'up', '-d');
      await until(
        'a set of their own',
        () => project.composed('geolens', 'logs', 'backup'),
        (log) => log.includes('made '),
      );
      const printed = await follow(context, 'geolens.md', 'Install');
      expect(printed).toContain(ground.images.database);
      expect(printed).not.toMatch(/^FAIL/m);
      expect(printed).toMatch(/geolens_\d{8}_\d{6}\.dump/);
      expect(await states()).toBe(
        'api running, backup running, db running, frontend running, migrate exited, titiler running, worker running',
      );
    });

    it('takes GeoLens’s limit for its memory, and none of its secrets', async ({ skip }) => {
      if ('unavailable' in gateway) return skip(gateway.unavailable);
      const id = (await project.composed('backup', 'ps', '-q', 'backup')).trim();
      const inspected = await ground.engine.docker(['inspect', id]);
      expect((JSON.parse(inspected) as [{ HostConfig: { Memory: number } }])[0].HostConfig.Memory).toBe(
        600 * 1024 * 1024,
      );
      expect(inspected).not.toContain('of GeoLens alone');
    });

    it('answers the commands that GeoLens documents', async ({ skip }) => {
      if ('unavailable' in gateway) return skip(gateway.unavailable);
      const dump = /\S+\.dump/.exec(
        await project.composed('backup', 'exec', '-T', 'backup', 'ls', '/backups/daily/'),
      )![0];
      await project.composed('backup', 'cp', `backup:/backups/daily/${dump}`, './copied.dump');
      expect(
        readFileSync(join(project.at('backup'), 'copied.dump'))
          .subarray(0, 5)
          .toString(),
      ).toBe('PGDMP');
      await project.composed('backup', '--profile', 'backup', 'restart', 'backup');
    });

    it('is set up with copies in a bucket', async (context) => {
      const printed = await follow(context, 'runbook.md', 'First set-up');
      expect(printed).not.toMatch(/^FAIL/m);
      expect(printed).toContain('50 rows in 1 table, as many as in the dump');
      expect(printed).toContain('"healthy":true');
    });

    it('adopts what that container has made, and leaves it where it is', async (context) => {
      if ('unavailable' in gateway) return context.skip(gateway.unavailable);
      const files = (): Promise<string> =>
        ground.engine.docker([
          'run',
          '--rm',
          '-v',
          `${project.name}_backup_data:/b:ro`,
          ground.images.backup,
          'find',
          '/b',
          '-type',
          'f',
          '-printf',
          '%P %s %T@\n',
        ]);
      const before = await files();
      const legacy = /geolens_(\d{8}_\d{6})\.dump/.exec(before)![1]!;
      const printed = await follow(context, 'runbook.md', "Moving from GeoLens's own container", {
        replace: { [EXAMPLE]: legacy },
      });
      expect(printed).toMatch(new RegExp(`^${legacy} .* legacy$`, 'm'));
      expect(printed).toContain(`set ${legacy}`);
      expect(printed).not.toContain('.last-success');
      expect(await files()).toBe(before);
      expect(await project.composed('backup', 'run', '-T', '--rm', 'adopt')).toBe('');
      await backup('run');
      expect(await backup('list')).toMatch(new RegExp(`^${legacy} .*local, s3 .* legacy$`, 'm'));
    });

    it('goes on while GeoLens is taken down and comes up again, its own backup too', async (context) => {
      await follow(context, 'geolens.md', 'Stop and start GeoLens', {
        meanwhile: {
          'compose up -d': async () => {
            await until('GeoLens', states, (text) => text.includes('frontend running'));
          },
        },
      });
      expect(await states()).toBe(
        'api running, backup running, db running, frontend running, migrate exited, titiler running, worker running',
      );
    });

    it('goes on over an upgrade of GeoLens that makes its containers anew', async (context) => {
      if ('unavailable' in gateway) return context.skip(gateway.unavailable);
      await project.editGeolens('mem_limit: 1g', 'mem_limit: 1100m');
      expect(await follow(context, 'geolens.md', 'Upgrade GeoLens')).not.toMatch(/^FAIL/m);
    });

    it('restores sets, and a dump that was made before an upgrade', async (context) => {
      if ('unavailable' in gateway) return context.skip(gateway.unavailable);
      await mkdir(join(project.at('geolens'), 'backups/pre-upgrade'), { recursive: true });
      await project.composed(
        'geolens',
        'exec',
        '-T',
        'db',
        'pg_dump',
        '-U',
        'geolens',
        '-d',
        'geolens',
        '-Fc',
        '-f',
        '/tmp/before.dump',
      );
      await project.composed('geolens', 'cp', 'db:/tmp/before.dump', PRE_UPGRADE);
      await project.sql('CREATE ROLE geolens_app');
      const input = { '\\password': 'secret\nsecret\n' };
      const printed = await follow(context, 'geolens.md', 'Restore', { input });
      expect(printed).toContain(`${project.name}/api and ${project.name}/worker are stopped`);
      expect(await project.sql('SELECT count(*) FROM uploads', 'geolens_before_upgrade')).toBe('50');
      expect(
        await project.sql(
          "SELECT count(*) FROM pg_authid WHERE rolname = 'geolens_app' AND rolpassword IS NOT NULL",
        ),
      ).toBe('1');
      expect(await states()).toContain('api running, backup running, db running');
    });

    it('has little to do once a month', async (context) => {
      const printed = await follow(context, 'runbook.md', 'Once a month');
      expect(printed).toMatch(/local, s3 .*restored .* ago \(local\) +complete$/m);
      expect(printed).not.toMatch(/^FAIL/m);
    });

    it('brings back rows, a table, a file, and everything', async (context) => {
      const before = await newestSet();
      await project.sql("DELETE FROM uploads WHERE name LIKE 'upload-1%'");
      const printed = await follow(context, 'runbook.md', 'Somebody deleted the wrong rows', {
        replace: { [EXAMPLE]: before },
      });
      expect(printed).toContain('INSERT 0 11');
      expect(readFileSync(join(project.at('backup'), 'map.tif'), 'utf8')).toBe('a map\n');
      expect(await rows()).toBe('50');
    });

    it('makes room', async (context) => {
      const printed = await follow(context, 'runbook.md', 'The disk is full');
      expect(printed).toMatch(/geolens_before_/);
      expect(await backup('config')).toMatch(/BACKUP_RETENTION_DAILY +3 /);
    });

    it('changes the password of the database', async (context) => {
      await follow(context, 'runbook.md', 'New keys and passwords', {
        input: { '\\password': 'the-new-password\nthe-new-password\n' },
      });
      await backup('run');
    });

    it('moves to a new data volume, mounted as PostgreSQL 18 takes it', async (context) => {
      const printed = await follow(context, 'runbook.md', 'A new major version of PostgreSQL', {
        meanwhile: {
          'docker compose down': async () => {
            await project.editGeolens('pgdata:/var/lib/postgresql/data', 'pgdata18:/var/lib/postgresql');
            await project.editGeolens('pgdata: {}', 'pgdata18: {}');
            await project.editGeolens(
              '      POSTGRES_USER:',
              '      PGDATA: /var/lib/postgresql/18/docker\n      POSTGRES_USER:',
            ); // as images of 18 have it
          },
        },
      });
      expect(printed).not.toMatch(/^FAIL/m);
      expect(
        execFileSync('tar', ['-tzf', join(project.at('backup'), '../after-the-upgrade.tar.gz')]).toString(),
      ).toContain('./18/docker/PG_VERSION');
      expect(await rows()).toBe('50');
    });

    it('replaces a machine that is gone by another, from nothing but the bucket', async (context) => {
      if ('unavailable' in gateway) return context.skip(gateway.unavailable);
      await project.remove();
      project = await Project.make(ground, `${ground.stack.project}-new`, 'source 1.3.0', env);
      await project.takeOver('First set-up');
      const printed = await follow(context, 'runbook.md', 'The machine is gone', {
        meanwhile: {
          'build backup': async () => {
            await project.composed('backup', 'up', '-d');
            await serves();
          },
        },
      });
      expect(printed).toContain('the volume has no set of geolens, but s3 has');
      expect(printed).not.toMatch(/^FAIL/m);
      expect(await rows()).toBe('50');
      expect(await project.composed('geolens', 'exec', '-T', 'worker', 'cat', '/staging/map.tif')).toBe(
        'a map\n',
      );
      ground.log(printed);
    });

    it('is removed without a trace in GeoLens', async (context) => {
      await follow(context, 'geolens.md', 'Go back');
      expect(await states()).toBe(
        'api running, db running, frontend running, migrate exited, titiler running, worker running',
      );
      expect(await rows()).toBe('50');
    });

    it('has no other section', ({ skip }) => {
      if ('unavailable' in gateway) return skip(gateway.unavailable);
      for (const page of ['runbook.md', 'geolens.md'] as const)
        expect([...followed[page]].sort(), page).toEqual([...headingsOf(page)].sort());
    });
  });
}
