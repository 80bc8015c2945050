import { resolve } from 'node:path';
import type { ConnectionSettings } from '@geolens/backup-adapter-postgres';
import type { S3Settings } from '@geolens/backup-adapter-s3';
import {
  BackupError,
  Secret,
  type Compression,
  type KeepCounts,
  type Schedule,
  type VerifyLevel,
} from '@geolens/backup-core';
import type { WebhookOptions } from '../notify/webhook-notifier.ts';
import { percentDecoded } from '../percent-decoded.ts';
import { readConnection } from './read-connection.ts';
import { readProxy } from './read-proxy.ts';
import { readS3 } from './read-s3.ts';
import { readSchedules } from './read-schedules.ts';
import { readEnvironment, type Environment, type Origin } from './read-environment.ts';
import { unknownVariables } from './unknown-variables.ts';
import { isSecret, VARIABLE_NAMES, type Values, type VariableName } from './variables.ts';

export type OnStart = Values['BACKUP_ON_START'];
export type LogFormat = Values['LOG_FORMAT'];
export type LogLevel = Values['LOG_LEVEL'];

/** The configuration, whole and checked. */
export interface Config {
  readonly schedule: Schedule;
  /** Undefined: restores are never tested by themselves. */
  readonly restoreTestSchedule: Schedule | undefined;
  /** Undefined: replicas are never read by themselves. */
  readonly replicaCheckSchedule: Schedule | undefined;
  /** Where temporary servers are made; `undefined`: the first folder with enough disk space. */
  readonly restoreTestDir: string | undefined;
  readonly restoreTestIsolation: 'preferred' | 'required';
  readonly restoreTestFilesQuery: string | undefined;
  /** Path of the file of assertions. */
  readonly restoreTestSql: string | undefined;
  readonly retention: KeepCounts;
  readonly connection: ConnectionSettings;
  /** Undefined when there are to be no copies on S3. */
  readonly s3: S3Settings | undefined;
  readonly rolePasswords: boolean;
  /** What has to be there before a dump is restored. */
  readonly restorePrerequisites: {
    readonly extensions: readonly string[];
    readonly schemas: readonly string[];
    readonly roles: readonly string[];
  };
  readonly backupDir: string;
  readonly stagingDir: string;
  readonly compression: Compression | 'auto';
  readonly catchUp: boolean;
  readonly onStart: OnStart;
  /** How old the last success may be; undefined when the schedule tells. */
  readonly maxAgeMinutes: number | undefined;
  readonly verify: VerifyLevel;
  /** Under which share of the median of the last sets a new one is suspicious; 0 for never. */
  readonly sizeAnomalyThreshold: number;
  /** How long work may make no progress, in milliseconds; undefined for no limit. */
  readonly stallTimeout: number | undefined;
  readonly pingUrl: Secret | undefined;
  /** Undefined when there is none to be told. */
  readonly webhook: WebhookOptions | undefined;
  /** Where `serve` answers; undefined when it is not to. */
  readonly http:
    | { readonly host: string; readonly port: number; readonly allowedHosts: readonly string[] }
    | undefined;
  /** HTTPS_PROXY and the like, for S3 and notifications; `undefined` if none is set. */
  readonly proxy: Readonly<Record<string, string>> | undefined;
  readonly pgBinDir: string | undefined;
  readonly logFormat: LogFormat;
  readonly logLevel: LogLevel;
  /** The environment that programs get: where they are found, and where libpq looks for its files. */
  readonly programEnv: Readonly<Record<string, string>>;
  /** The same for PostgreSQL's programs, with what libpq reads of it. */
  readonly postgresEnv: Readonly<Record<string, string>>;
  /** Every variable as it holds, for people to read; secrets redacted. */
  readonly effective: readonly EffectiveVariable[];
  /** All secrets, so that whatever is printed can be searched for them. */
  readonly secrets: readonly Secret[];
  readonly warnings: readonly string[];
}

export interface EffectiveVariable {
  readonly name: VariableName;
  /** Undefined when it is not set and has no default. */
  readonly value: string | undefined;
  readonly origin: Origin;
}

