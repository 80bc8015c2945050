import * as v from 'valibot';
import {
  compression,
  count,
  duration,
  flag,
  httpUrl,
  level,
  names,
  oneOf,
  share,
  template,
  text,
  wholeNumber,
  type Reader,
} from './readers.ts';

/** Definition of a variable. */
interface Variable {
  /** Default value as text. `undefined` if there is none. */
  readonly default: string | undefined;
  /** One sentence for docs/configuration.md. */
  readonly meaning: string;
  /** Excludes the value from all output. */
  readonly secret?: true;
  /**
   * The application also reads the variable, with values of its own. An unknown value is accepted then, and
   * the default applies.
   */
  readonly ofApplication?: true;
  /** Parses the text. Problems of a secret omit its value. */
  readonly schema: Reader<unknown>;
}

const variable = <T, D extends string | undefined>(schema: Reader<T>, fallback: D, meaning: string) => ({
  schema,
  default: fallback,
  meaning,
});
const secret = <T>(schema: Reader<T>, meaning: string) =>
  ({ ...variable(schema, undefined, meaning), secret: true }) as const;

/**
 * All variables. Each can also be set as `<NAME>_FILE`, the path of a file that holds the value. A test
 * compares the table in docs/configuration.md with this one.
 */
export const VARIABLES = {
  BACKUP_SCHEDULE: variable(
    text,
    '0 2 * * *',
    'When runs are due: a five-field cron expression, or a macro such as `@daily`',
  ),
  BACKUP_TIMEZONE: variable(text, 'UTC', 'Zone in which the schedule is read; the names of files stay UTC'),
  BACKUP_RETENTION_DAILY: variable(count, '7', 'How many sets stay in `daily`; at least 1'),
  BACKUP_RETENTION_WEEKLY: variable(count, '4', 'How many sets stay in `weekly`; at least 1'),
  BACKUP_S3_ENABLED: variable(
    flag,
    'false',
    'Whether every set is also copied to S3; the `S3_…` below count only then',
  ),
  S3_ENDPOINT: variable(text, undefined, 'URL of the store, with http or https; Amazon’s when not set'),
  S3_BUCKET: variable(text, undefined, 'The bucket; it has to exist'),
  S3_ACCESS_KEY_ID: secret(
    text,

    'With neither of the keys, the default credential chain of the AWS SDK serves',
  ),
  S3_SECRET_ACCESS_KEY: secret(text, 'Goes with the former'),
  S3_SESSION_TOKEN: secret(text, 'Goes with keys that were lent for a time'),
  S3_REGION: variable(text, 'us-east-1', 'Region of the bucket'),
  S3_ADDRESSING_STYLE: variable(
    oneOf('auto', 'path', 'virtual'),
    'auto',
    'Whether the bucket stands in the path or before the host; `auto` takes what the endpoint needs',
  ),
  S3_PREFIX: variable(
    text,
    'backups',
    'What all keys begin with; each installation needs a prefix of its own',
  ),
  S3_STORAGE_CLASS: variable(
    text,
    undefined,
    'As the provider calls it, for example `STANDARD_IA`; the bucket’s default when not set',
  ),
  S3_SERVER_SIDE_ENCRYPTION: variable(
    oneOf('AES256', 'aws:kms'),
    undefined,
    '`AES256` or `aws:kms`; what the bucket does by itself when not set',
  ),
  S3_KMS_KEY_ID: variable(text, undefined, 'With `aws:kms`: the key; the bucket’s own when not set'),
  S3_CHECKSUM: variable(
    oneOf('auto', 'sha256', 'md5'),
    'auto',
    'What the store checks received bytes by: `sha256` (x-amz-checksum), `md5` (Content-MD5); `auto` is sha256 at Amazon, md5 elsewhere',
  ),
  S3_MAX_PARTS: variable(
    wholeNumber(1, 10_000, 'from 1 to 10000'),
    '10000',
    'How many parts the provider allows in one upload',
  ),
  S3_TIMEOUT_SECONDS: variable(
    wholeNumber(1, 3600, 'from 1 to 3600'),
    '60',
    'How long the store may be silent before a request is tried again',
  ),
  POSTGRES_HOST: variable(text, 'db', 'Host of the database server, or the folder of its Unix socket'),
  POSTGRES_PORT: variable(wholeNumber(1, 65_535, 'from 1 to 65535'), '5432', 'Port of the database server'),
  POSTGRES_USER: variable(text, 'geolens', 'Role that the database is read as'),
  POSTGRES_PASSWORD: secret(text, 'Its password; none for a server that asks for none'),
  POSTGRES_DB: variable(text, 'geolens', 'The database that is backed up'),
  DATABASE_URL: secret(
    text,

    'Wins over the five above: `postgresql://user:password@host:port/database?sslmode=require`',
  ),
  BACKUP_DIR: variable(text, '/backups', 'Folder of the sets; it has to exist'),
  STAGING_DIR: variable(
    text,
    '/staging',
    'Folder that is archived beside each dump; missing or empty means no archive',
  ),
  BACKUP_COMPRESSION: variable(
    compression,
    'auto',
    '`auto`, `gzip[:n]`, `zstd[:n]`, `lz4`, `none`; auto is zstd:1 where pg_dump is 16 or newer, otherwise gzip:1',
  ),
  BACKUP_CATCH_UP: variable(
    flag,
    'true',
    'Whether one run makes up for scheduled ones that were slept through',
  ),
  BACKUP_ON_START: variable(
    oneOf('empty', 'always', 'never'),
    'empty',
    'Whether `serve` makes a run when it starts: `empty` (when no store has a set yet), `always`, `never`',
  ),
  BACKUP_MAX_AGE_MINUTES: variable(
    count,
    undefined,
    'How old the last success may be before `health` fails; the longest gap of the schedule and half of it when not set',
  ),
  BACKUP_VERIFY: variable(
    oneOf('checksum', 'readable', 'restore'),
    'readable',
    'How every new set is checked: `checksum` reads it back and counts the rows in the dump, `readable` also reads every member of the archive, `restore` also restores it into a temporary server',
  ),
  BACKUP_RESTORE_TEST_SCHEDULE: variable(
    text,
    '0 4 * * 0',
    'When `serve` runs a restore test of the newest set, in the zone of the schedule; `off` for never',
  ),
  BACKUP_REPLICA_CHECK_SCHEDULE: variable(
    text,
    '0 5 * * 3',
    'When `serve` reads a share of the copies on S3 in full, those first that were not checked for longest, in the zone of the schedule; `off` for never',
  ),
  BACKUP_RESTORE_TEST_DIR: variable(
    text,
    undefined,
    'Folder for the temporary servers of restore tests; defaults to the first with enough disk space of BACKUP_DIR, `/var/tmp` and `/tmp`',
  ),
  BACKUP_RESTORE_TEST_ISOLATION: variable(
    oneOf('preferred', 'required'),
    'preferred',
    'Whether a restore test takes place where functions of the database would run as the user of the tool, that is, not as root: `preferred` does it and reports `not isolated`, `required` makes it inconclusive',
  ),
  BACKUP_RESTORE_TEST_FILES_QUERY: variable(
    text,
    undefined,
    'SQL whose first column names files below the staging folder; a restore test checks that each is in the archive',
  ),
  BACKUP_RESTORE_TEST_SQL: variable(
    text,
    undefined,
    'Path of a file of your own assertions: SQL queries that must return no row in the database that a restore test restores',
  ),
  BACKUP_SHRINK_THRESHOLD: variable(
    share,
    '0.5',
    'Under which share of the median of the last sets a new one is suspicious, by its rows, its dump or its archive; `0` or `off` for never',
  ),
  BACKUP_STALL_TIMEOUT: variable(
    duration,
    '15m',
    'How long the server, a store or a program may make no progress before the work fails: `90s`, `15m`, `2h`; `off` for never',
  ),
  BACKUP_AGE_RECIPIENTS: variable(
    text,
    undefined,
    'Public keys of age or SSH, separated by commas or lines: sets are encrypted to all of them, and each can decrypt alone',
  ),
  BACKUP_ENCRYPT: variable(
    oneOf('off', 'replicas', 'all'),
    undefined,
    'What is encrypted: the copies in other stores (`replicas`), the volume too (`all`), or nothing (`off`); `replicas` once there are recipients',
  ),
  BACKUP_AGE_IDENTITY: secret(
    text,

    'Private key of one of the recipients, for restores and restore tests of encrypted sets on this host; give it as a file (`BACKUP_AGE_IDENTITY_FILE`), or not at all',
  ),
  BACKUP_SIGNING_KEY: secret(
    text,

    'Secret key of minisign without a password that signs the manifest of every new set; give it as a file (`BACKUP_SIGNING_KEY_FILE`)',
  ),
  BACKUP_TRUSTED_KEYS: variable(
    text,
    undefined,
    'Public keys of minisign, separated by commas or lines: sets that none of them signed are `untrusted`, and never `latest`',
  ),
  BACKUP_INSTALLATION: variable(
    text,
    'default',
    'Name of this installation in signatures; installations that share a signing key need different ones',
  ),
  BACKUP_PING_URL: secret(
    httpUrl,

    'Pinged at `/start`, at itself when all is well, at `/fail` when not, as healthchecks.io has it, with the last lines of the log',
  ),
  BACKUP_WEBHOOK_URL: secret(httpUrl, 'Gets a report of every run and every restore test, as JSON by POST'),
  BACKUP_WEBHOOK_TEMPLATE: variable(
    template,
    'auto',
    'Form of the report: `json` (all there is), `slack`, `discord`, `auto` (by the host of the URL), or JSON of your own with `{{title}}`, `{{text}}`, `{{state}}`, `{{event}}`, `{{database}}`, `{{log}}`',
  ),
  BACKUP_WEBHOOK_ON: variable(
    oneOf('all', 'trouble'),
    'all',
    'Whether the webhook also gets what went well: `all`, `trouble`',
  ),
  BACKUP_HTTP_PORT: variable(
    wholeNumber(1, 65_535, 'from 1 to 65535'),
    undefined,
    'With a port, `serve` answers there: `/health` (200 or 503), `/metrics` for Prometheus',
  ),
  BACKUP_HTTP_HOST: variable(
    text,
    '127.0.0.1',
    'The address to listen on; in a container `0.0.0.0`, for others to get there',
  ),
  BACKUP_HTTP_ALLOWED_HOSTS: variable(
    names,
    'none',
    'Further names under which the port may be asked (`backup.example.org`), for a reverse proxy; comma-separated. IP addresses, `localhost` and names without a dot always may',
  ),
  BACKUP_COMMAND_PREFIX: variable(
    text,
    'docker compose exec backup geolens-backup',
    'How a command is typed on the host, for the commands on the page; `geolens-backup` without a container',
  ),
  BACKUP_RESTORE_ROLES: variable(
    names,
    'geolens_reader',
    'Roles that a restore makes, without login, where they are missing, besides those that the backup names; comma-separated, or `none`',
  ),
  BACKUP_RESTORE_SCHEMAS: variable(
    names,
    'none',
    'Schemas that a restore makes first in the restored database, besides those of the dump',
  ),
  BACKUP_RESTORE_EXTENSIONS: variable(
    names,
    'none',
    'Extensions that a restore makes first in the restored database, besides those of the dump',
  ),
  BACKUP_ROLE_PASSWORDS: variable(
    flag,
    'false',
    'Whether the password hashes of the roles are in the globals; takes a superuser',
  ),
  BACKUP_PG_BIN_DIR: variable(
    text,
    undefined,
    'Folder of pg_dump and its kin; when not set, those that fit the server best are taken',
  ),
  LOG_FORMAT: {
    ...variable(
      v.pipe(v.string(), v.toLowerCase(), oneOf('text', 'json')),
      'text',
      '`text` for people, `json` for machines',
    ),
    ofApplication: true,
  },
  LOG_LEVEL: {
    ...variable(
      level,
      'info',
      'The least level that is logged: `debug`, `info`, `warn`, `error`, or as Python has them (`WARNING`, `CRITICAL`)',
    ),
    ofApplication: true,
  },
} as const satisfies Record<string, Variable>;

