import 'reflect-metadata';
import { join } from 'node:path';
import {
  container as root,
  instanceCachingFactory,
  type DependencyContainer,
  type InjectionToken,
} from 'tsyringe';
import {
  FileJournal,
  FileManifestCache,
  fileSources,
  FlockLock,
  FolderExaminer,
  freeBytes,
  giveWay,
  journalName,
  LocalStore,
  LOCK_NAME,
  manifestCacheName,
  PgDumpProducer,
  PgDumpRestorer,
  PgExaminer,
  PgServerProbe,
  ScratchDrill,
  StagingExaminer,
  systemClock,
  TarArchiver,
  TarStagingRestorer,
} from '@geolens/backup-adapter-local';
import {
  keepNewest,
  type Archiver,
  type ArtifactStore,
  type Clock,
  type Drill,
  type DumpProducer,
  type DumpRestorer,
  type Examiner,
  type FileSources,
  type Lock,
  type ManifestCache,
  type Notifier,
  type PrimaryStore,
  type RetentionPolicy,
  type RunJournal,
  type ServerProbe,
  type StagingRestorer,
  type Sweeper,
} from '@geolens/backup-core';
import type { Config } from './config/config.ts';
import { databaseLeftovers, stagingLeftovers } from './restore-leftovers.ts';
import type { Services } from './services.ts';

/** Where there may be room for a scratch server, should the volume of the sets have none. */
const ELSEWHERE = ['/var/tmp', '/tmp'];

const token = <T>(name: string): InjectionToken<T> => Symbol(name);

/** One token for each port. */
export const TOKENS = {
  archiver: token<Archiver>('Archiver'),
  cacheOf: token<(store: ArtifactStore) => ManifestCache>('cacheOf'),
  clock: token<Clock>('Clock'),
  drill: token<Drill>('Drill'),
  examiners: token<readonly Examiner[]>('Examiner[]'),
  files: token<FileSources>('FileSources'),
  freeBytes: token<(path: string) => Promise<number>>('freeBytes'),
  giveWay: token<() => Promise<void>>('giveWay'),
  journal: token<RunJournal>('RunJournal'),
  lock: token<Lock>('Lock'),
  notifiers: token<readonly Notifier[]>('Notifier[]'),
  probe: token<ServerProbe>('ServerProbe'),
  primary: token<PrimaryStore>('PrimaryStore'),
  producer: token<DumpProducer>('DumpProducer'),
  replicas: token<readonly ArtifactStore[]>('replicas'),
  restorer: token<DumpRestorer>('DumpRestorer'),
  retention: token<RetentionPolicy>('RetentionPolicy'),
  stagingRestorer: token<StagingRestorer>('StagingRestorer'),
  sweepers: token<readonly Sweeper[]>('Sweeper[]'),
  stores: token<readonly ArtifactStore[]>('ArtifactStore[]'),
} as const satisfies { readonly [P in keyof Services]: InjectionToken<Services[P]> };

/**
 * The composition root: says once which adapter stands behind which port. Factories with typed tokens, so
 * that the compiler sees every dependency; each part is made when it is first asked for, and once.
 */
