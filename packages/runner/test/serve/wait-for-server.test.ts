import { describe, expect, it } from 'vitest';
import { BackupError } from '@geolens/backup-core';
import type { ServerState } from '@geolens/backup-core/internal';
import { ManualClock } from '@geolens/backup-core/testing';
import { createLogger } from '../../src/present/logger.ts';
import { waitForServer } from '../../src/serve/start.ts';

const SECOND_MS = 1000;
const error = new BackupError('DATABASE_UNREACHABLE', 'connecting failed (db:5432): refused', {
  hint: 'Start the server',
});
const NOTHING: ServerState = { server: 'nothing', error };
const STARTING: ServerState = { server: 'starting', error };

/**
 * Waits for a server that is as the function says, by the seconds that have passed. Answers how many these
 * were.
 */
async function waited(at: (seconds: number) => ServerState): Promise<{ seconds: number; logged: string }> {
  const clock = new ManualClock('2026-11-25T02:00:00Z');
  const began = clock.now().getTime();
  const passed = (): number => (clock.now().getTime() - began) / SECOND_MS;
  let [logged, ended] = ['', false];
  const log = createLogger({ format: 'text', level: 'info', write: (line) => (logged += line) });
  const waiting = waitForServer(
    { inspect: () => Promise.resolve(at(passed())) },
    { clock, log, signal: new AbortController().signal },
  ).then(() => {
    ended = true;
  });
  for (let step = 0; step < 1000 && !ended; step += 1) await clock.advance(SECOND_MS);
  await waiting;
  return { seconds: passed(), logged };
}

describe('a run that is due', () => {
  it('waits for nobody when the server answers, and says nothing', async () => {
    expect(await waited(() => ({ server: 'answers' }))).toEqual({ seconds: 1, logged: '' });
  });

  it('begins once the server answers that was away and then starting, and has said so once', async () => {
    const { seconds, logged } = await waited((passed) =>
      passed < 20 ? NOTHING : passed < 200 ? STARTING : { server: 'answers' },
    );
    expect(seconds).toBeGreaterThanOrEqual(200);
    expect(seconds).toBeLessThan(210);
    expect(logged).toMatch(
      /^\S+ WARN {2}a run is due, and waits a while for the server: connecting failed \(db:5432\): refused\n$/,
    );
  });

  it.each([
    ['away', NOTHING, 30],
    ['starting', STARTING, 600],
  ] as const)('begins after a while, and fails, when the server stays %s', async (_, inspect, most) => {
    const { seconds } = await waited(() => inspect);
    expect(seconds).toBeGreaterThan(most - 10);
    expect(seconds).toBeLessThan(most + 10);
  });

  it('is given up at once when the process is asked to end', async () => {
    const stop = new AbortController();
    const log = createLogger({ format: 'text', level: 'error', write: () => undefined });
    const waiting = waitForServer(
      { inspect: () => Promise.resolve(NOTHING) },
      { clock: new ManualClock('2026-11-25T02:00:00Z'), log, signal: stop.signal },
    );
    stop.abort(new BackupError('ABORTED', 'stopped'));
    await expect(waiting).rejects.toThrow('stopped');
  });
});
