import { copyFile, mkdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { noFaketime } from '../support/faketime.ts';
import { namesOf, newOperator } from '../support/operator.ts';
import { blockSnapshot, waitsForLock } from './support/sessions.ts';

describe.skipIf(noFaketime)(`the calendar (${noFaketime ?? 'with faketime'})`, () => {
  it('puts Sunday’s set into weekly too, as hard links', async () => {
    const operator = await newOperator();
    const timestamp = await operator.goodRun({ at: '2026-11-22 02:00:00' });
    expect(timestamp).toMatch(/^20261122_0200/);
    const names = namesOf(operator.database.database, timestamp);
    expect(await operator.volume.files('weekly')).toEqual(names);
    for (const name of names)
      expect((await stat(operator.path('weekly', name))).ino, name).toBe(
        (await stat(operator.path('daily', name))).ino,
      );
  });

  it('puts Monday’s set into daily alone', async () => {
    const operator = await newOperator();
    const timestamp = await operator.goodRun({ at: '2026-11-23 02:00:00' });
    expect(await operator.volume.everything()).toEqual(
      namesOf(operator.database.database, timestamp).map((name) => `daily/${name}`),
    );
  });

  it('puts a run that begins late on Sunday and ends on Monday into weekly, whole', async () => {
    const operator = await newOperator();
    const blocker = await blockSnapshot(operator.database);
    const running = operator.start(['run', '--json'], { at: '2026-11-22 23:59:56' });
    await waitsForLock(operator.database, 'LOCK TABLE');
    const began = Date.now();
    await expect.poll(() => Date.now() - began, { timeout: 10_000 }).toBeGreaterThan(4500); // midnight has passed in there
    await blocker.end();
    const end = await running.end;
    expect(end.code).toBe(0);
    const report = JSON.parse(end.stdout) as { timestamp: string; finishedAt: string };
    expect(report.timestamp).toMatch(/^20261122_2359/);
    expect(report.finishedAt).toMatch(/^2026-11-23T00:00/);
    for (const tier of ['daily', 'weekly'] as const)
      expect(await operator.volume.files(tier)).toEqual(
        namesOf(operator.database.database, report.timestamp),
      );
  });

  it('keeps the three newest of ten daily sets and the newest of Sundays, and touches nothing of anybody else', async () => {
    const operator = await newOperator();
    const { database, volume } = { database: operator.database.database, volume: operator.volume };
    await mkdir(join(volume.backups, 'daily'), { mode: 0o700 });
    const foreign = [
      'README.txt',
      `${database}.dump`,
      `${database}_20200101.dump`,
      'manifest-latest.json',
      `zoo_${database}_20200101_020000.dump`,
      `x${database}_20200102_020000.dump`,
    ];
    for (const name of foreign) await writeFile(operator.path('daily', name), 'foreign');
    await writeFile(join(volume.backups, 'notes'), 'foreign');
    const timestamps: string[] = [];
    // from Sunday the 8th to Tuesday the 17th: Sundays are the 8th and the 15th
    for (let day = 8; day <= 17; day += 1) {
      timestamps.push(
        await operator.goodRun({
          at: `2026-11-${String(day).padStart(2, '0')} 02:00:00`,
          env: { BACKUP_RETENTION_DAILY: '3', BACKUP_RETENTION_WEEKLY: '1' },
        }),
      );
    }
    expect(await operator.sets('daily')).toEqual(timestamps.slice(-3));
    expect(await operator.sets('weekly')).toEqual([timestamps[7]]);
    const kept = timestamps.slice(-3).flatMap((timestamp) => namesOf(database, timestamp));
    expect(await volume.files('daily')).toEqual([...kept, ...foreign].sort());
    expect(await volume.files('weekly')).toEqual(namesOf(database, timestamps[7]!));
    expect(await volume.everything()).toContain('notes');
  });

  it('prunes nothing and leaves no file when a run fails', async () => {
    const operator = await newOperator();
    for (const day of ['09', '10', '11']) await operator.goodRun({ at: `2026-11-${day} 02:00:00` });
    const before = await operator.volume.everything();
    const end = await operator.backup(['run'], {
      at: '2026-11-12 02:00:00',
      env: { BACKUP_RETENTION_DAILY: '1', DATABASE_URL: 'postgresql://u@127.0.0.1:1/d' },
    });
    expect(end.code).toBe(1);
    expect(await operator.volume.everything()).toEqual(before);
  });

  it('counts a copy of an old set by its name, not by the time of its file', async () => {
    const operator = await newOperator();
    const { database } = operator.database;
    for (const day of ['09', '10']) await operator.goodRun({ at: `2026-11-${day} 02:00:00` });
    await copyFile(
      operator.path('daily', (await operator.volume.files('daily')).find((name) => name.endsWith('.dump'))!),
      operator.path('daily', `${database}_20250101_020000.dump`),
    );
    await operator.goodRun({ at: '2026-11-11 02:00:00', env: { BACKUP_RETENTION_DAILY: '3' } });
    expect(await operator.sets('daily')).toHaveLength(3);
    expect(await operator.volume.files('daily')).not.toContain(`${database}_20250101_020000.dump`);
  });
});
