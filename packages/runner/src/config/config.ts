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
import { percentDecoded, readProxy } from './read-proxy.ts';
import { readS3 } from './read-s3.ts';
import {
  readConnection,
  readEncryption,
  readSchedules,
  readSigning,
  type EncryptionSettings,
  type Schedules,
  type SigningSettings,
} from './read-settings.ts';
import type { WebhookTemplate } from './readers.ts';
import { readEnvironment, type Environment, type Origin } from './read-environment.ts';
import { unknownVariables } from './unknown-variables.ts';
import { withoutKeys } from '../present/redact.ts';
import { isSecret, VARIABLE_NAMES, type Values, type VariableName } from './variables.ts';

/** Complete, validated configuration. */
export interface Config extends Schedules {
  readonly schedule: Schedule;
  /** Folder of temporary servers. Defaults to the first folder with enough disk space. */
  readonly restoreTestDir: string | undefined;
  readonly restoreTestIsolation: 'preferred' | 'required';
  readonly restoreTestFilesQuery: string | undefined;
  /** Path of the file of assertions. */
  readonly restoreTestSql: string | undefined;
  readonly retention: KeepCounts;
  readonly connection: ConnectionSettings;
  /** `undefined` if copies on S3 are not enabled. */
  readonly s3: S3Settings | undefined;
  readonly encryption: EncryptionSettings;
  readonly signing: SigningSettings;
  /** Private keys that open encrypted sets: the text of an identity file. `undefined` if none is given. */
  readonly identities: Secret | undefined;
  readonly rolePasswords: boolean;
  /** Objects that must exist before a dump is restored. */
  readonly restorePrerequisites: {
    readonly extensions: readonly string[];
    readonly schemas: readonly string[];
    readonly roles: readonly string[];
  };
  readonly backupDir: string;
  readonly stagingDir: string;
  readonly compression: Compression | 'auto';
  readonly catchUp: boolean;
  readonly onStart: Values['BACKUP_ON_START'];
  /** Maximum age of the last success. `undefined` if the schedule determines it. */
  readonly maxAgeMinutes: number | undefined;
  readonly verify: VerifyLevel;
  /** Share of the median of the last sets below which a new set is suspicious. 0 for never. */
  readonly sizeAnomalyThreshold: number;
  /** Maximum time without progress, in milliseconds. `undefined` for no limit. */
  readonly stallTimeout: number | undefined;
  readonly pingUrl: Secret | undefined;
  /** Webhook and the events that it receives. `undefined` if none is set. */
  readonly webhook:
    | { readonly url: Secret; readonly template: WebhookTemplate; readonly on: 'all' | 'trouble' }
    | undefined;
  /** Address of the status server. `undefined` if it is not enabled. */
  readonly http:
    | { readonly host: string; readonly port: number; readonly allowedHosts: readonly string[] }
    | undefined;
  /** How the operator types a command, for the commands on the status page. */
  readonly commandPrefix: string;
  /** Proxy variables for S3 and notifications, such as HTTPS_PROXY. `undefined` if none is set. */
  readonly proxy: Readonly<Record<string, string>> | undefined;
  readonly pgBinDir: string | undefined;
  readonly logFormat: Values['LOG_FORMAT'];
  readonly logLevel: Values['LOG_LEVEL'];
  /** Environment of child processes: the search path, the home folder for files of libpq, and the like. */
  readonly programEnv: Readonly<Record<string, string>>;
  /** Environment of the PostgreSQL client programs. Adds variables that libpq reads. */
  readonly postgresEnv: Readonly<Record<string, string>>;
  /** Effective value of every variable, for people. Secrets are redacted. */
  readonly effective: readonly EffectiveVariable[];
  /** All secrets, for the redaction of output. */
  readonly secrets: readonly Secret[];
  readonly warnings: readonly string[];
}

interface EffectiveVariable {
  readonly name: VariableName;
  /** `undefined` if the variable is not set and has no default. */
  readonly value: string | undefined;
  readonly origin: Origin;
}

/**
 * Variables that child processes inherit. `FOR_POSTGRES` adds those that the SQL client also reads. Other
 * variables can hold secrets of other services and are not passed on.
 */
const FOR_ALL = ['PATH', 'HOME', 'TMPDIR', 'TZ', 'LD_PRELOAD', 'FAKETIME', 'FAKETIME_SHARED'];
const FOR_POSTGRES = [...FOR_ALL, 'PGPASSFILE', 'PGPASSWORD', 'PGOPTIONS'];

/**
 * Reads the configuration from the environment.
 * @throws BackupError CONFIG_INVALID with all problems, each with its variable and hint
 */
