import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { FileReport, reportName } from '../src/file-report.ts';
import { failure } from '../../system/test/support/failure.ts';
import { freshFolder } from '../../system/test/support/folders.ts';

describe('a local report', () => {
  it('is a file for its user alone, with the texts of the last operation', async () => {
    const path = join(await freshFolder(), reportName('a/b', 'run'));
    for (const text of ['first', 'second']) {
      const report = new FileReport(path);
      report.add(text);
      expect(await report.save(true)).toBe(true);
    }
    expect(await readFile(path, 'utf8')).toMatch(/^\d{4}-.* database\.\n\nsecond\n$/);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
  });

  it('is removed by an operation without texts that comes to its end, and stays otherwise', async () => {
    const folder = await freshFolder();
    const path = join(folder, reportName('d', 'run'));
    const report = new FileReport(path);
    report.add('text');
    await report.save(false);
    expect(await new FileReport(path).save(false)).toBe(false);
    expect(await readdir(folder)).toHaveLength(1);
    await new FileReport(path).save(true);
    expect(await readdir(folder)).toEqual([]);
  });

  it('has a maximum size', async () => {
    const path = join(await freshFolder(), 'report');
    const report = new FileReport(path);
    for (let number = 0; number < 30; number += 1) report.add('x'.repeat(20_000));
    await report.save(true);
    expect((await stat(path)).size).toBeLessThan(300_000);
  });

  it('that cannot be written is an error of the store', async () => {
    const report = new FileReport('/proc/none/report');
    report.add('text');
    expect((await failure('STORE_UNAVAILABLE', report.save(true))).message).toContain('/proc/none/report');
  });
});
