import { describe, expect, it } from 'vitest';
import { BackupError, Secret } from '@geolens/backup-core';
import { createLogger, logError, type LoggerOptions } from '../../src/present/logger.ts';
import { redactor } from '../../src/present/redact.ts';

function lines(
  options: Partial<LoggerOptions>,
  write: (log: ReturnType<typeof createLogger>) => void,
): string[] {
  const written: string[] = [];
  write(createLogger({ format: 'text', level: 'info', write: (line) => written.push(line), ...options }));
  return written;
}

describe('a line of text', () => {
  it('is the moment in UTC, the level and the sentence', () => {
    const [info, warn, error] = lines({}, (log) => {
      log.info('a', 'one');
      log.warn('b', 'two', { fields: 'are not shown' });
      log.error('c', 'three');
    });
    expect(info).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ INFO {2}one\n$/);
    expect(warn).toMatch(/Z WARN {2}two\n$/);
    expect(error).toMatch(/Z ERROR three\n$/);
    expect(Math.abs(Date.parse(info!.slice(0, 20)) - Date.now())).toBeLessThan(5000);
  });

  it('shows percent signs, quotes and wide characters as they are', () => {
    expect(
      lines({}, (log) => {
        log.info('a', '100%s %d "ä" 数据\\n');
      })[0],
    ).toMatch(/Z INFO {2}100%s %d "ä" 数据\\n\n$/);
  });

  it('keeps a message of several lines apart from the next: only a moment begins a line', () => {
    expect(
      lines({}, (log) => {
        log.info('a', 'one\ntwo');
      })[0],
    ).toMatch(/INFO {2}one\n {4}two\n$/);
  });
});

describe('a line of JSON', () => {
  it('is one object with time, level, event, the fields and the sentence', () => {
    const [line] = lines({ format: 'json' }, (log) => {
      log.warn('run.warning', 'a\n"b"', { bytes: 3, missing: undefined });
    });
    expect(line).toMatch(/^\{[^\n]*\}\n$/);
    expect(JSON.parse(line!)).toEqual({
      level: 'warn',
      time: expect.stringMatching(/Z$/) as string,
      event: 'run.warning',
      bytes: 3,
      msg: 'a\n"b"',
    });
  });

  it('stays JSON, with its names, whatever the password is', () => {
    for (const password of ['level', 'info', '123', '":"', 'run']) {
      const redact = redactor([new Secret(password)]);
      const [line] = lines({ format: 'json', redact }, (log) => {
        log.info('run.swept', `x ${password}`, { bytes: 1234, cleanedUp: [`y ${password}`] });
      });
      const object = JSON.parse(line!) as Record<string, unknown>;
      expect(object).toMatchObject({
        level: 'info',
        event: 'run.swept',
        bytes: 1234,
        msg: 'x [redacted]',
        cleanedUp: ['y [redacted]'],
      });
    }
  });
});

it.each([
  ['debug', 4],
  ['info', 3],
  ['warn', 2],
  ['error', 1],
] as const)('at level %s, %i of four lines are written', (level, count) => {
  const written = lines({ level }, (log) => {
    for (const each of ['debug', 'info', 'warn', 'error'] as const) log[each]('x', each);
  });
  expect(written).toHaveLength(count);
});

describe('an error', () => {
  const error = new BackupError('DUMP_FAILED', 'the dump failed', {
    cause: new Error('inner', { cause: new Error('innermost') }),
    hint: 'Look there',
  });

  it('is one line with its hint', () => {
    expect(
      lines({}, (log) => {
        logError(log, 'run.error', error);
      }).map((line) => line.slice(21)),
    ).toEqual(['ERROR the dump failed. Look there\n']);
  });

  it('carries its code in JSON', () => {
    expect(
      JSON.parse(
        lines({ format: 'json' }, (log) => {
          logError(log, 'run.error', error);
        })[0]!,
      ),
    ).toMatchObject({ event: 'run.error', code: 'DUMP_FAILED' });
  });

  it('tells its causes too at level debug, without secrets', () => {
    const written = lines({ level: 'debug', redact: redactor([new Secret('innermost')]) }, (log) => {
      logError(log, 'run.error', error);
    });
    expect(written).toHaveLength(3);
    expect(written.join('')).toContain('caused by: Error: inner\n');
    expect(written.join('')).not.toContain('innermost');
  });
});
