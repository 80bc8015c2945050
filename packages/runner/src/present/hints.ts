import {
  toBackupError,
  type BackupError,
  type ErrorDetails,
  type ErrorReason,
  type RunReport,
  type RunTimestamp,
} from '@geolens/backup-core';
import { refusalText, type DiagnosticResult } from '@geolens/backup-core/internal';
import type { Redact } from './redact.ts';

/** A sentence for the operator, or a function that makes it from the details and the hint of the error. */
type Advice = string | ((details: ErrorDetails, hint: string) => string);

/** Hints in the names of variables, options and commands. Each one replaces the hint of the error. */
const ADVICE: Readonly<Record<ErrorReason, Advice>> = {
  'bucket-missing': 'Create the bucket, or correct S3_BUCKET (and S3_ADDRESSING_STYLE)',
  'bytes-changed': 'The store changes what it is sent; try the other S3_CHECKSUM, or another store',
  'compression-unsupported': 'Use auto or gzip:1 (BACKUP_COMPRESSION)',
  'credentials-missing': 'Set S3_ACCESS_KEY_ID and S3_SECRET_ACCESS_KEY, or give this machine a role',
  'credentials-wrong': 'Correct S3_ACCESS_KEY_ID and S3_SECRET_ACCESS_KEY',
  'database-empty':
    'Make sure that this is the right server and database (POSTGRES_HOST and POSTGRES_DB, or DATABASE_URL)',
  'database-missing': 'Correct POSTGRES_DB (or DATABASE_URL)',
  'dump-too-new': (_, hint) => `${hint}, or set BACKUP_PG_BIN_DIR to where they are`,
  'endpoint-certificate':
    'Correct S3_ENDPOINT, or set S3_ADDRESSING_STYLE=path: the certificate is for another name',
  'endpoint-not-s3':
    'Correct the host and the port of S3_ENDPOINT: another service answers there, such as a web console',
  'endpoint-path': 'Correct S3_ENDPOINT: leave out the path behind host and port',
  'endpoint-protocol': 'Correct S3_ENDPOINT: http and https are mixed up, or the port is',
  'endpoint-redirects': (_, hint) => `${hint} (S3_ENDPOINT)`,
  'endpoint-silent': 'The store did not answer in time; check the network, or raise S3_TIMEOUT_SECONDS',
  'endpoint-unknown':
    'Correct S3_ENDPOINT, or the name service of this machine: no such host. With S3_ADDRESSING_STYLE=virtual the bucket is a part of its name',
  'endpoint-unreachable': 'Check S3_ENDPOINT and the network between here and the store',
  'file-unreadable': (_, hint) => `${hint}, a timestamp as geolens-backup list shows it, or latest`,
  'identity-missing':
    'Give the private key of one of the recipients: --identity-file PATH (- for standard input), or BACKUP_AGE_IDENTITY_FILE',
  'identity-wrong':
    'Give the private key of one of the recipients (--identity-file, or BACKUP_AGE_IDENTITY_FILE)',
  'live-database-differs':
    'The live database was changed and is not what the backup had: restore again without --in-place, or from another set',
  'live-database-mixed':
    'The live database is a mix of old and new now: restore again without --in-place, or repair what the errors name and restore once more',
  'objects-not-restored':
    'The live database is as it was. To restore everything else: --keep-going. To restore all: repair the objects in the source (ALTER FUNCTION … SET search_path, or names with their schemas) and back up again',
  'manifest-damaged': ({ timestamp }) => `See geolens-backup verify ${timestamp ?? ''}`,
  'newest-set': 'Make a newer set first (geolens-backup run), or remove it with --force',
  'no-progress':
    'Check the other side and the network in between; if it works that long in silence, raise BACKUP_STALL_TIMEOUT',
  'not-suspicious': (_, hint) => `${hint}: see geolens-backup list`,
  'object-too-large':
    'The provider takes no object of this size: set S3_MAX_PARTS to the number of parts that it allows, or ask it',
  'other-databases': (details) =>
    `There are sets of ${names(details)}: set POSTGRES_DB, or name the dump’s file`,
  'password-missing':
    'Set POSTGRES_PASSWORD (or put the password into DATABASE_URL): the server asks for one',
  'password-wrong': 'Correct POSTGRES_USER and POSTGRES_PASSWORD (or DATABASE_URL)',
  'place-shared': (_, hint) => `${hint} (S3_PREFIX)`,
  pooler: (_, hint) => `${hint} (POSTGRES_HOST and POSTGRES_PORT, or DATABASE_URL)`,
  'proxy-refuses':
    'Correct HTTPS_PROXY, or add the host of S3_ENDPOINT to NO_PROXY: the proxy refuses the connection',
  'region-wrong': 'Correct S3_REGION (and S3_ENDPOINT): the bucket is in another region',
  'replica-changed':
    'Find out who else writes there, and run `geolens-backup verify --all --store s3`. A set that cannot be repaired is reported until its objects are removed',
  'role-passwords-forbidden': 'Set BACKUP_ROLE_PASSWORDS=false, or back up as a superuser',
  'server-certificate':
    'Give the certificate of the server’s authority (sslrootcert in DATABASE_URL), or ask for less (sslmode)',
  'server-down': 'Start the server, or correct POSTGRES_HOST and POSTGRES_PORT (or DATABASE_URL)',
  'server-silent': 'Check POSTGRES_HOST and the network: nothing answers there',
  'server-unknown':
    'Correct POSTGRES_HOST (or DATABASE_URL), or the name service of this machine: no such host',
  'session-expired': 'Renew S3_SESSION_TOKEN, or use keys that last',
  'session-wrong': 'Correct S3_SESSION_TOKEN',
  'set-held': 'Release it first (geolens-backup release SET), or remove it with --force',
  'set-missing': 'See geolens-backup list',
  'set-of-other-database': (details) => `It is there of ${names(details)}: set POSTGRES_DB`,
  'socket-missing': 'Start the server, or correct POSTGRES_HOST: its socket is not there',
  'store-too-large':
    'Move what is not of this installation, or the oldest sets, elsewhere; find out who else writes there',
  'tls-unsupported': 'Switch TLS on in the server, or ask for less (sslmode in DATABASE_URL)',
  'user-refused': 'Correct POSTGRES_USER, or let the server accept it in pg_hba.conf',
  'volume-full':
    'Free some space, enlarge the volume, or lower BACKUP_RETENTION_DAILY and run `geolens-backup prune`; no set was lost',
  'volume-read-only': (_, hint) => hint,
};

