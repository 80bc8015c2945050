import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { readConfig } from '../../src/config/config.ts';
import { VARIABLE_NAMES } from '../../src/config/variables.ts';
import { refusal } from '../support/problems.ts';

const folder = mkdtempSync(join(tmpdir(), 'geolens-config-'));
afterAll(() => {
  rmSync(folder, { recursive: true });
});

function fileWith(text: string): string {
  const path = join(folder, `value-${Math.random()}`);
  writeFileSync(path, text);
  return path;
}

describe('a variable by way of its _FILE twin', () => {
  it.each([
    ['as it is', 'p w', 'p w'],
    ['without the line feed at its end', 'pw\n', 'pw'],
    ['without the line end of Windows', 'pw\r\n', 'pw'],
    ['with all line feeds but the last', 'p\nw\n\n', 'p\nw\n'],
    ['with spaces around it, which a password may have', ' pw ', ' pw '],
  ])('is the content of the file, %s', (_, content, password) => {
    expect(readConfig({ POSTGRES_PASSWORD_FILE: fileWith(content) }).connection.password?.reveal()).toBe(
      password,
    );
  });

  it('exists for every variable', () => {
    for (const name of VARIABLE_NAMES)
      expect(
        refusal({
          ...(name !== 'BACKUP_S3_ENABLED' && { BACKUP_S3_ENABLED: 'true' }),
          [`${name}_FILE`]: '/nowhere/at/all',
        }),
        name,
      ).toContain(`${name}_FILE`);
  });

  it('goes through the same checks, and the problem names the variable', () => {
    expect(refusal({ BACKUP_RETENTION_DAILY_FILE: fileWith('0\n') })).toContain(
      'BACKUP_RETENTION_DAILY="0" has to be a whole number of at least 1',
    );
  });

  it('is told as coming from a file', () => {
    const { effective } = readConfig({ BACKUP_DIR_FILE: fileWith('/srv\n') });
    expect(effective).toContainEqual({ name: 'BACKUP_DIR', value: '/srv', origin: 'file' });
  });

  it('is read from the older name of a variable too', () => {
    const { effective } = readConfig({ BACKUP_DRILL_DIR_FILE: fileWith('/srv/tests\n') });
    expect(effective).toContainEqual({
      name: 'BACKUP_RESTORE_TEST_DIR',
      value: '/srv/tests',
      origin: 'file',
    });
  });

  it('may not be set beside the variable itself', () => {
    const text = refusal({ POSTGRES_PASSWORD: 'hush-hush', POSTGRES_PASSWORD_FILE: fileWith('whisper') });
    expect(text).toContain('POSTGRES_PASSWORD and POSTGRES_PASSWORD_FILE are both set; keep one of them');
    expect(text).not.toMatch(/hush-hush|whisper/);
  });

  it('is ignored where it is empty, and so is an empty variable beside it', () => {
    expect(readConfig({ BACKUP_DIR: '/srv', BACKUP_DIR_FILE: '' }).backupDir).toBe('/srv');
    expect(readConfig({ BACKUP_DIR: '', BACKUP_DIR_FILE: fileWith('/srv') }).backupDir).toBe('/srv');
  });

  it.each(['', '\n', '\r\n'])('has to have content: %j is a problem that names the file', (content) => {
    const path = fileWith(content);
    expect(refusal({ POSTGRES_PASSWORD_FILE: path })).toContain(
      `POSTGRES_PASSWORD_FILE names ${path}, which is empty`,
    );
  });

  it.each([
    ['a missing file', 'missing'],
    ['a folder', '.'],
  ])('names %s: a problem with the path', (_, name) => {
    const path = join(folder, name);
    expect(refusal({ DATABASE_URL_FILE: path })).toContain(
      `DATABASE_URL_FILE names ${path}, which cannot be read`,
    );
  });
});
