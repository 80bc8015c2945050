import leven from 'leven';
import type { Environment } from './read-environment.ts';
import { namesOf, VARIABLE_NAMES } from './variables.ts';

const PREFIXES = ['BACKUP_', 'S3_'];

/** Names of the same settings in other backup tools. */
const ELSEWHERE: Readonly<Record<string, string>> = {
  BACKUP_CRON_EXPRESSION: 'BACKUP_SCHEDULE',
  BACKUP_CRON: 'BACKUP_SCHEDULE',
  BACKUP_FOLDER: 'BACKUP_DIR',
  BACKUP_INTERVAL: 'BACKUP_SCHEDULE',
  BACKUP_KEEP_DAYS: 'BACKUP_RETENTION_DAILY',
  BACKUP_KEEP_WEEKS: 'BACKUP_RETENTION_WEEKLY',
  BACKUP_PATH: 'BACKUP_DIR',
  BACKUP_RETENTION_DAYS: 'BACKUP_RETENTION_DAILY',
  BACKUP_TZ: 'BACKUP_TIMEZONE',
  CRON_SCHEDULE: 'BACKUP_SCHEDULE',
  S3_ACCESS_KEY: 'S3_ACCESS_KEY_ID',
  S3_BUCKET_NAME: 'S3_BUCKET',
  S3_ENDPOINT_URL: 'S3_ENDPOINT',
  S3_FORCE_PATH_STYLE: 'S3_ADDRESSING_STYLE',
  S3_PATH: 'S3_PREFIX',
  S3_SECRET_KEY: 'S3_SECRET_ACCESS_KEY',
  SCHEDULE: 'BACKUP_SCHEDULE',
};

/**
 * Returns one warning for each variable that resembles a variable of this tool. Suggests the probable name.
 */
export function unknownVariables(env: Environment): readonly string[] {
  return Object.entries(env)
    .filter(
      ([name, value]) =>
        value !== undefined &&
        value !== '' &&
        (prefixOf(name) !== undefined || Object.hasOwn(ELSEWHERE, name)),
    )
    .map(([name]) => name)
    .filter((name) => !VARIABLE_NAMES.flatMap(namesOf).includes(name))
    .map((name) => {
      const meant = ELSEWHERE[name] ?? nearest(name);
      return `${name} is not a variable of geolens-backup and has no effect${meant === undefined ? '' : `; did you mean ${meant}?`}`;
    });
}

/**
 * Returns the known variable with the most similar name. `undefined` if none is similar enough to suggest.
 */
function nearest(name: string): string | undefined {
  const prefix = prefixOf(name);
  const candidates = VARIABLE_NAMES.filter(
    (known) => prefix !== undefined && known.startsWith(prefix) && isAlike(bare(name), bare(known)),
  );
  return candidates.sort((one, other) => leven(name, one) - leven(name, other))[0];
}

function isAlike(name: string, known: string): boolean {
  const words = known.split('_');
  return (
    name.split('_').some((word) => words.includes(word)) ||
    name.startsWith(known) ||
    2 * leven(name, known) <= name.length
  );
}

function prefixOf(name: string): string | undefined {
  return PREFIXES.find((prefix) => name.startsWith(prefix));
}

function bare(name: string): string {
  return name.slice(prefixOf(name)?.length ?? 0).replace(/_FILE$/, '');
}