function names({ databases = [] }: ErrorDetails): string {
  return databases.map((name) => `"${name}"`).join(', ');
}

/** Returns the hint for the operator. `undefined` if there is none. */
export function hintFor({
  details = {},
  hint,
}: Pick<DiagnosticResult, 'details' | 'hint'>): string | undefined {
  const advice = details.reason && ADVICE[details.reason];
  return typeof advice === 'function' ? advice(details, hint ?? '') : (advice ?? hint);
}

/** Returns the message of an error, followed by its hint. */
export function describeError(error: unknown): string {
  const failure = toBackupError(error);
  const hint = hintFor(failure);
  return hint === undefined ? messageOf(failure) : `${messageOf(failure)}. ${hint}`;
}

function messageOf({ message, details: { source, problems = [], overridable = [] } }: BackupError): string {
  if (source === undefined) return message;
  const forced = overridable.map((problem) => `${withOption(problem)} (--force restores it all the same)`);
  return refusalText(source, [...problems.map(withOption), ...forced]);
}

/** Replaces the advice to restore in place by the name of its option. */
function withOption(problem: string): string {
  return problem.replace(/ restore in place$/, ' restore with --in-place');
}

/** Returns a function that formats an error for JSON reports. */
export function errorJson(redact: Redact): (error: BackupError) => Record<string, unknown> {
  return (error) => ({ code: error.code, message: redact(describeError(error)) });
}

/** Returns the JSON output of a command that failed. */
export function failureJson(
  error: BackupError,
  redact: Redact = (text) => text,
): { readonly error: Readonly<Record<'code' | 'message' | 'hint', string | undefined>> } {
  const hint = hintFor(error);
  return { error: { code: error.code, message: redact(messageOf(error)), hint: hint && redact(hint) } };
}

/** Returns why a set is suspicious, the consequence, and what to do, in the order in which to do it. */
export function suspicionText(timestamp: RunTimestamp, reasons: readonly string[]): string {
  const hint = `Nothing is removed meanwhile. Compare it with the sets before: geolens-backup list. If data is lost, restore the newest good set: geolens-backup restore latest. If it is meant to be so: geolens-backup accept ${timestamp}`;
  return `SUSPICIOUS: set ${timestamp} is much smaller than those before it: ${reasons.join('; ')}. ${hint}`;
}

/** Returns the warnings of a run. A suspicious set comes first. */
export function warningsOfRun({ suspicion, timestamp, warnings }: RunReport): readonly string[] {
  if (suspicion === undefined || timestamp === undefined) return warnings;
  return [suspicionText(timestamp, suspicion.reasons), ...warnings];
}