export function readConfig(env: Environment): Config {
  const { values, texts, origins, problems: found, warnings } = readEnvironment(env);
  const matters = (text: string): boolean => values.BACKUP_S3_ENABLED === true || !text.startsWith('S3_');
  const ofValues = found.filter(matters);
  const problems: string[] = [];
  const { schedule, ...otherSchedules } = readSchedules(values, problems);
  const connection = readConnection(values, problems);
  const s3 = readS3(values, problems);
  const encryption = readEncryption(values, problems);
  const signing = readSigning(values, problems);
  const { proxy, secrets, problems: ofProxy } = readProxy(env);
  if (
    values.BACKUP_S3_ENABLED === true ||
    values.BACKUP_PING_URL !== undefined ||
    values.BACKUP_WEBHOOK_URL !== undefined
  )
    problems.push(...ofProxy);
  if (ofValues.length + problems.length > 0 || schedule === undefined || connection === undefined) {
    const named = new Set(ofValues.map(variableOf)); // their other problems are consequences
    throw invalid([...ofValues, ...problems.filter((text) => !named.has(variableOf(text)))]);
  }
  const whole = values as Values;
  const { BACKUP_PING_URL: pingUrl, BACKUP_WEBHOOK_URL: webhookUrl, BACKUP_HTTP_PORT: port } = whole;
  return {
    schedule,
    ...otherSchedules,
    restoreTestDir: whole.BACKUP_RESTORE_TEST_DIR && resolve(whole.BACKUP_RESTORE_TEST_DIR),
    restoreTestIsolation: whole.BACKUP_RESTORE_TEST_ISOLATION,
    restoreTestFilesQuery: whole.BACKUP_RESTORE_TEST_FILES_QUERY,
    restoreTestSql: whole.BACKUP_RESTORE_TEST_SQL && resolve(whole.BACKUP_RESTORE_TEST_SQL),
    retention: { daily: whole.BACKUP_RETENTION_DAILY, weekly: whole.BACKUP_RETENTION_WEEKLY },
    connection,
    s3: s3 && { ...s3, proxy },
    proxy,
    encryption,
    signing,
    identities: whole.BACKUP_AGE_IDENTITY === undefined ? undefined : new Secret(whole.BACKUP_AGE_IDENTITY),
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
    stallTimeout: whole.BACKUP_STALL_TIMEOUT || undefined,
    pingUrl: pingUrl === undefined ? undefined : new Secret(pingUrl),
    webhook:
      webhookUrl === undefined
        ? undefined
        : {
            url: new Secret(webhookUrl),
            template: whole.BACKUP_WEBHOOK_TEMPLATE,
            on: whole.BACKUP_WEBHOOK_ON,
          },
    http:
      port === undefined
        ? undefined
        : { host: whole.BACKUP_HTTP_HOST, port, allowedHosts: whole.BACKUP_HTTP_ALLOWED_HOSTS },
    commandPrefix: whole.BACKUP_COMMAND_PREFIX,
    pgBinDir: whole.BACKUP_PG_BIN_DIR,
    logFormat: whole.LOG_FORMAT,
    logLevel: whole.LOG_LEVEL,
    programEnv: programEnvironment(env),
    postgresEnv: passedOn(env, FOR_POSTGRES),
    effective: effectiveVariables(texts, origins, connection),
    secrets: [...secretsOf(texts, connection.password, env['PGPASSWORD']), ...secrets],
    warnings: [...warnings.filter(matters), ...unknownVariables(env)],
  };
}

/** Returns the variable name at the start of a problem. */
function variableOf(problem: string): string {
  return /^\w+/.exec(problem)?.[0] ?? '';
}

/** Returns the environment of child processes. */
export function programEnvironment(env: Environment): Readonly<Record<string, string>> {
  return passedOn(env, FOR_ALL);
}

function passedOn(env: Environment, names: readonly string[]): Readonly<Record<string, string>> {
  return Object.fromEntries(names.flatMap((name) => (env[name] === undefined ? [] : [[name, env[name]]])));
}

/**
 * Returns every variable with its effective value and origin. DATABASE_URL is secret and overrides
 * POSTGRES_*. The POSTGRES_* variables show the values from the URL, so that the operator can identify the
 * database.
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
    const shown = isSecret(name) && value !== undefined ? '[redacted]' : value;
    return { name, value: shown && withoutKeys(shown), origin };
  });
}

/** Minimum length of a path to redact. Shorter paths reveal nothing and occur in other texts. */
const SHORTEST_PATH = 8;

/** Returns the forms in which libraries may print a secret URL. Empty if the text is not a URL. */
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

/** Returns whether a line of an identity file is a part of a key, and no comment. */
function isKeyLine(line: string): boolean {
  return line.length > SHORTEST_PATH && !/^(?:#|-----)/.test(line);
}

function secretsOf(
  texts: ReadonlyMap<VariableName, string>,
  ofConnection: Secret | undefined,
  ofPrograms: string | undefined,
): readonly Secret[] {
  const given = VARIABLE_NAMES.filter(isSecret).flatMap((name) => texts.get(name) ?? []);
  const urls = (['BACKUP_PING_URL', 'BACKUP_WEBHOOK_URL'] as const).flatMap((name) => texts.get(name) ?? []);
  const keys = texts.get('BACKUP_AGE_IDENTITY')?.split('\n').filter(isKeyLine) ?? [];
  return [
    ...[
      ...given,
      ...keys,
      ...urls.flatMap(formsOfUrl),
      ...(ofPrograms === undefined ? [] : [ofPrograms]),
    ].map((value) => new Secret(value)),
    ...(ofConnection === undefined ? [] : [ofConnection]),
  ];
}

function invalid(problems: readonly string[]): BackupError {
  const list = problems.map((problem) => `\n  - ${problem}`).join('');
  return new BackupError(
    'CONFIG_INVALID',
    `the configuration has ${problems.length} problem${problems.length === 1 ? '' : 's'}:${list}`,
  );
}