/**
 * What programs may know of our environment: where things are, and what the SQL client reads of it by itself
 * too. Everything else, secrets of other services above all, stays here.
 */
const FOR_ALL = ['PATH', 'HOME', 'TMPDIR', 'TZ', 'LD_PRELOAD', 'FAKETIME', 'FAKETIME_SHARED'];
const FOR_POSTGRES = [...FOR_ALL, 'PGPASSFILE', 'PGPASSWORD', 'PGOPTIONS'];

/**
 * Reads the configuration from the environment.
 * @throws BackupError CONFIG_INVALID that lists all problems at once, each with the variable and the hint
 */
export function readConfig(env: Environment): Config {
  const { values, texts, origins, problems: found, warnings } = readEnvironment(env);
  const matters = (text: string): boolean => values.BACKUP_S3_ENABLED === true || !text.startsWith('S3_');
  const problems = found.filter(matters);
  const ofValues = [...problems];
  const named = new Set(ofValues.map(variableOf)); // their other problems follow from these
  const { schedule, restoreTestSchedule, replicaCheckSchedule } = readSchedules(values, problems);
  const connection = readConnection(values);
  if ('problems' in connection) problems.push(...connection.problems);
  const s3 = readS3(values);
  if ('problems' in s3) problems.push(...s3.problems);
  const proxy = readProxy(env);
  if (
    values.BACKUP_S3_ENABLED === true ||
    values.BACKUP_PING_URL !== undefined ||
    values.BACKUP_WEBHOOK_URL !== undefined
  )
    problems.push(...proxy.problems);
  if (problems.length > 0 || schedule === undefined || 'problems' in connection || 'problems' in s3)
    throw invalid([
      ...ofValues,
      ...problems.slice(ofValues.length).filter((text) => !named.has(variableOf(text))),
    ]);
  const whole = values as Values;
  return {
    schedule,
    restoreTestSchedule,
    replicaCheckSchedule,
    restoreTestDir:
      whole.BACKUP_RESTORE_TEST_DIR === undefined ? undefined : resolve(whole.BACKUP_RESTORE_TEST_DIR),
    restoreTestIsolation: whole.BACKUP_RESTORE_TEST_ISOLATION,
    restoreTestFilesQuery: whole.BACKUP_RESTORE_TEST_FILES_QUERY,
    restoreTestSql:
      whole.BACKUP_RESTORE_TEST_SQL === undefined ? undefined : resolve(whole.BACKUP_RESTORE_TEST_SQL),
    retention: { daily: whole.BACKUP_RETENTION_DAILY, weekly: whole.BACKUP_RETENTION_WEEKLY },
    connection: connection.settings,
    s3: s3.settings && { ...s3.settings, proxy: proxy.proxy },
    proxy: proxy.proxy,
    rolePasswords: whole.BACKUP_ROLE_PASSWORDS,
    restorePrerequisites: {
      extensions: whole.BACKUP_RESTORE_EXTENSIONS,
      schemas: whole.BACKUP_RESTORE_SCHEMAS,
      roles: whole.BACKUP_RESTORE_ROLES,
    },
    backupDir: resolve(whole.BACKUP_DIR),
    stagingDir: resolve(whole.STAGING_DIR),
    compression: whole.BACKUP_COMPRESSION,
    catchUp: whole.BACKUP_CATCH_UP,
    onStart: whole.BACKUP_ON_START,
    maxAgeMinutes: whole.BACKUP_MAX_AGE_MINUTES,
    verify: whole.BACKUP_VERIFY,
    sizeAnomalyThreshold: whole.BACKUP_SHRINK_THRESHOLD,
    stallTimeout: whole.BACKUP_STALL_TIMEOUT === 0 ? undefined : whole.BACKUP_STALL_TIMEOUT,
    pingUrl: whole.BACKUP_PING_URL === undefined ? undefined : new Secret(whole.BACKUP_PING_URL),
    webhook: webhookOf(whole),
    http:
      whole.BACKUP_HTTP_PORT === undefined
        ? undefined
        : {
            host: whole.BACKUP_HTTP_HOST,
            port: whole.BACKUP_HTTP_PORT,
            allowedHosts: whole.BACKUP_HTTP_ALLOWED_HOSTS,
          },
    pgBinDir: whole.BACKUP_PG_BIN_DIR,
    logFormat: whole.LOG_FORMAT,
    logLevel: whole.LOG_LEVEL,
    programEnv: passedOn(env, FOR_ALL),
    postgresEnv: passedOn(env, FOR_POSTGRES),
    effective: effectiveVariables(texts, origins, connection.settings),
    secrets: [
      ...secretsOf(texts, connection.settings),
      ...proxy.secrets,
      ...(env['PGPASSWORD'] === undefined ? [] : [new Secret(env['PGPASSWORD'])]),
    ],
    warnings: [...warnings.filter(matters), ...unknownVariables(env)],
  };
}

