import { readFileSync } from 'node:fs';
import { validate } from 'dockerfile-utils';
import { describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { readConfig } from '../src/config/config.ts';
import { ALIASES, isSecret, VARIABLE_NAMES, type VariableName } from '../src/config/variables.ts';

const read = (path: string): string =>
  readFileSync(new URL(`../../../docker/${path}`, import.meta.url), 'utf8');

interface Service {
  readonly entrypoint: string[];
  readonly command: string[];
  readonly healthcheck: {
    readonly test: string[];
    readonly interval: string;
    readonly timeout: string;
    readonly start_period: string;
    readonly retries: number;
  };
  readonly environment: Record<string, string | null>;
  readonly env_file?: readonly object[];
  readonly cap_add: string[];
  readonly cap_drop: string[];
  readonly read_only: boolean;
  readonly profiles?: string[];
  readonly volumes: string[];
  readonly image?: string;
  readonly mem_limit?: string;
  readonly stop_grace_period?: string;
}

function servicesIn(text: string): Record<string, Service> {
  return (parseAllDocuments(text, { merge: true })[0]!.toJS() as { services: Record<string, Service> })
    .services;
}

const services = (file: string): Record<string, Service> => servicesIn(read(file));

describe('docker/', () => {
  it('has a Dockerfile of which nothing is to be said', () => {
    expect(
      validate(read('Dockerfile')).map(({ code, range }) => ({ code, line: range.start.line + 1 })),
    ).toEqual([]);
  });

  it('labels the image with the version that it is of', () => {
    const { version } = JSON.parse(read('../packages/runner/package.json')) as { version: string };
    expect(/^ARG VERSION=(.*)$/m.exec(read('Dockerfile'))![1]).toBe(version);
  });

  it('says what the image says', () => {
    const { entrypoint, command, healthcheck } = services('compose.backup.yaml')['backup']!;
    const said = (instruction: string): unknown =>
      JSON.parse(new RegExp(`^${instruction} (\\[.*\\])$`, 'm').exec(read('Dockerfile'))![1]!);
    expect([entrypoint, command]).toEqual([said('ENTRYPOINT'), said('CMD')]);
    const { test, interval, timeout, start_period, retries } = healthcheck;
    expect(read('Dockerfile')).toContain(
      `HEALTHCHECK --interval=${interval} --timeout=${timeout} --start-period=${start_period} --retries=${retries} CMD ${JSON.stringify(test.slice(1)).replace(',', ', ')}`,
    );
  });

  it('takes from the .env of GeoLens, or the shell, every variable except where the server is', () => {
    const { 'x-environment': environment } = parseAllDocuments(read('compose.geolens.yaml'))[0]!.toJS() as {
      'x-environment': Record<string, string>;
    };
    const base = services('compose.backup.yaml')['backup']!.environment;
    const passed = { ...environment, ...base };
    const own = ['POSTGRES_HOST', 'POSTGRES_PORT', 'DATABASE_URL'];
    const wanted = VARIABLE_NAMES.filter((name) => !own.includes(name)).flatMap((name) =>
      isSecret(name) ? [name, `${name}_FILE`] : [name],
    );
    const blank = [...Object.values(ALIASES), 'BACKUP_PAGE_PORT', 'BACKUP_MEM_LIMIT'];
    expect(Object.keys(passed).sort()).toEqual([...wanted, ...blank].sort());
    for (const [name, value] of Object.entries(passed)) {
      const alias = ALIASES[name as VariableName];
      const otherwise =
        name === 'S3_PREFIX' ? ':-geolens-backup' : `-${alias === undefined ? '' : `\${${alias}-}`}`;
      expect(value).toBe(blank.includes(name) ? '' : `\${${name}${otherwise}}`);
    }
  });

  it.each([
    ['compose.yaml', '.env'],
    ['compose.geolens.yaml', '../.env'],
  ])(
    'gives the services of %s that back up and restore all of the .env beside it, and no other one',
    (file, path) => {
      const ours = Object.entries(services(file)).filter(([, { env_file }]) => env_file !== undefined);
      expect(Object.fromEntries(ours.map(([name, { env_file }]) => [name, env_file]))).toEqual({
        backup: [{ path, required: false }],
        restore: [{ path, required: false }],
      });
    },
  );

  it('starts the backup with every `up -d`, the service that restores files with none, and gives it the same but the files', () => {
    const { backup, restore } = services('compose.backup.yaml');
    expect([backup!.profiles, restore!.profiles]).toEqual([undefined, ['restore']]);
    for (const name of [
      'environment',
      'cap_drop',
      'read_only',
      'security_opt',
      'tmpfs',
      'mem_limit',
    ] as const)
      expect(restore).toHaveProperty(name, backup![name as keyof Service]);
    expect(restore!.cap_add).toEqual([...backup!.cap_add, 'CHOWN', 'DAC_OVERRIDE', 'FOWNER']);
    expect(
      restore!.volumes.map((volume) => `${volume}${volume.startsWith('upload_staging') ? ':ro' : ''}`),
    ).toEqual(backup!.volumes);
  });

  it('gives the service of the restore test the rights of the backup, no network, no secret, and sets that it cannot write', () => {
    const { backup, 'restore-test': test } = services('compose.backup.yaml');
    for (const name of ['cap_add', 'cap_drop', 'read_only', 'security_opt', 'tmpfs', 'mem_limit'] as const)
      expect(test).toHaveProperty(name, backup![name as keyof Service]);
    expect(test).toMatchObject({ profiles: ['restore-test'], network_mode: 'none' });
    const names = Object.keys(test!.environment).map((name) => name.replace(/_FILE$/, ''));
    expect(names.filter((name) => isSecret(name as VariableName) || name.startsWith('S3_'))).toEqual([]);
    expect(test!.volumes).toEqual(['backup_data:${BACKUP_DIR:-/backups}:ro', 'restore_test:/restore-test']);
    const [, snippet] = /^```yaml\n(services:\n {2}restore-test:.*?)^```$/ms.exec(
      read('../docs/container.md'),
    )!;
    const documented = servicesIn(snippet!)['restore-test']!;
    const { image, environment, volumes, mem_limit, ...limits } = documented;
    expect(test).toMatchObject(limits);
    expect(Object.keys(test!.environment)).toEqual(expect.arrayContaining(Object.keys(environment)));
    expect([image, volumes, mem_limit]).toEqual([
      'geolens-backup',
      ['backup_data:/backups:ro', 'restore_test:/restore-test'],
      '2g',
    ]);
  });

  it('has a systemd unit with the rights of the container, that ends as it does', () => {
    const unit = read('systemd/geolens-backup.service');
    const { cap_add: add, stop_grace_period: grace } = services('compose.backup.yaml')['backup']!;
    const value = (name: string): string => new RegExp(`^${name}=(.*)$`, 'm').exec(unit)![1]!;
    expect(value('CapabilityBoundingSet').split(' ')).toEqual(add.map((name) => `CAP_${name}`));
    expect(`${value('TimeoutStopSec')}s`).toBe(grace);
    expect(value('ExecStart')).toMatch(/ serve$/);
  });

  it('has an overlay for Kustomize that changes only variables that there are', () => {
    const { patches } = parseAllDocuments(read('kubernetes-example/kustomization.yaml'))[0]!.toJS() as {
      patches: { target: { kind: string }; patch: string }[];
    };
    const { patch } = patches.find(({ target }) => target.kind === 'ConfigMap')!;
    const { data } = parseAllDocuments(patch)[0]!.toJS() as { data: Record<string, string> };
    expect(Object.keys(data).filter((name) => !(VARIABLE_NAMES as string[]).includes(name))).toEqual([]);
  });

  it('has every build argument that the documentation gives', () => {
    const given = [...read('../docs/container.md').matchAll(/--build-arg (\w+)=/g)].map(([, name]) => name);
    expect(given).toContain('DB_IMAGE');
    for (const name of given) expect(read('Dockerfile')).toMatch(new RegExp(`^ARG ${name}=`, 'm'));
  });

  describe.each(['cronjob.yaml', 'restore-test.yaml'])('kubernetes/%s', (file) => {
    interface Job {
      readonly spec: {
        readonly jobTemplate: {
          readonly spec: {
            readonly template: {
              readonly spec: {
                readonly enableServiceLinks: boolean;
                readonly containers: [{ readonly args: string[]; readonly securityContext: object }];
              };
            };
          };
        };
      };
    }
    const documents = parseAllDocuments(read(`kubernetes/${file}`)).map(
      (document) => document.toJS() as { kind: string; data?: Record<string, string> },
    );
    const pod = (documents.find(({ kind }) => kind === 'CronJob') as unknown as Job).spec.jobTemplate.spec
      .template.spec;

    it('has the rights that the Compose file leaves, and none that the cluster adds', () => {
      const { cap_add: add, cap_drop: drop } = services('compose.backup.yaml')['backup']!;
      expect(pod.containers[0].securityContext).toEqual({
        runAsUser: 0,
        allowPrivilegeEscalation: false,
        readOnlyRootFilesystem: true,
        capabilities: { drop, add },
      });
      expect(pod.enableServiceLinks).toBe(false);
      expect(pod.containers[0].args[0]).toBe('geolens-backup');
    });

    it('sets only variables that there are, to values that they take', () => {
      const { data } = documents.find(({ kind }) => kind === 'ConfigMap') ?? {};
      expect(readConfig({ ...data, S3_ACCESS_KEY_ID: 'a', S3_SECRET_ACCESS_KEY: 'b' }).warnings).toEqual([]);
      expect(Object.keys(data ?? {}).filter((name) => !(VARIABLE_NAMES as string[]).includes(name))).toEqual(
        [],
      );
    });
  });
});
