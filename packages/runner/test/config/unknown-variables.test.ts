import { describe, expect, it } from 'vitest';
import { unknownVariables } from '../../src/config/unknown-variables.ts';
import { VARIABLE_NAMES } from '../../src/config/variables.ts';

it('knows the older names of variables', () => {
  const older = {
    BACKUP_DRILL_SCHEDULE: 'off',
    BACKUP_DRILL_DIR: '/srv',
    BACKUP_DRILL_FILES_QUERY_FILE: '/q',
  };
  expect(unknownVariables(older)).toEqual([]);
});

describe('a variable that looks like one of ours and is none', () => {
  it.each([
    ['BACKUP_SCHEDUL', 'BACKUP_SCHEDULE'],
    ['BACKUP_RETENTION_DAYLY', 'BACKUP_RETENTION_DAILY'],
    ['BACKUP_RETENTION', 'BACKUP_RETENTION_DAILY'],
    ['BACKUP_ONSTART', 'BACKUP_ON_START'],
    ['BACKUP_COMPRESS', 'BACKUP_COMPRESSION'],
    ['BACKUP_DIRECTORY', 'BACKUP_DIR'],
    ['BACKUP_SCEDULE_FILE', 'BACKUP_SCHEDULE'],
    // of other tools
    ['BACKUP_KEEP_DAYS', 'BACKUP_RETENTION_DAILY'],
    ['BACKUP_KEEP_WEEKS', 'BACKUP_RETENTION_WEEKLY'],
    ['BACKUP_RETENTION_DAYS', 'BACKUP_RETENTION_DAILY'],
    ['BACKUP_CRON_EXPRESSION', 'BACKUP_SCHEDULE'],
    ['SCHEDULE', 'BACKUP_SCHEDULE'],
    ['BACKUP_TZ', 'BACKUP_TIMEZONE'],
  ])('%s is told, with %s as what may be meant', (name, meant) => {
    expect(unknownVariables({ [name]: 'x' })).toEqual([
      `${name} is not a variable of geolens-backup and has no effect; did you mean ${meant}?`,
    ]);
  });

  it.each(['BACKUP_X', 'BACKUP_SOURCES', 'BACKUP_LEVEL', 'BACKUP_'])(
    '%s is told without a guess that would mislead',
    (name) => {
      expect(unknownVariables({ [name]: 'x' })).toEqual([
        `${name} is not a variable of geolens-backup and has no effect`,
      ]);
    },
  );

  it('is not told when it is empty, or when it is nobody’s', () => {
    expect(unknownVariables({ BACKUP_KEEP_DAYS: '', PATH: '/bin', toString: 'x', constructor: 'x' })).toEqual(
      [],
    );
  });

  it('is none of those that there are, nor of their _FILE twins', () => {
    expect(
      unknownVariables(
        Object.fromEntries(
          VARIABLE_NAMES.flatMap((name) => [
            [name, 'x'],
            [`${name}_FILE`, 'x'],
          ]),
        ),
      ),
    ).toEqual([]);
  });
});
