import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { clusters } from '../../support/clusters.ts';
import { newOperator } from '../support/operator.ts';

/** Shares of the time that a drill takes. More moments are tried where the drill itself is. */
const MOMENTS = [0.4, 0.8];

/** Command lines of processes that have to do with this folder. */
function processesIn(folder: string): string[] {
  return readdirSync('/proc').filter((name) => /^\d+$/.test(name)).flatMap((pid) => {
    try {
      const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
      return command.includes(folder) ? [command] : [];
    } catch {
      return []; // it has just ended
    }
  });
}

describe.each(clusters())('a drill, $title,', (cluster) => {
  it.each(['verify', 'run'])('that is killed leaves no process, and after the next `%s` nothing else', { timeout: 240_000 }, async (next) => {
    const operator = await newOperator(cluster);
    await operator.goodRun();
    const began = performance.now();
    expect((await operator.backup(['verify', '--restore'])).code).toBe(0);
    const whole = performance.now() - began;
    const before = await operator.volume.everything();
    for (const moment of MOMENTS) {
      const drill = operator.start(['verify', '--restore']);
      await pause(whole * moment);
      if (drill.child.exitCode === null) drill.signal('SIGKILL');
      await drill.end;
      await expect.poll(() => processesIn(operator.volume.backups), { timeout: 10_000 }).toEqual([]);
      const after = await operator.backup(next === 'verify' ? ['verify', '--restore'] : ['run'], { env: { BACKUP_RETENTION_DAILY: '1' } });
      expect(after.code, after.stderr).toBe(0);
      const left = await operator.volume.everything();
      expect(left.filter((name) => !name.startsWith('daily/') && !name.startsWith('weekly/'))).toEqual([]);
      if (next === 'verify') expect(left).toEqual(before);
    }
  });

  it('that is asked to end does so within seconds, and leaves nothing', async () => {
    const operator = await newOperator(cluster);
    await operator.goodRun();
    const before = await operator.volume.everything();
    const drill = operator.start(['verify', '--restore']);
    await drill.says('restoring the dump');
    const asked = performance.now();
    drill.signal('SIGTERM');
    const end = await drill.end;
    expect([end.code, performance.now() - asked < 8000]).toEqual([1, true]);
    expect([await operator.volume.everything(), processesIn(operator.volume.backups)]).toEqual([before, []]);
  });
});
