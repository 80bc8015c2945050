import { describe, expect, it } from 'vitest';
import { Secret } from '@geolens/backup-core';
import type { Notification } from '@geolens/backup-core/internal';
import { PingNotifier } from '../../src/notify/notifiers.ts';
import { freePort } from '../../../../test/support/free-port.ts';
import { receiver } from '../../../../test/support/receiver.ts';

const notification: Notification = {
  event: 'run.finished',
  state: 'good',
  database: 'geolens',
  title: 'Backup of geolens: all is well',
  text: '',
  log: 'the log\n',
  details: {},
};
const signal = new AbortController().signal;

describe('the ping', () => {
  it('goes to /start, to the URL itself, and to /fail, with what the URL asks for besides', async () => {
    const { url, received } = await receiver();
    const notifier = new PingNotifier(new Secret(`${url}/abc-def/?a=b`));
    for (const state of ['started', 'good', 'trouble'] as const)
      await notifier.notify({ ...notification, state }, { signal });
    expect(received.map(({ path }) => path)).toEqual([
      '/abc-def/start?a=b',
      '/abc-def/?a=b',
      '/abc-def/fail?a=b',
    ]);
  });

  it('has the last lines of the log, and not all of a long one', async () => {
    const { url, received } = await receiver();
    const log = Array.from({ length: 5_000 }, (_, index) => `line ${index}\n`).join('');
    await new PingNotifier(new Secret(url)).notify(
      { ...notification, state: 'trouble', text: 'the disk is full', log },
      { signal },
    );
    expect(received[0]!.body).toMatch(/^Backup of geolens: all is well\n\nthe disk is full\n\n/);
    expect(received[0]!.body).toMatch(/line 4999\n$/);
    expect(received[0]!.body.length).toBeLessThan(11_000);
  });

  it('pings for a restore test that went wrong; a good one is not taken for a run', async () => {
    const { url, received } = await receiver();
    const notifier = new PingNotifier(new Secret(`${url}/abc`));
    await notifier.notify({ ...notification, event: 'drill.finished' }, { signal });
    await notifier.notify({ ...notification, event: 'drill.finished', state: 'trouble' }, { signal });
    expect(received.map(({ path }) => path)).toEqual(['/abc/fail']);
  });

  it('shows name and password of the URL as a browser would', async () => {
    const { url, received } = await receiver();
    await new PingNotifier(new Secret(url.replace('//', '//me:p%40ss@'))).notify(notification, { signal });
    expect(received[0]!.headers['authorization']).toBe(`Basic ${Buffer.from('me:p@ss').toString('base64')}`);
  });

  it('is tried again when the receiver is in trouble', async () => {
    const { url, received } = await receiver(503, 500);
    await new PingNotifier(new Secret(url)).notify(notification, { signal });
    expect(received).toHaveLength(3);
  });

  it('is not tried again when the receiver does not know the URL, which the error does not tell', async () => {
    const { url, received } = await receiver(404);
    const failure: unknown = await new PingNotifier(new Secret(`${url}/very-secret`))
      .notify(notification, { signal })
      .catch((error: unknown) => error);
    expect(failure).toMatchObject({
      code: 'NOTIFICATION_FAILED',
      message: `BACKUP_PING_URL (${new URL(url).host}) answered with 404`,
      hint: 'Check BACKUP_PING_URL, and whether this machine reaches it',
    });
    expect(received).toHaveLength(1);
  });

  it('says so when nobody is there', async () => {
    const failing = (url: string): Promise<void> =>
      new PingNotifier(new Secret(url)).notify(notification, { signal });
    await expect(failing(`http://127.0.0.1:${await freePort()}/very-secret`)).rejects.toThrow(
      /^BACKUP_PING_URL \(127\.0\.0\.1:\d+\) could not be reached \(ECONNREFUSED\)/,
    );
    await expect(failing('http://127.0.0.1:1/very-secret')).rejects.toThrow(
      'BACKUP_PING_URL (127.0.0.1:1) could not be reached (bad port)',
    );
  });

  it('gives up soon after the process was asked to end', async () => {
    const { url } = await receiver(0);
    const began = performance.now();
    await expect(
      new PingNotifier(new Secret(url)).notify(notification, { signal: AbortSignal.abort() }),
    ).rejects.toThrow('did not answer before the process had to end');
    expect(performance.now() - began).toBeLessThan(5_000);
  });
});
