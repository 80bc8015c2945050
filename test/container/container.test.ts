import { readFileSync } from 'node:fs';
import { chmod, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { S3Client, CreateBucketCommand, ListObjectsV2Command } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startGateway, type Gateway } from '../support/gateway.ts';
import { startEngine, type Engine } from './support/engine.ts';
import { buildImages, type Images } from './support/images.ts';
import { relayTo } from './support/relay-to-gateway.ts';
import { Stack, until } from './support/stack.ts';

/*
 * The container as an operator meets it, on a real engine: one project, from `up` to `down`. Each test goes on where the one before
 * ended; what it did stands in the log.
 */
const began = performance.now();
const log = (line: string): void => { process.stdout.write(`[${((performance.now() - began) / 1000).toFixed(1).padStart(6)} s] ${line}\n`); };

const started = await startEngine(log);
const missing = 'unavailable' in started ? started.unavailable : undefined;
if (missing !== undefined) log(`SKIPPED, nothing of the container was tried: ${missing}`);

const MINUTELY = { BACKUP_SCHEDULE: '* * * * *', BACKUP_RETENTION_DAILY: '500' };
/** A schedule that is not due while a test is at work. */
const YEARLY = { BACKUP_SCHEDULE: '@yearly', BACKUP_ON_START: 'never', BACKUP_RETENTION_DAILY: '500' };
const NO_LATER_THAN_MS = 10_000;

