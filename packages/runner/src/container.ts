import 'reflect-metadata';
import fsExtra from 'fs-extra';
import { join } from 'node:path';
import {
  container as root,
  instanceCachingFactory,
  type DependencyContainer,
  type InjectionToken,
} from 'tsyringe';
import {
  FileJournal,
  FileRecords,
  FileReport,
  fileSources,
  FolderDiagnosticCheck,
  freeBytes,
  journalName,
  LocalStore,
  recordsName,
  reportName,
  StagingDiagnosticCheck,
  systemClock,
  TarArchiver,
  TarStagingRestorer,
} from '@geolens/backup-adapter-local';
import {
  PgDiagnosticCheck,
  PgDumpProducer,
  PgDumpRestorer,
  PgRestoreTester,
  PgServerProbe,
  readAssertions,
  withLocalReport,
  type AssertionsFile,
} from '@geolens/backup-adapter-postgres';
import { errnoOf, FlockLock, LOCK_NAME, lowerPriority } from '@geolens/backup-system';
import {
  BackupError,
  EncryptedStore,
  isBackupError,
  keepNewest,
  manifestSigner,
  trustKeys,
  type ArtifactStore,
  type DumpRestorer,
  type OrphanCleaner,
  type StagingRestorer,
  type StallLimit,
} from '@geolens/backup-core';
import type { DiagnosticCheck, Notifier } from '@geolens/backup-core/internal';
import type { Config } from './config/config.ts';
import { composeEncryption, WITHOUT_ENCRYPTION } from './compose-encryption.ts';
import { useProxy } from './config/read-proxy.ts';
import type { Services } from './services.ts';

/** Folders for a temporary server if the volume of the sets lacks disk space. */
const ELSEWHERE = ['/var/tmp', '/tmp'];

export const TOKENS: { readonly [P in keyof Services]-?: InjectionToken<Services[P]> } = {
  archiver: Symbol('archiver'),
  checkAssertions: Symbol('checkAssertions'),
  checkKeys: Symbol('checkKeys'),
  cipher: Symbol('cipher'),
  clock: Symbol('clock'),
  restoreTest: Symbol('restoreTest'),
  diagnosticChecks: Symbol('diagnosticChecks'),
  files: Symbol('files'),
  freeBytes: Symbol('freeBytes'),
  lowerPriority: Symbol('lowerPriority'),
  journal: Symbol('journal'),
  lock: Symbol('lock'),
  notifiers: Symbol('notifiers'),
  probe: Symbol('probe'),
  readCipher: Symbol('readCipher'),
  primary: Symbol('primary'),
  producer: Symbol('producer'),
  replicas: Symbol('replicas'),
  restorer: Symbol('restorer'),
  reportOf: Symbol('reportOf'),
  retention: Symbol('retention'),
  signer: Symbol('signer'),
  stall: Symbol('stall'),
  stagingRestorer: Symbol('stagingRestorer'),
  cleaners: Symbol('cleaners'),
  stores: Symbol('stores'),
};

export interface ComposeOptions {
  /** Whether to omit the replicas and the encryption. Defaults to false. */
  readonly volumeOnly?: boolean | undefined;
}

/**
 * Composition root: binds each port to its adapter. Typed tokens let the compiler check every dependency.
 * Creates each part once, at its first use.
 */
