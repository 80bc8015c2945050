import { mkdir } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { anyCluster } from '../support/clusters.ts';
import { freePort } from '../support/free-port.ts';
import { noFaketime } from '../support/faketime.ts';
import { programsOn } from '../support/programs-on.ts';
import { namesOf, newOperator, times } from '../support/operator.ts';
import { blockDump, blockSnapshot, sessionsAreGone, waitsForLock } from './support/sessions.ts';

const MIDNIGHT_ONLY = { BACKUP_SCHEDULE: '0 0 1 1 *' };

describe('`serve`', () => {
  it('makes a set at once on a store without any, and none at the next start', async () => {
    const operator = await newOperator();
    const first = operator.start(['serve'], { env: MIDNIGHT_ONLY });
    await first.says('next run at');
    expect(await operator.sets('daily')).toHaveLength(1);
    first.signal('SIGTERM');
    expect((await first.end).code).toBe(0);
    const second = operator.start(['serve'], { env: MIDNIGHT_ONLY });
    await second.says('next run at');
    second.signal('SIGTERM');
    expect((await second.end).stderr).not.toContain('begins');
    expect(await operator.sets('daily')).toHaveLength(1);
  });

  it('waits for a server that starts after it, and then makes the run that is due', async () => {
    const operator = await newOperator();
    const port = await freePort();
    const { database, host, port: real } = operator.database;
    const serving = operator.start(['serve'], {
      env: {
        ...MIDNIGHT_ONLY,
        DATABASE_URL: `postgresql://${anyCluster().user}@127.0.0.1:${port}/${database}`,
      },
    });
    await serving.says('a run is due, and waits a while for the server');
    expect(serving.stderr).toContain(`127.0.0.1:${port}`);
    expect(serving.stderr).not.toContain('ERROR');
    const server = createServer((socket) => {
      const onward = host.startsWith('/') ? connect(join(host, `.s.PGSQL.${real}`)) : connect(real, host);
      socket.pipe(onward).pipe(socket);
      for (const one of [socket, onward]) one.on('error', () => undefined);
    }).listen(port, '127.0.0.1');
    onTestFinished(() => {
      server.close();
    });
    await serving.says('succeeded in');
    expect(await operator.sets('daily')).toHaveLength(1);
    serving.signal('SIGTERM');
    await serving.end;
  });

  it('says at the start what it works on, and when the next run is', async () => {
    const operator = await newOperator();
    const serving = operator.start(['serve'], {
      env: { ...MIDNIGHT_ONLY, BACKUP_ON_START: 'never', BACKUP_TIMEZONE: 'Asia/Tokyo' },
    });
    await serving.says('next run at');
    const { database, host, port } = operator.database;
    expect(serving.stderr).toContain(
      `database ${database} on ${host}:${port} to ${operator.volume.backups}, schedule "0 0 1 1 *" (Asia/Tokyo), keeps 7 daily and 4 weekly sets`,
    );
    expect(serving.stderr).toMatch(/next run at \d{4}-12-31T15:00Z/);
    serving.signal('SIGTERM');
    const end = await serving.end;
    expect(end.code).toBe(0);
    expect(end.stderr).toContain('stopped, as asked');
    expect(end.stdout).toBe('');
  });

  it('warns when the schedule makes the retention reach back less far than its name says', async () => {
    const operator = await newOperator();
    const serving = operator.start(['serve'], {
      env: { BACKUP_SCHEDULE: '0 * * * *', BACKUP_ON_START: 'never' },
    });
    await serving.says('next run at');
    expect(serving.stderr).toContain('24 runs a day');
    expect(serving.stderr).toContain('7 h 0 min');
    expect(serving.stderr).toContain('BACKUP_RETENTION_DAILY=168');
  });

  it.skipIf(noFaketime)('makes its run at the slot', async () => {
    const operator = await newOperator();
    const serving = operator.start(['serve'], {
      at: '2026-11-23 01:59:57',
      env: { BACKUP_ON_START: 'never' },
    });
    await serving.says('next run at 2026-11-24T02:00Z');
    expect(await operator.volume.files('daily')).toEqual(
      namesOf(operator.database.database, (await operator.sets('daily'))[0]!),
    );
    expect((await operator.sets('daily'))[0]).toMatch(/^20261123_02000[0-5]$/);
  });

  it.skipIf(noFaketime)('makes up for the slot that passed while it was not there, once', async () => {
    const operator = await newOperator();
    for (const [at, runs] of [
      ['2026-11-23 01:00:00', 0],
      ['2026-11-24 09:00:00', 1],
      ['2026-11-24 09:05:00', 0],
    ] as const) {
      const serving = operator.start(['serve'], { at, env: { BACKUP_ON_START: 'never' } });
      await serving.says(runs === 0 ? 'next run at' : 'succeeded in');
      serving.kill('SIGTERM');
      expect(times((await serving.end).stderr, 'was missed and is made up for'), at).toBe(runs);
    }
    expect(await operator.sets('daily')).toHaveLength(1);
  });

  it('goes on after a run that failed', async () => {
    const operator = await newOperator();
    const serving = operator.start(['serve'], {
      env: { ...MIDNIGHT_ONLY, DATABASE_URL: 'postgresql://u@127.0.0.1:1/d' },
    });
    await serving.says('next run at');
    expect(times(serving.stderr, 'ECONNREFUSED')).toBe(2); // once when it begins to wait, once when the run has failed
    expect(serving.child.exitCode).toBeNull();
    serving.signal('SIGTERM');
    expect((await serving.end).code).toBe(0);
  });

  it('logs which process it waits for when another one works on the volume, and makes no second set when his was the one that was due', async () => {
    const operator = await newOperator();
    const blocker = await blockSnapshot(operator.database);
    const other = operator.start(['run']);
    await waitsForLock(operator.database, 'LOCK TABLE');
    const serving = operator.start(['serve'], { env: MIDNIGHT_ONLY });
    await serving.says(`waits until the lock is free: another run (process ${other.pid}, since `);
    await blocker.end();
    expect((await other.end).code).toBe(0);
    await serving.says('next run at');
    expect(await operator.sets('daily')).toHaveLength(1);
  });

  it('refuses to start without its folder, and makes none', async () => {
    const operator = await newOperator();
    const end = await operator.backup(['serve'], {
      env: { BACKUP_DIR: `${operator.volume.backups}/missing` },
    });
    expect(end.code).toBe(2);
    expect(end.stderr).toContain(
      `BACKUP_DIR="${operator.volume.backups}/missing" does not exist. Create the folder, mount the volume there`,
    );
  });
});