describe.skipIf(missing !== undefined)('the container', () => {
  let engine: Engine;
  let images: Images;
  let stack: Stack;
  const undo: (() => Promise<void>)[] = [];

  beforeAll(async () => {
    engine = started as Engine;
    undo.push(() => engine.stop());
    log(`on ${engine.description}`);
    images = await buildImages(engine, log);
    undo.push(() => images.remove());
    stack = await Stack.make(engine, images);
    undo.push(() => stack.remove());
  });

  afterAll(async () => {
    log('down: containers, volumes, images, engine');
    for (const step of undo.reverse()) await step();
  });

  const manifests = async (tier: 'daily' | 'weekly' = 'daily'): Promise<string[]> => (await stack.files(tier)).filter((name) => name.startsWith('manifest-'));

  describe('as an image', () => {
    interface Image {
      readonly Size: number;
      readonly Config: { readonly User: string; readonly Entrypoint: string[]; readonly Cmd: string[]; readonly StopSignal: string; readonly Labels: Record<string, string>; readonly Healthcheck: { readonly Test: string[] } };
    }
    const imageOf = async (name: string): Promise<Image> => JSON.parse(await engine.docker(['image', 'inspect', '--format', '{{json .}}', name])) as Image;

    it('adds less than 200 MB to the image of the database, and keeps its layers', async () => {
      const [ours, theirs] = [await imageOf(images.backup), await imageOf(images.database)];
      log(`the image is ${((ours.Size - theirs.Size) / 1e6).toFixed(0)} MB larger than the database’s own`);
      expect(ours.Size - theirs.Size).toBeLessThan(200e6);
      const layers = async (name: string): Promise<string[]> => JSON.parse(await engine.docker(['image', 'inspect', '--format', '{{json .RootFS.Layers}}', name])) as string[];
      const base = await layers(images.database);
      expect((await layers(images.backup)).slice(0, base.length)).toEqual(base);
    });

    it('has an init, a health check, a signal that the loop understands, and labels', async () => {
      const { Config } = await imageOf(images.backup);
      expect(Config).toMatchObject({ User: '0:0', Entrypoint: ['/usr/bin/tini', '--'], Cmd: ['geolens-backup', 'serve'], StopSignal: 'SIGTERM' });
      expect(Config.Healthcheck.Test).toEqual(['CMD', 'geolens-backup', 'health']);
      expect(Config.Labels).toMatchObject({ 'org.opencontainers.image.licenses': 'Apache-2.0', 'org.opencontainers.image.base.name': images.database });
    });

    it('has Node 24, igzip and the programs of the database, and neither npm, nor a compiler, nor lists of packages, nor tests', async () => {
      const script = `node --version; pg_dump --version; command -v igzip flock setpriv tar
        command -v npm npx pnpm cc gcc make || true
        find /var/lib/apt/lists /var/cache/apt -type f -size +0 -not -name lock
        find /opt/geolens-backup \\( -name '*.test.*' -o -name '*.ts' -o -name typescript -o -name vitest \\)`;
      const output = (await engine.docker(['run', '--rm', images.backup, 'bash', '-c', script])).trim().split('\n');
      expect(output[0]).toMatch(/^v24\./);
      expect(output[1]).toMatch(/PostgreSQL\) 17\./);
      expect(output.slice(2)).toEqual(['/usr/bin/igzip', '/usr/bin/flock', '/usr/bin/setpriv', '/usr/bin/tar']);
    });
  });

  describe('in Compose', () => {
    it.each([
      ['compose.yaml', ['-f', 'compose.yaml']],
      ['compose.backup.yaml', ['-f', 'compose.backup.yaml']],
      ['compose.yaml with compose.secrets.yaml', ['-f', 'compose.yaml', '-f', 'compose.secrets.yaml']],
      ['compose.backup.yaml after another project’s file', ['-f', 'theirs.yaml', '-f', 'compose.backup.yaml']],
    ])('%s is valid without .env and with one', async (_, files) => {
      const theirs = 'services: {db: {image: postgis/postgis}, api: {image: x, volumes: ["upload_staging:/data"]}}\nvolumes: {upload_staging: {name: theirs}}\n';
      await writeFile(join(stack.dockerFolder, 'theirs.yaml'), theirs);
      await engine.docker(['compose', ...files.map((file) => (file === '-f' ? file : join(stack.dockerFolder, file))), 'config', '--quiet']);
      await stack.dotenv({ BACKUP_SCHEDULE: '0 2 * * *', POSTGRES_PASSWORD: 'it$$is: "quoted"' });
      const resolved = await stack.composed(...files, '--profile', 'backup', 'config');
      expect(resolved).toContain('BACKUP_SCHEDULE: 0 2 * * *');
      if (files.includes('theirs.yaml')) expect(resolved).toMatch(/upload_staging:\n {4}name: theirs/);
    });

    it('starts with `up -d`, makes a set at once, and `ps backup` shows it', async () => {
      await stack.dotenv(MINUTELY);
      await stack.overlay({ 'quick.yaml': 'services: {backup: {healthcheck: {interval: 2s}}}\n' });
      log('docker compose --profile backup up -d');
      await stack.composed('--profile', 'backup', 'up', '-d');
      const first = await until('a first set', () => manifests(), (names) => names.length > 0);
      log(`first set: ${first[0]!}`);
      const shown = await stack.composed('ps', 'backup');
      expect(shown).toMatch(/backup.*Up /);
      expect(shown).not.toMatch(/restore/);
      await until('healthy', () => stack.inspected<string>('.State.Health.Status'), (status) => status === 'healthy');
      log('the engine calls it healthy');
    });

    it('makes a set at the next slot of the schedule, every artifact of which reads well', async () => {
      const before = await manifests();
      log('waiting for a scheduled run');
      const after = await until('a scheduled set', () => manifests(), (names) => names.some((name) => !before.includes(name) && name.endsWith('00.json')));
      const timestamp = /manifest-(.*)\.json/.exec(after.find((name) => !before.includes(name) && name.endsWith('00.json'))!)![1]!;
      expect(await stack.files('daily')).toEqual(expect.arrayContaining([`geolens_${timestamp}.dump`, `globals-${timestamp}.sql`, `staging-${timestamp}.tar.gz`]));
      const end = await stack.backup('verify', timestamp);
      expect(end.code, end.stderr).toBe(0);
      log(`scheduled set ${timestamp} reads well:\n${end.stdout}`);
    });

    it('answers the commands that GeoLens documents', async () => {
      const listing = await stack.composed('exec', '-T', 'backup', 'ls', '-lh', '/backups/daily/');
      log(`exec backup ls -lh /backups/daily/\n${listing}`);
      const dump = /\S+\.dump/.exec(listing)![0];
      expect(listing).toMatch(/-rw------- 1 root root/);
      await stack.composed('cp', `backup:/backups/daily/${dump}`, './');
      expect(readFileSync(join(stack.dockerFolder, dump)).subarray(0, 5).toString()).toBe('PGDMP');
      await stack.composed('--profile', 'backup', 'restart', 'backup');
      expect(await stack.inspected<string>('.State.Status')).toBe('running');
    });

    it('archives files of another user, mode 0600, that rows name', async () => {
      await stack.composed('exec', '-T', 'worker', 'sh', '-c', 'echo secret >/staging/of-1001.tif && chown 1001:1001 /staging/of-1001.tif && chmod 600 /staging/of-1001.tif');
      const end = await stack.backup('run', '--json');
      expect(end.code, end.stderr).toBe(0);
      const { timestamp } = JSON.parse(end.stdout) as { timestamp: string };
      const names = await stack.composed('exec', '-T', 'backup', 'tar', '-tvzf', `/backups/daily/staging-${timestamp}.tar.gz`);
      expect(names).toMatch(/-rw------- 1001\/1001 .* \.\/of-1001\.tif/);
    });
  });

  describe('has no more rights than it needs', () => {
    interface Host {
      readonly CapAdd: string[];
      readonly CapDrop: string[];
      readonly SecurityOpt: string[];
      readonly ReadonlyRootfs: boolean;
      readonly Privileged: boolean;
      readonly Memory: number;
      readonly PidsLimit: number;
      readonly RestartPolicy: { readonly Name: string };
      readonly Tmpfs: Record<string, string>;
    }

    it('by what the engine says of it', async () => {
      const host = await stack.inspected<Host>('.HostConfig');
      log(`HostConfig: ${JSON.stringify(Object.fromEntries(['CapAdd', 'CapDrop', 'SecurityOpt', 'ReadonlyRootfs', 'Memory', 'PidsLimit', 'Tmpfs'].map((name) => [name, host[name as keyof Host]])))}`);
      expect(host.CapAdd.map((name) => name.replace('CAP_', ''))).toEqual(['DAC_READ_SEARCH', 'SETUID', 'SETGID']);
      expect(host).toMatchObject({ CapDrop: ['ALL'], SecurityOpt: ['no-new-privileges:true'], ReadonlyRootfs: true, Privileged: false, RestartPolicy: { Name: 'unless-stopped' } });
      expect(host.Memory).toBeGreaterThan(0);
      expect(host.PidsLimit).toBeGreaterThan(0);
      const mounts = await stack.inspected<{ Type: string; Name: string; Destination: string; RW: boolean }[]>('.Mounts');
      expect(mounts.map(({ Type, Name, Destination, RW }) => ({ Type, Name, Destination, RW })).sort((one, other) => one.Destination.localeCompare(other.Destination))).toEqual([
        { Type: 'volume', Name: `${stack.project}_backup_data`, Destination: '/backups', RW: true },
        { Type: 'volume', Name: `${stack.project}_upload_staging`, Destination: '/staging', RW: false },
      ]);
    });

    it('by what the system says of its process', async () => {
      const status = await stack.composed('exec', '-T', 'backup', 'sh', '-c', 'cat /proc/1/status; ls -A /var/lib/postgresql/data | wc -l');
      // DAC_READ_SEARCH is 2, SETGID 6, SETUID 7.
      expect(status).toMatch(/CapBnd:\t0{14}c4/);
      expect(status).toMatch(/NoNewPrivs:\t1/);
      expect((await stack.compose('exec', '-T', 'backup', 'touch', '/opt/x')).stderr).toContain('Read-only file system');
    });

    it('and leaves no nameless volume', async () => {
      const volumes = (await engine.docker(['volume', 'ls', '--quiet', '--filter', `label=com.docker.compose.project=${stack.project}`])).trim().split('\n').sort();
      expect(volumes).toEqual(['backup_data', 'pgdata', 'upload_staging'].map((name) => `${stack.project}_${name}`));
      const ids = (await stack.composed('ps', '-aq')).trim().split('\n');
      const named = await engine.docker(['inspect', '--format', '{{range .Mounts}}{{println .Type .Name}}{{end}}', ...ids]);
      for (const line of named.split('\n').filter(Boolean)) expect(line).toMatch(new RegExp(`^volume ${stack.project}_`));
    });

    it('and rehearses a restore all the same, in a server of its own, of which nothing is left', async () => {
      const end = await stack.backup('verify', '--restore');
      expect(end.code, end.stderr).toBe(0);
      expect(end.stdout).toContain('restored in a scratch PostgreSQL 17');
      log(`drill in the container:\n${end.stdout}`);
      const left = await stack.composed('exec', '-T', 'backup', 'sh', '-c', 'ls -A /backups /tmp; ls /proc | grep -c "^[0-9]"; cat /proc/[0-9]*/comm');
      expect(left).not.toMatch(/drill|postgres$/m);
    });
  });

  describe('when something goes wrong', () => {
    it('loses nothing when the database stops in mid-run, tells of it, and the next run is good', async () => {
      await stack.dotenv(YEARLY);
      await stack.composed('--profile', 'backup', 'up', '-d');
      const before = await stack.files('daily');
      const lock = await stack.openTransaction('LOCK TABLE uploads IN ACCESS EXCLUSIVE MODE');
      const running = stack.backup('run');
      await until('a run that waits for the table', () => stack.sql("SELECT count(*) FROM pg_stat_activity WHERE application_name = 'geolens-backup' AND wait_event_type = 'Lock'"), (count) => count !== '0');
      log('stopping the database in mid-run');
      await stack.composed('stop', '-t', '2', 'db');
      const end = await running;
      await lock.end();
      log(`the run ended with ${end.code}: ${end.stderr.trim().split('\n').at(-1)!}`);
      expect(end.code, end.stderr).toBe(1);
      expect(end.stderr).toMatch(/ERROR/);
      expect(await stack.files('daily')).toEqual(before);
      expect(await stack.inspected<string>('.State.Status')).toBe('running');
      await stack.composed('up', '-d', '--wait', 'db');
      const next = await stack.backup('run');
      expect(next.code, next.stderr).toBe(0);
      expect((await stack.files('daily')).length).toBeGreaterThan(before.length);
    });

    it('ends within ten seconds of `docker stop` in mid-dump, leaves nothing, and goes on after a start', async () => {
      const before = await stack.files('daily');
      await stack.sql('CREATE SEQUENCE IF NOT EXISTS stubborn');
      await stack.dotenv({ ...YEARLY, BACKUP_ON_START: 'always' });
      const lock = await stack.openTransaction('ALTER SEQUENCE stubborn RENAME TO stubborn_as_ever');
      await stack.composed('--profile', 'backup', 'up', '-d');
      const dumping = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'geolens-backup' AND wait_event_type = 'Lock'";
      await until('a dump that waits', () => stack.sql(dumping), (count) => count !== '0');
      log('docker compose stop backup, in mid-dump');
      const asked = performance.now();
      await stack.composed('stop', 'backup');
      const took = performance.now() - asked;
      const state = await stack.inspected<{ ExitCode: number; OOMKilled: boolean }>('.State');
      log(`stopped in ${(took / 1000).toFixed(1)} s with exit code ${state.ExitCode}`);
      expect(took).toBeLessThan(NO_LATER_THAN_MS);
      expect(state).toMatchObject({ ExitCode: 0, OOMKilled: false });
      expect(await stack.sql("SELECT count(*) FROM pg_stat_activity WHERE application_name = 'geolens-backup'")).toBe('0');
      await lock.end();
      const names = await engine.docker(['run', '--rm', '-v', `${stack.project}_backup_data:/b`, images.backup, 'find', '/b', '-type', 'f', '-printf', '%f\\n']);
      expect(names.trim().split('\n').filter((name) => !name.startsWith('.geolens-backup')).sort()).toEqual(before);
      const since = Date.now() / 1000;
      await stack.composed('start', 'backup');
      await until('a run after the start', () => stack.log(since), (text) => text.includes(' complete in '));
      log('started again, and a run is complete');
    });

    it('clears away what a kill -9 in mid-dump has left, and goes on', async () => {
      await stack.sql('CREATE SEQUENCE IF NOT EXISTS stubborn');
      const lock = await stack.openTransaction('ALTER SEQUENCE stubborn RENAME TO stubborn_as_ever');
      const running = stack.backup('run');
      await until('a dump that waits', () => stack.sql("SELECT count(*) FROM pg_stat_activity WHERE application_name = 'geolens-backup' AND wait_event_type = 'Lock'"), (count) => count !== '0');
      log('docker kill, in mid-dump');
      await stack.composed('kill', '-s', 'KILL', 'backup');
      expect((await running).code).not.toBe(0);
      await lock.end();
      await stack.composed('start', 'backup');
      await until('a run after the kill', () => manifests(), (names) => names.length > 0);
      const end = await stack.backup('run');
      expect([0, 4], end.stderr).toContain(end.code);
      await until('the end of all runs', () => stack.files('daily'), (names) => names.every((name) => /^(geolens_|globals-|staging-|manifest-)/.test(name)));
    });

    it('does not start with a wrong configuration, lists all of it, and exits with 2 each time the engine tries again', async () => {
      await stack.dotenv({ BACKUP_SCHEDULE: 'every day', BACKUP_RETENTION_DAILY: '0', BACKUP_S3_ENABLED: 'true', POSTGRES_PORT: 'x' });
      await stack.composed('--profile', 'backup', 'up', '-d', '--no-deps', 'backup');
      const text = await until('the list of problems, twice', () => stack.log(), (all) => all.split('BACKUP_SCHEDULE').length > 2);
      log(`a wrong configuration:\n${text.slice(0, text.indexOf('geolens-backup: the', 10) + 1 || undefined)}`);
      for (const name of ['BACKUP_SCHEDULE', 'BACKUP_RETENTION_DAILY', 'S3_BUCKET', 'POSTGRES_PORT']) expect(text).toContain(name);
      await until('exit code 2', () => stack.inspected<number>('.State.ExitCode'), (code) => code === 2, 30_000); // it is 0 while it runs
    });

    it('is unhealthy when runs have failed for too long', async () => {
      await stack.dotenv({ ...MINUTELY, BACKUP_MAX_AGE_MINUTES: '1', BACKUP_ON_START: 'never', POSTGRES_PASSWORD: 'wrong' });
      await stack.composed('--profile', 'backup', 'up', '-d', '--no-deps', 'backup');
      log('a wrong password; waiting until the engine calls it unhealthy');
      await until('unhealthy', () => stack.inspected<string>('.State.Health.Status'), (status) => status === 'unhealthy', 180_000);
      const checks = await stack.inspected<{ Output: string }[]>('.State.Health.Log');
      log(`the engine’s health log: ${checks.at(-1)!.Output.trim()}`);
      expect(checks.at(-1)!.Output).toMatch(/^unhealthy: the last success is too long ago: .*the last run failed at .*password/);
      expect(checks.at(-1)!.Output).not.toContain('wrong');
    });
  });

  describe('restores', () => {
    beforeAll(async () => {
      await stack.dotenv(YEARLY);
      await stack.composed('--profile', 'backup', 'up', '-d');
    });

    it('by restore.sh, with api and worker stopped meanwhile and started again', async () => {
      const made = await stack.backup('run', '--json');
      expect(made.code, made.stderr).toBe(0);
      const { timestamp } = JSON.parse(made.stdout) as { timestamp: string };
      await stack.composed('stop', '-t', '1', 'api');
      const rows = await stack.sql("SELECT count(*) FROM uploads WHERE name <> 'later'");
      await stack.sql("INSERT INTO uploads VALUES ('later', now(), ST_MakePoint(0, 0))");
      const end = await stack.script('restore.sh', timestamp);
      log(`restore.sh ${timestamp}:\n${end.stdout}${end.stderr}`);
      expect(end.code, end.stderr).toBe(0);
      expect(end.stderr).toContain('worker is stopped');
      expect(end.stderr).toContain('started again: worker');
      expect(await stack.sql("SELECT count(*) FROM uploads WHERE name = 'later'")).toBe('0');
      expect(Number(await stack.sql('SELECT count(*) FROM uploads'))).toBeGreaterThan(Number(rows) - 5);
      expect(await stack.inspected<string>('.State.Status', 'worker')).toBe('running');
      expect(await stack.inspected<string>('.State.Status', 'api')).toBe('exited');
      await stack.composed('start', 'api');
    });

    it('the staging files too, with their owners and modes, where --staging-to names the volume', async () => {
      await stack.composed('exec', '-T', 'worker', 'rm', '/staging/of-1001.tif');
      const end = await stack.script('restore.sh', 'latest', '--staging-to', '/staging', '--drop-previous');
      expect(end.code, end.stderr).toBe(0);
      log(`restore.sh latest --staging-to /staging:\n${end.stdout}`);
      expect(end.stderr).toContain('started again: api worker');
      expect(await stack.composed('exec', '-T', 'worker', 'stat', '-c', '%u:%g %a', '/staging/of-1001.tif')).toBe('1001:1001 600\n');
      expect((await stack.compose('ps', '-a', '--format', '{{.Service}}')).stdout).not.toContain('restore');
    });

    it('a dump that was made by hand, from the host, into a database of its own', async () => {
      await stack.composed('exec', '-T', 'db', 'pg_dump', '-U', 'geolens', '-d', 'geolens', '-Fc', '--no-owner', '--no-acl', '-f', '/tmp/by-hand.dump');
      await stack.composed('cp', 'db:/tmp/by-hand.dump', './by-hand.dump');
      await chmod(join(stack.dockerFolder, 'by-hand.dump'), 0o600);
      const end = await stack.script('restore.sh', './by-hand.dump', '--into', 'by_hand');
      expect(end.code, end.stderr).toBe(0);
      expect(Number(await stack.sql('SELECT count(*) FROM uploads', 'by_hand'))).toBeGreaterThan(0);
    });

    it('refuses a dump that is cut, before anything is stopped', async () => {
      const dump = readFileSync(join(stack.dockerFolder, 'by-hand.dump'));
      await writeFile(join(stack.dockerFolder, 'cut.dump'), dump.subarray(0, dump.length / 2));
      const end = await stack.script('restore.sh', './cut.dump');
      expect(end.code, end.stderr).toBe(5);
      expect(end.stderr).not.toContain('stopped:');
      expect(end.stderr).toContain('Nothing was stopped, nothing was changed.');
    });
  });

  describe('with copies on S3', () => {
    let gateway: Gateway | { readonly unavailable: string };
    let relay: Awaited<ReturnType<typeof relayTo>> | undefined;

    beforeAll(async () => {
      gateway = await startGateway();
      if ('unavailable' in gateway) return;
      const network = await engine.docker(['network', 'inspect', '--format', '{{(index .IPAM.Config 0).Gateway}}', `${stack.project}_default`]);
      relay = await relayTo(Number(new URL(gateway.endpoint).port), network.trim());
    });

    afterAll(async () => {
      await relay?.stop();
      if ('stop' in gateway) await gateway.stop();
    });

    it('made with keys from files that no inspection shows, read back, proven and restored', async ({ skip }) => {
      if (!('stop' in gateway) || relay === undefined) return skip('unavailable' in gateway ? gateway.unavailable : '');
      const { accessKeyId, secretAccessKey, endpoint } = gateway;
      const s3 = new S3Client({ endpoint, region: 'us-east-1', forcePathStyle: true, credentials: { accessKeyId, secretAccessKey } });
      await s3.send(new CreateBucketCommand({ Bucket: 'geolens' }));
      await stack.secrets({ postgres_password: 'geolens', s3_access_key_id: accessKeyId, s3_secret_access_key: secretAccessKey });
      await stack.overlay({ 'compose.secrets.yaml': readFileSync(join(stack.dockerFolder, 'compose.secrets.yaml'), 'utf8') });
      await stack.dotenv({ ...YEARLY, BACKUP_S3_ENABLED: 'true', S3_ENDPOINT: relay.endpoint, S3_BUCKET: 'geolens' });
      await stack.composed('--profile', 'backup', 'up', '-d');
      const run = await stack.backup('run', '--json');
      expect(run.code, run.stderr).toBe(0);
      const { timestamp } = JSON.parse(run.stdout) as { timestamp: string };
      const { Contents = [] } = await s3.send(new ListObjectsV2Command({ Bucket: 'geolens', Prefix: 'backups/daily/' }));
      expect(Contents.map(({ Key }) => Key)).toEqual(expect.arrayContaining([`backups/daily/geolens_${timestamp}.dump`, `backups/daily/manifest-${timestamp}.json`]));
      const shown = await engine.docker(['inspect', (await stack.composed('ps', '-q', 'backup')).trim()]);
      expect(shown).not.toContain(secretAccessKey);
      log(`set ${timestamp} is in the bucket; proving the copy`);
      const proof = await stack.backup('verify', timestamp, '--store', 's3', '--restore');
      expect(proof.code, proof.stderr).toBe(0);
      log(proof.stdout);
      const end = await stack.script('restore.sh', timestamp, '--store', 's3', '--into', 'from_s3');
      expect(end.code, end.stderr).toBe(0);
      expect(Number(await stack.sql('SELECT count(*) FROM uploads', 'from_s3'))).toBeGreaterThan(0);
      s3.destroy();
    });
  });

  it('runs once, as a job of a cluster does', async () => {
    const limits = ['--read-only', '--cap-drop', 'ALL', '--cap-add', 'DAC_READ_SEARCH', '--cap-add', 'SETUID', '--cap-add', 'SETGID', '--security-opt', 'no-new-privileges', '--tmpfs', '/tmp'];
    const volumes = ['-v', `${stack.project}_backup_data:/backups`, '-v', `${stack.project}_upload_staging:/staging:ro`, '--tmpfs', '/var/lib/postgresql/data'];
    const output = await engine.docker(['run', '--rm', ...limits, ...volumes, '--network', `${stack.project}_default`, '-e', 'POSTGRES_PASSWORD=geolens', images.backup, 'geolens-backup', 'run', '--json']);
    expect(JSON.parse(output)).toMatchObject({ outcome: 'complete' });
  });
});