/** The name with which a problem begins. */
function variableOf(problem: string): string {
  return /^\w+/.exec(problem)?.[0] ?? '';
}

function passedOn(env: Environment, names: readonly string[]): Readonly<Record<string, string>> {
  return Object.fromEntries(names.flatMap((name) => (env[name] === undefined ? [] : [[name, env[name]]])));
}

/**
 * DATABASE_URL is secret, and wins over POSTGRES_*: so these are shown as it has them, and tell which
 * database is meant.
 */
function effectiveVariables(
  texts: ReadonlyMap<VariableName, string>,
  origins: ReadonlyMap<VariableName, Origin>,
  { host, port, user, database, password }: ConnectionSettings,
): readonly EffectiveVariable[] {
  const fromUrl: Partial<Record<VariableName, string | undefined>> = texts.has('DATABASE_URL')
    ? {
        POSTGRES_HOST: host,
        POSTGRES_PORT: String(port),
        POSTGRES_USER: user,
        POSTGRES_PASSWORD: password?.toString(),
        POSTGRES_DB: database,
      }
    : {};
  return VARIABLE_NAMES.map((name) => {
    const inUrl = name in fromUrl;
    const value = inUrl ? fromUrl[name] : texts.get(name);
    const origin = inUrl ? (value === undefined ? 'unset' : 'DATABASE_URL') : (origins.get(name) ?? 'unset');
    return { name, value: isSecret(name) && value !== undefined ? '[redacted]' : value, origin };
  });
}

function webhookOf({
  BACKUP_WEBHOOK_URL: url,
  BACKUP_WEBHOOK_TEMPLATE: template,
  BACKUP_WEBHOOK_ON: on,
}: Values): WebhookOptions | undefined {
  return url === undefined ? undefined : { url: new Secret(url), template, on };
}

/** Shorter paths tell nothing, and stand in other texts too. */
const SHORTEST_PATH = 8;

/** A URL that is secret, and the forms in which libraries may print it. */
function formsOfUrl(text: string): readonly string[] {
  if (!URL.canParse(text)) return [];
  const { href, pathname, search, password } = new URL(text);
  const path = `${pathname.replace(/\/$/, '')}${search}`;
  return [
    href,
    ...(path.length >= SHORTEST_PATH ? [path] : []),
    ...(password === '' ? [] : [percentDecoded(password)]),
  ];
}

function secretsOf(texts: ReadonlyMap<VariableName, string>, { password }: ConnectionSettings): Secret[] {
  const fromVariables = VARIABLE_NAMES.filter(isSecret).flatMap((name) => {
    const text = texts.get(name);
    return text === undefined
      ? []
      : [text, ...(name === 'BACKUP_PING_URL' || name === 'BACKUP_WEBHOOK_URL' ? formsOfUrl(text) : [])];
  });
  return [...fromVariables.map((value) => new Secret(value)), ...(password === undefined ? [] : [password])];
}

function invalid(problems: readonly string[]): BackupError {
  const list = problems.map((problem) => `\n  - ${problem}`).join('');
  return new BackupError(
    'CONFIG_INVALID',
    `the configuration has ${problems.length} problem${problems.length === 1 ? '' : 's'}:${list}`,
  );
}