export type VariableName = keyof typeof VARIABLES;

/** Parsed values of all variables. `undefined` if a variable has neither a value nor a default. */
export type Values = {
  readonly [N in VariableName]:
    | v.InferOutput<(typeof VARIABLES)[N]['schema']>
    | ((typeof VARIABLES)[N]['default'] extends string ? never : undefined);
};

export const VARIABLE_NAMES = Object.keys(VARIABLES) as VariableName[];

/** Older names that remain valid, by the name to use instead. Each can also be set as `<NAME>_FILE`. */
export const ALIASES: Readonly<Partial<Record<VariableName, string>>> = {
  BACKUP_RESTORE_TEST_SCHEDULE: 'BACKUP_DRILL_SCHEDULE',
  BACKUP_RESTORE_TEST_DIR: 'BACKUP_DRILL_DIR',
  BACKUP_RESTORE_TEST_FILES_QUERY: 'BACKUP_DRILL_FILES_QUERY',
};

/** Returns every name that can set the variable. */
export function namesOf(name: VariableName): readonly string[] {
  return [name, ALIASES[name] ?? []].flat().flatMap((one) => [one, `${one}_FILE`]);
}

/** Variables that the application also reads. Each has a default. */
type ApplicationVariable = {
  [N in VariableName]: (typeof VARIABLES)[N] extends { readonly ofApplication: true } ? N : never;
}[VariableName];

/** Returns whether an unknown value of the variable is accepted. */
export function isOfApplication(name: VariableName): name is ApplicationVariable {
  return 'ofApplication' in VARIABLES[name];
}

/** Returns whether output must omit the value of the variable. */
export function isSecret(name: VariableName): boolean {
  return 'secret' in VARIABLES[name];
}