export async function composeContainer(
  config: Config,
  { volumeOnly = false }: ComposeOptions = {},
): Promise<DependencyContainer> {
  const [{ stores, diagnosticChecks }, notifiers, age] = await Promise.all([
    composeS3(volumeOnly ? { ...config, s3: undefined } : config),
    composeNotifiers(config),
    volumeOnly ? WITHOUT_ENCRYPTION : composeEncryption(config),
  ]);
  const { cipher } = age;
  const { key, trustedKeys, installation } = config.signing;
  const trust = trustedKeys && trustKeys(trustedKeys, installation);
  const signer = key && manifestSigner(key, installation);
  const container = root.createChildContainer();
  const register = <T>(name: InjectionToken<T>, make: (parts: DependencyContainer) => T): void => {
    container.register(name, { useFactory: instanceCachingFactory(make) });
  };
  register(TOKENS.signer, () => signer);
  const env = config.programEnv;
  register(TOKENS.lowerPriority, () => () => lowerPriority(env));
  const { restoreTestSql: path } = config;
  const assertions: AssertionsFile | undefined =
    path === undefined ? undefined : { path, label: 'BACKUP_RESTORE_TEST_SQL', timeout: config.stallTimeout };
  register(TOKENS.restoreTest, () => {
    const {
      backupDir,
      restoreTestDir,
      restoreTestFilesQuery: sql,
      restoreTestIsolation: isolation,
      restorePrerequisites: prerequisites,
      pgBinDir: binDir,
    } = config;
    const filesQuery = sql === undefined ? undefined : { sql, label: 'BACKUP_RESTORE_TEST_FILES_QUERY' };
    const folders = restoreTestDir === undefined ? [backupDir, ...ELSEWHERE] : [restoreTestDir];
    return new PgRestoreTester({ folders, filesQuery, assertions, prerequisites, binDir, isolation, env });
  });
  register(TOKENS.checkAssertions, () => async () => {
    if (assertions !== undefined) await readAssertions(assertions);
  });
  register(TOKENS.files, () => fileSources({ cipher, trust }));
  register(TOKENS.readCipher, () => cipher);
  register(TOKENS.cipher, () => (config.encryption.mode === 'all' ? cipher : undefined));
  register(TOKENS.checkKeys, () => async () => {
    if (trust !== undefined && signer === undefined)
      throw new BackupError(
        'CONFIG_INVALID',
        'BACKUP_TRUSTED_KEYS is set without BACKUP_SIGNING_KEY_FILE: this host would not trust, copy or prune the sets that it makes',
        { hint: 'Set BACKUP_SIGNING_KEY_FILE: geolens-backup key generate --signing prints a key' },
      );
    await age.checkRecipients();
  });
  register(TOKENS.probe, () => new PgServerProbe(config.connection));
  register(TOKENS.clock, () => systemClock);
  const { stallTimeout } = config;
  const stall: StallLimit | undefined =
    stallTimeout === undefined ? undefined : { clock: systemClock, milliseconds: stallTimeout };
  register(TOKENS.stall, () => stall);
  register(TOKENS.primary, () => new LocalStore({ root: config.backupDir, label: 'BACKUP_DIR', trust }));
  register(TOKENS.replicas, () =>
    cipher === undefined ? stores : stores.map((store) => new EncryptedStore(store, cipher, signer)),
  );
  register(TOKENS.notifiers, () => notifiers);
  register(TOKENS.freeBytes, () => freeBytes);
  register(TOKENS.diagnosticChecks, () => {
    const { connection, rolePasswords, pgBinDir: binDir, backupDir, stagingDir } = config;
    return [
      new PgDiagnosticCheck({ connection, rolePasswords, binDir, env: config.postgresEnv }),
      new FolderDiagnosticCheck({ path: backupDir, label: 'BACKUP_DIR' }),
      new StagingDiagnosticCheck(stagingDir),
      ...diagnosticChecks(),
      ...age.diagnosticChecks(),
    ];
  });
  register(TOKENS.stores, (parts) => [parts.resolve(TOKENS.primary), ...stores]);
  register(TOKENS.lock, () => new FlockLock(join(config.backupDir, LOCK_NAME), env));
  register(
    TOKENS.journal,
    () => new FileJournal(join(config.backupDir, journalName(config.connection.database))),
  );
  register(TOKENS.reportOf, () => (operation, redact) => {
    const file = new FileReport(
      join(reportFolder(config), reportName(config.connection.database, operation)),
    );
    const add = (text: string): void => {
      file.add(redact(text));
    };
    return {
      path: file.path,
      collect: (work) => withLocalReport(add, work),
      save: (ended) => file.save(ended),
    };
  });
  register(TOKENS.retention, () => keepNewest(config.retention));
  register(TOKENS.archiver, () => new TarArchiver({ folder: config.stagingDir, label: 'STAGING_DIR', env }));
  register(TOKENS.stagingRestorer, (parts) => {
    return new TarStagingRestorer({ env, clock: parts.resolve(TOKENS.clock), recordsDir: config.backupDir });
  });
  register(TOKENS.restorer, () => {
    const { connection, restorePrerequisites: prerequisites, pgBinDir: binDir } = config;
    return new PgDumpRestorer({ connection, prerequisites, binDir, env: config.postgresEnv, stall });
  });
  register(TOKENS.cleaners, (parts) => [
    orphanedStaging(parts.resolve(TOKENS.stagingRestorer), config.stagingDir),
    orphanedDatabases(parts.resolve(TOKENS.restorer), config.connection.database),
    parts.resolve(TOKENS.restoreTest),
  ]);
  register(TOKENS.producer, () => {
    const { connection, compression, rolePasswords, pgBinDir: binDir } = config;
    return new PgDumpProducer({
      connection,
      compression,
      rolePasswords,
      binDir,
      env: config.postgresEnv,
      stall,
    });
  });
  return container;
}

