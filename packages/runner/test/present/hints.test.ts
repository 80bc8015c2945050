import { describe, expect, it } from 'vitest';
import {
  BackupError,
  ERROR_REASONS,
  parseTimestamp,
  type ErrorDetails,
  type ErrorReason,
} from '@geolens/backup-core';
import { describeError, hintFor, suspicionText } from '../../src/present/hints.ts';

describe('what an operator reads of an error', () => {
  it.each<[ErrorReason, string, hint?: string, details?: ErrorDetails]>([
    ['bucket-missing', 'correct S3_BUCKET'],
    ['bytes-changed', 'try the other S3_CHECKSUM'],
    ['compression-unsupported', 'Use auto or gzip:1 (BACKUP_COMPRESSION)'],
    ['credentials-missing', 'Set S3_ACCESS_KEY_ID and S3_SECRET_ACCESS_KEY'],
    ['credentials-wrong', 'Correct S3_ACCESS_KEY_ID and S3_SECRET_ACCESS_KEY'],
    ['database-empty', '(POSTGRES_HOST and POSTGRES_DB, or DATABASE_URL)'],
    ['database-missing', 'Correct POSTGRES_DB (or DATABASE_URL)'],
    ['dump-too-new', 'Install newer ones, or set BACKUP_PG_BIN_DIR to where they are', 'Install newer ones'],
    ['endpoint-certificate', 'set S3_ADDRESSING_STYLE=path'],
    ['endpoint-protocol', 'Correct S3_ENDPOINT: http and https'],
    ['endpoint-silent', 'raise S3_TIMEOUT_SECONDS'],
    ['endpoint-unknown', 'no such host. With S3_ADDRESSING_STYLE=virtual'],
    ['endpoint-unreachable', 'Check S3_ENDPOINT and the network'],
    ['file-unreadable', 'Name one, a timestamp as geolens-backup list shows it, or latest', 'Name one'],
    ['live-database-differs', 'restore again without --in-place, or from another set'],
    ['live-database-mixed', 'restore again without --in-place, or repair'],
    ['manifest-damaged', 'See geolens-backup verify 20260104_020000', '', { timestamp: '20260104_020000' }],
    ['not-suspicious', 'Only such: see geolens-backup list', 'Only such'],
    ['object-too-large', 'set S3_MAX_PARTS'],
    [
      'other-databases',
      'There are sets of "a", "b": set POSTGRES_DB, or name the dump’s file',
      '',
      { databases: ['a', 'b'] },
    ],
    ['password-missing', 'Set POSTGRES_PASSWORD'],
    ['password-wrong', 'Correct POSTGRES_USER and POSTGRES_PASSWORD (or DATABASE_URL)'],
    ['place-shared', 'Part them (S3_PREFIX)', 'Part them'],
    ['pooler', 'Go directly (POSTGRES_HOST and POSTGRES_PORT, or DATABASE_URL)', 'Go directly'],
    ['region-wrong', 'Correct S3_REGION'],
    ['role-passwords-forbidden', 'Set BACKUP_ROLE_PASSWORDS=false, or back up as a superuser'],
    ['server-certificate', '(sslrootcert in DATABASE_URL)'],
    ['server-down', 'correct POSTGRES_HOST and POSTGRES_PORT'],
    ['server-silent', 'Check POSTGRES_HOST and the network'],
    ['server-unknown', 'Correct POSTGRES_HOST (or DATABASE_URL)'],
    ['session-expired', 'Renew S3_SESSION_TOKEN'],
    ['session-wrong', 'Correct S3_SESSION_TOKEN'],
    ['set-missing', 'See geolens-backup list'],
    ['set-of-other-database', 'It is there of "other": set POSTGRES_DB', '', { databases: ['other'] }],
    ['socket-missing', 'correct POSTGRES_HOST: its socket is not there'],
    ['tls-unsupported', '(sslmode in DATABASE_URL)'],
    ['user-refused', 'Correct POSTGRES_USER'],
    ['volume-full', 'lower BACKUP_RETENTION_DAILY and run `geolens-backup prune`'],
    ['volume-read-only', 'Mount it writable', 'Mount it writable'],
  ])('names variables, options and commands: %s', (reason, words, hint, details) => {
    const error = new BackupError('UNEXPECTED', 'it failed', { details: { reason, ...details }, hint });
    expect(describeError(error)).toMatch(/^it failed\. [A-Z]/);
    expect(describeError(error)).toContain(words);
    expect(Object.keys(ERROR_REASONS)).toContain(reason);
  });

  it('is the hint of the error where it has no reason, and the message alone where it has neither', () => {
    expect(describeError(new BackupError('STORE_FULL', 'it is full', { hint: 'Free some space' }))).toBe(
      'it is full. Free some space',
    );
    expect(describeError(new Error('odd'))).toBe('odd');
    expect(hintFor({})).toBeUndefined();
  });

  it('is, of a refused restore, a list in which each estimate names --force', () => {
    const details = { source: 'file x', problems: ['no postgis'], overridable: ['the disk is small'] };
    expect(describeError(new BackupError('RESTORE_REFUSED', 'refused', { details }))).toBe(
      'file x is not restored, and nothing was changed:\n  - no postgis\n  - the disk is small (--force restores it all the same)',
    );
  });

  it('is, of a suspicious set, why, and the command that accepts it', () => {
    expect(suspicionText(parseTimestamp('20260105_020000')!, ['it has 10 rows'])).toBe(
      'SUSPICIOUS: set 20260105_020000 is much smaller than those before it: it has 10 rows. Nothing is removed meanwhile. Compare it with the sets before: geolens-backup list. If data is lost, restore the newest good set: geolens-backup restore latest. If it is meant to be so: geolens-backup accept 20260105_020000',
    );
  });
});
