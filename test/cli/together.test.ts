import { describe, expect, it } from 'vitest';
import { programsOn } from '../support/programs-on.ts';
import { newOperator, times } from '../support/operator.ts';
import { blockDump, blockSnapshot, waitsForLock } from './support/sessions.ts';

describe('beside a run that goes on', () => {
  it('another run and a prune exit with 4 and name the holder, a list and a dry prune do their work', async () => {
    const operator = await newOperator();
    await operator.goodRun();
    const blocker = await blockSnapshot(operator.database);
    const running = operator.start(['run']);
    await waitsForLock(operator.database, 'LOCK TABLE');
    for (const command of ['run', 'prune']) {
      const end = await operator.backup([command]);
      expect({ code: end.code, stdout: end.stdout }, command).toEqual({ code: 4, stdout: '' });
      expect(times(end.stderr, `another run (process ${running.pid}, since 20`)).toBe(1);
      expect(end.stderr).toContain('Try again when it has ended');
    }
    expect((await operator.backup(['list'])).stdout).toContain('complete');
    expect((await operator.backup(['prune', '--dry-run'])).stdout).toContain('keep');
    await blocker.end();
    expect((await running.end).code).toBe(0);
    expect(await operator.sets('daily')).toHaveLength(2);
  });

  it('of two runs that are started at the same moment, one makes a set and the other exits with 4', async () => {
    const operator = await newOperator();
    const blocker = await blockSnapshot(operator.database);
    const runs = [operator.start(['run']), operator.start(['run'])];
    const loser = await Promise.race(runs.map(({ end }) => end));
    expect(loser.code).toBe(4);
    await blocker.end();
    expect((await Promise.all(runs.map(({ end }) => end))).map(({ code }) => code).sort()).toEqual([0, 4]);
    expect(await operator.sets('daily')).toHaveLength(1);
  });
});

describe('after a SIGKILL in the middle of a dump', () => {
  it('the service removes what was left over when it starts, not when its next run is due', async () => {
    const operator = await newOperator();
    await blockDump(operator.database);
    const running = operator.start(['run']);
    await waitsForLock(operator.database, 'stubborn');
    await running.says('verify staging');
    running.signal('SIGKILL');
    await running.end;
    expect((await operator.volume.everything()).length).toBeGreaterThan(0);
    const serving = operator.start(['serve'], {
      env: { BACKUP_SCHEDULE: '0 0 1 1 *', BACKUP_ON_START: 'never' },
    });
    await serving.says('next run at');
    expect(serving.stderr).toContain('removed what work that died had left: ');
    await expect.poll(() => operator.volume.everything()).toEqual([]); // the service may be writing its journal
  });

  it('no program is left, and the next run removes what was left over, logs it, and makes a complete set', async () => {
    const operator = await newOperator();
    const blocker = await blockDump(operator.database);
    const running = operator.start(['run']);
    await waitsForLock(operator.database, 'stubborn');
    await running.says('verify staging'); // one draft is whole by now
    running.signal('SIGKILL');
    await running.end;
    await expect.poll(() => programsOn(operator.database.database), { timeout: 5000 }).toEqual([]);
    const left = await operator.volume.everything();
    expect(left.length).toBeGreaterThan(0);
    expect((await operator.backup(['list'])).stdout).toBe('no sets yet\n');
    await blocker.end();
    const end = await operator.backup(['run']);
    expect(end.code).toBe(0);
    expect(end.stderr).toContain('removed what work that died had left: ');
    const now = await operator.volume.everything();
    expect(now.filter((name) => left.includes(name))).toEqual([]);
    expect(await operator.sets('daily')).toHaveLength(1);
    expect((await operator.backup(['list'])).stdout).toContain('complete');
  });
});