/** Returns the parts that commands use. Creates each one at its first use. */
export async function compose(config: Config, options: ComposeOptions = {}): Promise<Services> {
  const container = await composeContainer(config, options);
  const part = (name: keyof Services): PropertyDescriptor => ({
    enumerable: true,
    get: () => container.resolve<unknown>(TOKENS[name]),
  });
  const names = Object.keys(TOKENS) as (keyof Services)[];
  return Object.defineProperties({}, Object.fromEntries(names.map((name) => [name, part(name)]))) as Services;
}

/** Loads the S3 adapter only if S3 is enabled: the SDK takes a quarter of a second and memory. */
async function composeS3({
  s3,
  backupDir,
  signing: { trustedKeys, installation },
  connection: { database },
}: Config): Promise<{
  readonly stores: readonly ArtifactStore[];
  readonly diagnosticChecks: () => readonly DiagnosticCheck[];
}> {
  if (s3 === undefined) return { stores: [], diagnosticChecks: () => [] };
  const { S3DiagnosticCheck, S3Store } = await import('@geolens/backup-adapter-s3');
  const place = [s3.endpoint ?? '', s3.bucket, s3.prefix ?? ''].join('/');
  const trust = trustedKeys && trustKeys(trustedKeys, installation);
  const records = new FileRecords(join(backupDir, recordsName('s3', place)));
  return {
    stores: [new S3Store({ settings: s3, database, records, trust })],
    diagnosticChecks: () => [new S3DiagnosticCheck({ settings: s3, clock: systemClock })],
  };
}

/** Loads the notifiers only if one is configured. */
async function composeNotifiers({ pingUrl, webhook, proxy }: Config): Promise<readonly Notifier[]> {
  if (pingUrl === undefined && webhook === undefined) return [];
  if (proxy !== undefined) useProxy(proxy);
  const { PingNotifier, WebhookNotifier } = await import('./notify/notifiers.ts');
  return [
    ...(pingUrl === undefined ? [] : [new PingNotifier(pingUrl)]),
    ...(webhook === undefined ? [] : [new WebhookNotifier(webhook)]),
  ];
}

/**
 * Cleans up after a file restore that died. Separate from the database's cleaner, so that neither failure
 * stops the other.
 */
function orphanedStaging(restorer: StagingRestorer, folder: string): OrphanCleaner {
  return { cleanUp: ({ onWarning } = {}) => restorer.recover(folder, { onWarning }) };
}

/** Cleans up after a database restore that died, which leaves a second database beside the live one. */
function orphanedDatabases(restorer: DumpRestorer, database: string): OrphanCleaner {
  return {
    cleanUp: async ({ signal = new AbortController().signal } = {}) => {
      try {
        const session = await restorer.open(database, { exclusive: true, signal });
        await session.close();
        return session.recovered;
      } catch (error) {
        // The next step that needs the server reports the error. A restore that is still running has left
        // nothing yet.
        if (
          isBackupError(
            error,
            'DATABASE_UNREACHABLE',
            'DATABASE_FORBIDDEN',
            'CLIENT_TOO_OLD',
            'PROGRAM_MISSING',
            'LOCK_HELD',
          )
        )
          return [];
        throw error;
      }
    },
  };
}

/** Returns the folder of local reports: that of restore tests if the folder of the sets is read-only. */
function reportFolder({ backupDir, restoreTestDir = backupDir }: Config): string {
  try {
    fsExtra.accessSync(backupDir, fsExtra.constants.W_OK);
  } catch (error) {
    if (errnoOf(error) === 'EROFS') return restoreTestDir;
  }
  return backupDir;
}