export async function composeContainer(config: Config): Promise<DependencyContainer> {
  const [{ replicas, examiners }, notifiers] = await Promise.all([
    composeS3(config),
    composeNotifiers(config),
  ]);
  const container = root.createChildContainer();
  const register = <T>(name: InjectionToken<T>, make: (parts: DependencyContainer) => T): void => {
    container.register(name, { useFactory: instanceCachingFactory(make) });
  };
  const env = config.programEnv;
  register(TOKENS.giveWay, () => () => giveWay(env));
  register(TOKENS.drill, () => {
    const {
      backupDir,
      drillDir,
      drillFilesQuery: filesQuery,
      restorePrerequisites: prerequisites,
      pgBinDir: binDir,
    } = config;
    const folders = drillDir === undefined ? [backupDir, ...ELSEWHERE] : [drillDir];
    return new ScratchDrill({ folders, filesQuery, prerequisites, binDir, env });
  });
  register(TOKENS.files, () => fileSources);
  register(TOKENS.probe, () => new PgServerProbe(config.connection));
  register(TOKENS.clock, () => systemClock);
  register(TOKENS.primary, () => new LocalStore({ root: config.backupDir, label: 'BACKUP_DIR' }));
  register(TOKENS.replicas, () => replicas);
  register(TOKENS.notifiers, () => notifiers);
  register(TOKENS.freeBytes, () => freeBytes);
  register(TOKENS.examiners, () => {
    const { connection, rolePasswords, pgBinDir: binDir, backupDir, stagingDir } = config;
    return [
      new PgExaminer({ connection, rolePasswords, binDir, env: config.postgresEnv }),
      new FolderExaminer({ path: backupDir, label: 'BACKUP_DIR' }),
      new StagingExaminer(stagingDir),
      ...examiners(),
    ];
  });
  register(TOKENS.stores, (parts) => [parts.resolve(TOKENS.primary), ...parts.resolve(TOKENS.replicas)]);
  register(TOKENS.lock, () => new FlockLock(join(config.backupDir, LOCK_NAME), env));
  register(
    TOKENS.journal,
    () => new FileJournal(join(config.backupDir, journalName(config.connection.database))),
  );
  register(
    TOKENS.cacheOf,
    () => (store) => new FileManifestCache(join(config.backupDir, manifestCacheName(store.name))),
  );
  register(TOKENS.retention, () => keepNewest(config.retention));
  register(TOKENS.archiver, () => new TarArchiver({ folder: config.stagingDir, label: 'STAGING_DIR', env }));
  register(TOKENS.stagingRestorer, (parts) => {
    return new TarStagingRestorer({ env, clock: parts.resolve(TOKENS.clock), recordsDir: config.backupDir });
  });
  register(TOKENS.restorer, () => {
    const { connection, restorePrerequisites: prerequisites, pgBinDir: binDir } = config;
    return new PgDumpRestorer({ connection, prerequisites, binDir, env: config.postgresEnv });
  });
  register(TOKENS.sweepers, (parts) => [
    stagingLeftovers(parts.resolve(TOKENS.stagingRestorer), config.stagingDir),
    databaseLeftovers(parts.resolve(TOKENS.restorer), config.connection.database),
    parts.resolve(TOKENS.drill),
  ]);
  register(TOKENS.producer, () => {
    const { connection, compression, rolePasswords, pgBinDir: binDir } = config;
    return new PgDumpProducer({ connection, compression, rolePasswords, binDir, env: config.postgresEnv });
  });
  return container;
}

/** The parts that commands work with, each made when it is first asked for. */
export async function compose(config: Config): Promise<Services> {
  const container = await composeContainer(config);
  const part = (name: keyof Services): PropertyDescriptor => ({
    enumerable: true,
    get: () => container.resolve<unknown>(TOKENS[name]),
  });
  const names = Object.keys(TOKENS) as (keyof Services)[];
  return Object.defineProperties({}, Object.fromEntries(names.map((name) => [name, part(name)]))) as Services;
}

/** The SDK takes a quarter of a second to load, and memory: so only those pay for it who use it. */
async function composeS3({
  s3,
  connection: { database },
}: Config): Promise<{
  readonly replicas: readonly ArtifactStore[];
  readonly examiners: () => readonly Examiner[];
}> {
  if (s3 === undefined) return { replicas: [], examiners: () => [] };
  const { S3Examiner, S3Store } = await import('@geolens/backup-adapter-s3');
  return {
    replicas: [new S3Store({ settings: s3, database })],
    examiners: () => [new S3Examiner({ settings: s3, clock: systemClock })],
  };
}

/** Loaded only where somebody is to be told. */
async function composeNotifiers({ pingUrl, webhook }: Config): Promise<readonly Notifier[]> {
  const notifiers: Notifier[] = [];
  if (pingUrl !== undefined)
    notifiers.push(new (await import('./notify/ping-notifier.ts')).PingNotifier(pingUrl));
  if (webhook !== undefined)
    notifiers.push(new (await import('./notify/webhook-notifier.ts')).WebhookNotifier(webhook));
  return notifiers;
}
