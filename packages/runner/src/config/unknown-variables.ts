import leven from 'leven';
import type { Environment } from './read-environment.ts';
import { namesOf, VARIABLE_NAMES } from './variables.ts';

const PREFIXES = ['BACKUP_', 'S3_'];

/** What other backup tools call the same thing. */
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

/** One warning for each variable that looks like one of ours and is none, with the one that may be meant. */
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
 * The known variable that is spelled most like it, unless that is so far away that the question would
 * mislead.
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
