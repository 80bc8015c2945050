import { describe, expect, it } from 'vitest';
import { BackupError } from '@geolens/backup-core';
import { whyInconclusive } from '../../src/restore-test/why-inconclusive.ts';

const failed = (words: string): BackupError =>
  new BackupError('RESTORE_FAILED', `the dump could not be restored: ${words}`, {
    hint: 'The live database is as it was',
  });

describe('a restore that failed', () => {
  it.each([
    'could not execute query: ERROR:  could not extend file "base/1/2": No space left on device',
    'COPY failed for table "t": ERROR:  out of memory',
    'COPY failed for table "t": server closed the connection unexpectedly',
    'pg_restore exited with SIGKILL',
    'could not execute query: ERROR:  could not create locale "de_CH": No such file or directory',
    'could not execute query: ERROR:  could not access file "$libdir/other": No such file or directory',
  ])('says nothing of the dump when the words are: %s', (words) => {
    expect(whyInconclusive(failed(words))).toContain(words);
    expect(whyInconclusive(failed(words))).not.toContain('The live database');
  });

  it.each([
    'could not read from input file: end of file',
    'could not read from input file: end of file\npg_restore:pg_restore: error: a worker process died unexpectedly',
    'COPY failed for table "t": ERROR:  invalid input syntax for type integer: "x"',
    'could not execute query: ERROR:  insert or update on table "a" violates foreign key constraint "b"',
  ])('is the dump’s when the words are: %s', (words) => {
    expect(whyInconclusive(failed(words))).toBeUndefined();
  });

  it.each(['STORE_FULL', 'PROGRAM_NOT_STARTED', 'PROGRAM_MISSING', 'DATABASE_UNREACHABLE'] as const)(
    'says nothing of the dump when it is %s',
    (code) => {
      expect(whyInconclusive(new BackupError(code, 'something', { hint: 'Mend it' }))).toBe(
        'something. Mend it',
      );
    },
  );

  it('is not judged when it is no error of ours', () => {
    expect(whyInconclusive(new Error('out of memory'))).toBeUndefined();
  });
});