describe.each([
  ['serve', 0, 'while the snapshot is taken', blockSnapshot, 'LOCK TABLE'],
  ['serve', 0, 'while pg_dump works', blockDump, 'stubborn'],
  ['run', 1, 'while pg_dump works', blockDump, 'stubborn'],
] as const)('SIGTERM to `%s`', (command, code, when, block, statement) => {
  it(`${when} ends it within ten seconds with ${code}, and leaves no file, program or session`, async () => {
    const operator = await newOperator();
    await mkdir(operator.path('daily', '.'));
    await block(operator.database);
    const running = operator.start([command]);
    await waitsForLock(operator.database, statement);
    const asked = performance.now();
    running.signal('SIGTERM');
    const again = setInterval(() => {
      running.signal('SIGTERM');
    }, 1); // up to its last moment, more of them are no more than the first
    const end = await running.end;
    clearInterval(again);
    expect(performance.now() - asked).toBeLessThan(10_000);
    expect(end.code).toBe(code);
    expect(times(end.stderr, 'stopped by SIGTERM')).toBe(1);
    expect(await operator.volume.everything()).toEqual([]);
    await expect.poll(() => programsOn(operator.database.database), { timeout: 5000 }).toEqual([]);
    await sessionsAreGone(operator.database); // although what they waited for is still there
  });
});
