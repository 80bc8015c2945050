import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it, type TestContext } from 'vitest';
import { freePort } from '../../support/free-port.ts';
import { startGateway, type Gateway } from '../../support/gateway.ts';
import type { Ground } from '../support/ground.ts';
import { Project } from '../support/project.ts';
import { relayTo } from '../support/relay-to-gateway.ts';
import { runbookHeadings } from '../support/runbook.ts';
import { until } from '../support/stack.ts';

const BUCKET = 'runbook';
const EXAMPLE = '20261122_020000';
const UPLOADS = `CREATE TABLE uploads (name text PRIMARY KEY, place geometry(Point, 4326) NOT NULL);
  INSERT INTO uploads SELECT 'upload-' || n, ST_SetSRID(ST_MakePoint(n, n), 4326) FROM generate_series(1, 50) n`;

/** docs/runbook.md, section by section, as an operator types it: on one machine, and on the one that replaces it. */
export function runbookSteps(ground: Ground): void {
  describe('the runbook', () => {
    const network = `geolens-runbook-${process.pid}`;
    const followed = new Set<string>();
    let gateway: Gateway | { readonly unavailable: string };
    let relay: Awaited<ReturnType<typeof relayTo>> | undefined;
    let project: Project;
    let env: Record<string, string>;
    let page: string;

    beforeAll(async () => {
      gateway = await startGateway();
      if ('unavailable' in gateway) return;
      const { accessKeyId, secretAccessKey, endpoint } = gateway;
      const s3 = new S3Client({ endpoint, region: 'us-east-1', forcePathStyle: true, credentials: { accessKeyId, secretAccessKey } });
      await s3.send(new CreateBucketCommand({ Bucket: BUCKET }));
      s3.destroy();
      await ground.engine.docker(['network', 'create', network]);
      const address = await ground.engine.docker(['network', 'inspect', '--format', '{{(index .IPAM.Config 0).Gateway}}', network]);
      relay = await relayTo(Number(new URL(endpoint).port), address.trim());
      page = String(await freePort());
      env = { NETWORK: network, S3_ENDPOINT: relay.endpoint, S3_BUCKET: BUCKET, S3_ACCESS_KEY_ID: accessKeyId, S3_SECRET_ACCESS_KEY: secretAccessKey, BACKUP_PAGE_PORT: page, BACKUP_SCHEDULE: '@yearly' };
      project = await Project.make(ground, `${ground.stack.project}-old`, env);
    });

    afterAll(async () => {
      if (relay !== undefined) await project.remove();
      await relay?.stop();
      if (!('stop' in gateway)) return;
      await ground.engine.docker(['network', 'rm', network]);
      await gateway.stop();
    });

    /** Follows a section; the test is skipped where there is no bucket. */
    async function follow({ skip }: TestContext, heading: string, options: Parameters<Project['follow']>[1] = {}): Promise<string> {
      if ('unavailable' in gateway) return skip(gateway.unavailable);
      followed.add(heading);
      return project.follow(heading, { ...options, replace: { ':9180/': `:${page}/`, ...options.replace } });
    }

    const newestSet = async (): Promise<string> => (JSON.parse(await project.composed('exec', '-T', 'backup', 'geolens-backup', 'list', '--json')) as { timestamp: string }[])[0]!.timestamp;
    const serves = async (): Promise<void> => { await until('the loop', () => project.composed('logs', 'backup'), (log) => log.includes('next run at')); };
    const rows = (): Promise<string> => project.sql('SELECT count(*) FROM uploads');

    it('sets it up in a project whose own container made backups until now', async (context) => {
      if ('unavailable' in gateway) return context.skip(gateway.unavailable);
      await project.composed('--profile', 'backup', 'up', '-d', 'db', 'api', 'worker');
      await project.sql('CREATE EXTENSION IF NOT EXISTS postgis');
      await project.sql(UPLOADS);
      await project.composed('exec', '-T', 'worker', 'sh', '-c', 'echo a map >/staging/map.tif');
      await project.composed('--profile', 'backup', 'up', '-d');
      await until('a set of their own', () => project.composed('logs', 'backup'), (log) => log.includes('made '));
      const printed = await follow(context, 'First set-up');
      expect(printed).not.toMatch(/^FAIL/m);
      expect(printed).toContain('50 rows in 1 table, as many as in the dump');
      expect(printed).toContain('"healthy":true');
    });

    it('adopts what that container had made', async (context) => {
      const legacy = (await project.composed('exec', '-T', 'backup', 'geolens-backup', 'list')).split('\n').find((line) => line.endsWith('legacy'))!.split(' ')[0]!;
      const printed = await follow(context, "Moving from GeoLens's own container", { replace: { [EXAMPLE]: legacy } });
      expect(printed).toMatch(/local, s3 .* legacy$/m);
      expect(printed).toContain(`set ${legacy}`);
    });

    it('has little to do once a month', async (context) => {
      const printed = await follow(context, 'Once a month');
      expect(printed).toMatch(/local, s3 .*restored .* ago +complete$/m);
      expect(printed).not.toMatch(/^FAIL/m);
    });

    it('brings back rows, a table, a file, and everything', async (context) => {
      const before = await newestSet();
      await project.sql("DELETE FROM uploads WHERE name LIKE 'upload-1%'");
      const printed = await follow(context, 'Somebody deleted the wrong rows', { replace: { [EXAMPLE]: before } });
      expect(printed).toContain('INSERT 0 11');
      expect(readFileSync(join(project.folder, 'map.tif'), 'utf8')).toBe('a map\n');
      expect(await rows()).toBe('50');
    });

    it('makes room', async (context) => {
      const printed = await follow(context, 'The disk is full');
      expect(printed).toMatch(/geolens_before_/);
      expect(await project.composed('exec', '-T', 'backup', 'geolens-backup', 'config')).toMatch(/BACKUP_RETENTION_DAILY +3 /);
    });

    it('changes the password of the database', async (context) => {
      await follow(context, 'New keys and passwords', { input: { '\\password': 'the-new-password\nthe-new-password\n' } });
      await project.composed('exec', '-T', 'backup', 'geolens-backup', 'run');
    });

    it('moves to a new data volume, as another major version takes it', async (context) => {
      const printed = await follow(context, 'A new major version of PostgreSQL', { meanwhile: { '--profile backup down': () => project.edit('pgdata', 'pgdata18') } });
      expect(printed).not.toMatch(/^FAIL/m);
      expect(await rows()).toBe('50');
    });

    it('replaces a machine that is gone by another, from nothing but the bucket', async (context) => {
      if ('unavailable' in gateway) return context.skip(gateway.unavailable);
      await project.remove();
      project = await Project.make(ground, `${ground.stack.project}-new`, env);
      await project.takeOver('First set-up');
      const printed = await follow(context, 'The machine is gone', { meanwhile: { 'up -d backup': () => serves() } });
      expect(printed).toContain('the volume has no set of geolens, but s3 has');
      expect(printed).not.toMatch(/^FAIL/m);
      expect(await rows()).toBe('50');
      expect(await project.composed('exec', '-T', 'worker', 'cat', '/staging/map.tif')).toBe('a map\n');
      ground.log(printed);
    });

    it('has no other section', ({ skip }) => {
      if ('unavailable' in gateway) return skip(gateway.unavailable);
      expect([...followed].sort()).toEqual([...runbookHeadings()].sort());
    });
  });
}
