import { describe, expect, it } from 'vitest';
import { BackupError } from '@geolens/backup-core';
import { MemoryStore, type ManualClock } from '@geolens/backup-core/testing';
import { loggedRun, run } from '../../src/commands/run.ts';
import { listen } from '../../src/status/serve-status.ts';
import { statusApp } from '../../src/status/status-app.ts';
import { StatusKeeper } from '../../src/status/status-keeper.ts';
import { commandKit, type CommandKit } from '../support/command-kit.ts';

class CountingStore extends MemoryStore {
  looks = 0;

  override list(...of: Parameters<MemoryStore['list']>): ReturnType<MemoryStore['list']> {
    if (of[0] === 'daily') this.looks += 1;
    return super.list(...of);
  }
}

interface Kit extends CommandKit {
  readonly store: CountingStore;
  readonly replica: CountingStore;
  readonly clock: ManualClock;
  readonly keeper: StatusKeeper;
  readonly ask: (path: string) => Promise<{ status: number; body: string; type: string | null }>;
}

async function kit(): Promise<Kit> {
  const [store, replica] = [new CountingStore('local'), new CountingStore('s3')];
  const commands = await commandKit(store, [replica]);
  const { context } = commands;
  const keeper = new StatusKeeper(context);
  const app = statusApp({
    status: () => keeper.status(),
    log: context.log,
    redact: (text) => text.replaceAll('my-password', '***'),
  });
  const ask: Kit['ask'] = async (path) => {
    const answer = await app.request(path);
    return { status: answer.status, body: await answer.text(), type: answer.headers.get('content-type') };
  };
  const { clock } = context.services as unknown as { clock: ManualClock };
  return { ...commands, store, replica, clock, keeper, ask };
}

describe('the status port', () => {
  it('answers for health with 503 and the reason before any success, with 200 after it, and with 503 when it is too old', async () => {
    const { ask, context, clock } = await kit();
    const before = await ask('/health');
    expect(before).toMatchObject({ status: 503, type: 'application/json' });
    expect(JSON.parse(before.body)).toMatchObject({
      healthy: false,
      problem: 'there is no set, and no run was ever begun',
    });
    await run(context, { json: false });
    expect(await ask('/health')).toMatchObject({ status: 200 });
    clock.jumpTo('2026-02-03T00:00:00Z');
    expect(JSON.parse((await ask('/health')).body)).toMatchObject({
      healthy: false,
      problem: 'the last success is too long ago',
    });
  });

  it('answers with metrics of what a run did, phase by phase', async () => {
    const { ask, context } = await kit();
    await run(context, { json: false });
    const { status, type, body } = await ask('/metrics');
    expect({ status, type }).toEqual({ status: 200, type: 'text/plain; version=0.0.4; charset=utf-8' });
    expect(body).toContain('geolens_backup_last_run_result{outcome="succeeded"} 1');
    expect(body).toMatch(
      /geolens_backup_last_run_phase_bytes\{phase="produce",artifact="dump",tier=""\} \d+/,
    );
    expect(body).toContain('geolens_backup_sets{store="local",tier="daily",state="complete"} 1');
  });

  it('looks at the volume for whoever asks, at most every five seconds, and at a bucket after a run and every quarter of an hour', async () => {
    const { ask, clock, store, replica, keeper } = await kit();
    await keeper.refresh();
    const looks = (): number[] => [store.looks, replica.looks];
    store.looks = replica.looks = 0;
    for (let second = 0; second < 60; second += 1) {
      await ask('/metrics');
      await clock.advance(1000);
    }
    // The judgement of health looks at the volume by itself.
    expect(store.looks - 60).toBeGreaterThanOrEqual(11);
    expect(store.looks - 60).toBeLessThanOrEqual(13);
    expect(replica.looks).toBe(0);
    await clock.advance(15 * 60_000);
    await ask('/metrics');
    await clock.advance(0);
    expect(looks()[1]).toBe(1);
  });

  it('does not wait for a bucket that does not answer', async () => {
    const { ask, replica } = await kit();
    // eslint-disable-next-line require-yield -- it never answers
    replica.list = async function* () {
      await new Promise(() => undefined);
    };
    const { status, body } = await ask('/metrics');
    expect(status).toBe(200);
    expect(body).not.toContain('store="s3"');
  });

  it('tells of a bucket that is away, and of what it lacks when it is back', async () => {
    const { ask, context, replica, keeper } = await kit();
    await run({ ...context, services: { ...context.services, replicas: [] } }, { json: false });
    const list = replica.list.bind(replica);
    replica.list = () => {
      throw new BackupError('STORE_UNAVAILABLE', 'away');
    };
    await keeper.refresh();
    expect((await ask('/metrics')).body).toContain('geolens_backup_store_up{store="s3"} 0');
    replica.list = list;
    await keeper.refresh();
    expect((await ask('/metrics')).body).toMatch(/geolens_backup_replication_lag_sets\{store="s3"\} [12]/);
  });

  it('answers with 503 when the volume cannot be read, and shows no secret', async () => {
    const { ask, context, output } = await kit();
    context.services.journal.read = () =>
      Promise.reject(new BackupError('STORE_FAILED', 'no my-password here'));
    expect(await ask('/health')).toMatchObject({
      status: 503,
      body: '{"healthy":false,"problem":"no *** here"}',
    });
    expect(output.logged).toContain('WARN  /health: ');
  });

  it('has a page for each set, and none for another name', async () => {
    const { ask, context } = await kit();
    const { report } = await loggedRun(context);
    const { status, body } = await ask(`/sets/${report.timestamp}`);
    expect(status).toBe(200);
    expect(body).toContain('How to restore it');
    expect((await ask('/')).body).toContain(`<a href="sets/${report.timestamp}">`);
    for (const name of ['20200101_020000', '..%2f..%2fetc', '<b>'])
      expect((await ask(`/sets/${name}`)).status).toBe(404);
  });

  it('knows nothing else, and takes nothing', async () => {
    const { ask } = await kit();
    expect((await ask('/backups')).status).toBe(404);
  });

  it('is a wrong configuration when the port is taken', async () => {
    const { keeper, context } = await kit();
    const app = statusApp({ status: () => keeper.status(), log: context.log, redact: String });
    const first = await listen(app, { host: '127.0.0.1', port: 0 });
    const port = Number(new URL(first.url).port);
    await expect(listen(app, { host: '127.0.0.1', port })).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringContaining('something else listens there') as string,
    });
    expect((await fetch(`${first.url}/health`)).status).toBe(503);
    await first.close();
    await expect(fetch(`${first.url}/health`)).rejects.toThrow();
  });
});
