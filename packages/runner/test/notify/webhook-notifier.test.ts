import { describe, expect, it } from 'vitest';
import { Secret } from '@geolens/backup-core';
import type { Notification } from '@geolens/backup-core/internal';
import { readConfig } from '../../src/config/config.ts';
import { webhookBody, WebhookNotifier, type WebhookOptions } from '../../src/notify/notifiers.ts';
import { parseTemplate } from '../../src/config/readers.ts';
import { refusal } from '../support/problems.ts';
import { receiver } from '../../../../test/support/receiver.ts';

const notification: Notification = {
  event: 'run.finished',
  state: 'trouble',
  database: 'a "b"',
  title: 'it failed',
  text: 'line one\nline two',
  log: 'log',
  details: { version: '1', run: { outcome: 'failed' } },
};
const signal = new AbortController().signal;

async function sent(
  change: Partial<WebhookOptions>,
  notifications: readonly Notification[],
): Promise<unknown[]> {
  const { url, received } = await receiver();
  const notifier = new WebhookNotifier({ url: new Secret(url), template: 'auto', on: 'all', ...change });
  for (const one of notifications) await notifier.notify(one, { signal });
  return received.map(({ body }) => JSON.parse(body) as unknown);
}

describe('the webhook', () => {
  it('gets everything as JSON', async () => {
    expect(await sent({}, [notification])).toEqual([
      {
        event: 'run.finished',
        state: 'trouble',
        database: 'a "b"',
        title: 'it failed',
        text: 'line one\nline two',
        version: '1',
        run: { outcome: 'failed' },
        log: 'log',
      },
    ]);
  });

  it('follows no redirect: the report goes to the address that was set', async () => {
    const { url, received } = await receiver(307);
    const notifier = new WebhookNotifier({ url: new Secret(url), template: 'auto', on: 'all' });
    await expect(notifier.notify(notification, { signal })).rejects.toThrow(
      /^BACKUP_WEBHOOK_URL \(127\.0\.0\.1:\d+\) answered with 307, a redirect, which is not followed/,
    );
    expect(received).toHaveLength(1);
  });

  it('is told when something has ended, and, if that is wanted, only of trouble', async () => {
    const notifications = [
      { ...notification, event: 'run.started', state: 'started' },
      { ...notification, state: 'good' },
      notification,
    ] as const;
    expect(await sent({}, notifications)).toMatchObject([{ state: 'good' }, { state: 'trouble' }]);
    expect(await sent({ on: 'trouble' }, notifications)).toMatchObject([{ state: 'trouble' }]);
  });

  it.each([
    ['hooks.slack.com', { text: 'it failed\nline one\nline two' }],
    ['discord.com', { content: 'it failed\nline one\nline two' }],
    ['notdiscord.com', { event: 'run.finished' }],
  ] as const)('knows by the host what %s takes', (host, body) => {
    expect(JSON.parse(webhookBody(notification, 'auto', host))).toMatchObject(body);
  });

  it('sends Discord no more than it takes', () => {
    const { content } = JSON.parse(
      webhookBody({ ...notification, text: 'x'.repeat(9_000) }, 'discord', 'chat.example.com'),
    ) as { content: string };
    expect(content.length).toBeLessThan(2_000);
  });

  it('has no control characters, also after its receiver has read the JSON', () => {
    const title = 'a\u001b[2J\nb';
    for (const template of ['json', 'slack', 'discord', { own: { text: '{{title}}' } }] as const)
      expect(
        Object.values(JSON.parse(webhookBody({ ...notification, title }, template, 'x')) as object).join(),
      ).toContain('a\\u001b[2J\nb');
  });

  it('fills in a template of one’s own, out of which nothing breaks', () => {
    const template = parseTemplate(
      '{"a":[{"b":"{{ database }}: {{state}}"}],"priority":4,"log":"{{log}}","on":true}',
    );
    expect(template).not.toHaveProperty('problem');
    expect(JSON.parse(webhookBody(notification, template as { own: unknown }, 'x'))).toEqual({
      a: [{ b: 'a "b": trouble' }],
      priority: 4,
      log: 'log',
      on: true,
    });
  });

  it.each([
    [{ BACKUP_WEBHOOK_TEMPLATE: 'teams' }, 'has to be one of auto, json, slack, discord, or JSON'],
    [{ BACKUP_WEBHOOK_TEMPLATE: '{"a":"{{Title}}"}' }, 'has the placeholder {{Title}}; known are {{event}}'],
    [
      { BACKUP_WEBHOOK_URL: 'hooks.example.com/very-secret' },
      'BACKUP_WEBHOOK_URL has to be a URL with http or https',
    ],
    [
      { BACKUP_PING_URL: 'ftp://example.com/very-secret' },
      'BACKUP_PING_URL has to be a URL with http or https',
    ],
    [{ BACKUP_WEBHOOK_ON: 'never' }, 'has to be one of all, trouble'],
  ])('%j stops the start with a problem that shows no secret', (env, problem) => {
    const message = refusal(env);
    expect(message).toContain(problem);
    expect(message).toContain('1 problem:');
    expect(message).not.toContain('very-secret');
  });

  it('may have a password with a percent sign that encodes nothing', () => {
    const { secrets } = readConfig({ BACKUP_WEBHOOK_URL: 'https://me:100%@example.com/' });
    expect(secrets.map((secret) => secret.reveal())).toContain('100%');
  });

  it('has secrets that nothing prints, in whichever form a library has them', () => {
    const { secrets, effective } = readConfig({
      BACKUP_WEBHOOK_URL: ' https://Example.com/hook/%7Every-secret ',
      BACKUP_PING_URL: 'https://u:pass-word@example.com',
    });
    const forms = secrets.map((secret) => secret.reveal());
    expect(forms).toEqual(
      expect.arrayContaining([
        'https://example.com/hook/%7Every-secret',
        '/hook/%7Every-secret',
        'pass-word',
      ]),
    );
    expect(JSON.stringify(effective)).not.toContain('ecret"');
    expect(effective.find(({ name }) => name === 'BACKUP_PING_URL')!.value).toBe('[redacted]');
  });
});
