import { describe, expect, it } from 'vitest';
import { BackupError } from '@geolens/backup-core';
import type { Notification, Notifier } from '@geolens/backup-core/internal';
import { MemoryStore } from '@geolens/backup-core/testing';
import { run } from '../../src/commands/run.ts';
import { commandKit, type CommandKit } from '../support/command-kit.ts';

class Listener implements Notifier {
  readonly name = 'BACKUP_PING_URL (example.com)';
  readonly heard: Notification[] = [];

  notify(notification: Notification): Promise<void> {
    this.heard.push(notification);
    return Promise.resolve();
  }
}

const deaf: Notifier = {
  name: 'BACKUP_WEBHOOK_URL (example.com)',
  notify: () =>
    Promise.reject(
      new BackupError('NOTIFICATION_FAILED', 'BACKUP_WEBHOOK_URL (example.com) answered with 500'),
    ),
};

async function kitWith(notifiers: readonly Notifier[]): Promise<CommandKit> {
  const kit = await commandKit(new MemoryStore());
  return { ...kit, context: { ...kit.context, services: { ...kit.context.services, notifiers } } };
}

describe('`run`', () => {
  it('tells of its begin and, with the log of this run alone, of its end', async () => {
    const listener = new Listener();
    const { context } = await kitWith([listener]);
    context.log.info('other', 'of before');
    expect(await run(context, { json: false })).toBe(0);
    expect(listener.heard.map(({ event, state }) => [event, state])).toEqual([
      ['run.started', 'started'],
      ['run.finished', 'good'],
    ]);
    const [, { title, log, details }] = listener.heard as [Notification, Notification];
    expect(title).toMatch(/^Backup of geolens: run \d{8}_\d{6} succeeded in /);
    expect(log).toMatch(/run \d{8}_\d{6} of database geolens begins\n/);
    expect(log).not.toContain('of before');
    expect(details).toMatchObject({ run: { outcome: 'succeeded', database: 'geolens' } });
  });

  it('tells of a failure with its reason, secrets redacted', async () => {
    const listener = new Listener();
    const { context } = await kitWith([listener]);
    context.services.producer.snapshot = () =>
      Promise.reject(new BackupError('DATABASE_UNREACHABLE', 'no server for my-password'));
    expect(
      await run({ ...context, redact: (text) => text.replaceAll('my-password', '***') }, { json: false }),
    ).toBe(1);
    const { state, text, title, details } = listener.heard.at(-1)!;
    expect({ state, text }).toEqual({ state: 'trouble', text: 'no server for ***' });
    expect(title).toMatch(/run failed after .*no set was made and none was removed/);
    expect(JSON.stringify(details)).not.toContain('my-password');
  });

  it('names variables in the log, the result, the notification and the journal of a failure', async () => {
    const listener = new Listener();
    const { context, output } = await kitWith([listener]);
    const details = { reason: 'database-missing' } as const;
    context.services.producer.snapshot = () =>
      Promise.reject(new BackupError('DATABASE_UNREACHABLE', 'no such database', { details }));
    expect(await run(context, { json: true })).toBe(1);
    const sentence = 'no such database. Correct POSTGRES_DB (or DATABASE_URL)';
    expect(output.logged).toContain(`ERROR ${sentence}`);
    expect(JSON.parse(output.said)).toMatchObject({ errors: [{ message: sentence }] });
    expect(listener.heard.at(-1)!.text).toBe(sentence);
    expect(await context.services.journal.read()).toMatchObject({ lastRun: { error: sentence } });
  });

  it('ends with 3, and a warning, when the set is good and somebody could not be told', async () => {
    const listener = new Listener();
    const { context, output } = await kitWith([deaf, listener]);
    expect(await run(context, { json: false })).toBe(3);
    expect(output.logged).toContain('WARN  BACKUP_WEBHOOK_URL (example.com) answered with 500');
    expect(output.said).toContain('(complete)');
    expect(listener.heard).toHaveLength(2);
  });

  it('does not hide behind a notification that it failed', async () => {
    const { context } = await kitWith([deaf]);
    context.services.producer.snapshot = () =>
      Promise.reject(new BackupError('DATABASE_UNREACHABLE', 'no server'));
    expect(await run(context, { json: false })).toBe(1);
  });

  it('tells of a set that is good here and could not be copied, as trouble', async () => {
    const listener = new Listener();
    const replica = new MemoryStore();
    replica.put = () => Promise.reject(new BackupError('STORE_UNAVAILABLE', 'the store is away'));
    const { context } = await kitWith([listener]);
    expect(
      await run({ ...context, services: { ...context.services, replicas: [replica] } }, { json: false }),
    ).toBe(3);
    expect(listener.heard.at(-1)).toMatchObject({
      state: 'trouble',
      text: expect.stringContaining('the store is away') as string,
    });
  });

  it('tells when it could not even begin, but not when another one is at work', async () => {
    const listener = new Listener();
    const { context } = await kitWith([listener]);
    const failing = (error: BackupError): Promise<unknown> =>
      run(
        { ...context, services: { ...context.services, lock: { acquire: () => Promise.reject(error) } } },
        { json: false },
      );
    await expect(failing(new BackupError('LOCK_HELD', 'held'))).rejects.toThrow('held');
    expect(listener.heard).toEqual([]);
    await expect(failing(new BackupError('STORE_FAILED', 'no lock'))).rejects.toThrow('no lock');
    expect(listener.heard).toMatchObject([
      {
        event: 'run.finished',
        state: 'trouble',
        title: 'Backup of geolens: no run could be made',
        text: 'no lock',
      },
    ]);
  });
});
