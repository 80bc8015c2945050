import type { Secret } from '@geolens/backup-core';
import type { Notification, Notifier } from '@geolens/backup-core/internal';
import type { Config } from '../config/config.ts';
import { PLACEHOLDER, type PLACEHOLDERS, type WEBHOOK_FORMS } from '../config/readers.ts';
import { printable } from '../present/redact.ts';
import { deliver, placeOf } from './deliver.ts';

export type WebhookOptions = NonNullable<Config['webhook']>;

/** healthchecks.io accepts 100 kB with a ping and shows less. */
const MOST_LOG = 10_000;

/**
 * Pings a monitoring service, which alerts when pings stop. Uses the protocol of healthchecks.io
 * (https://healthchecks.io/docs/http_api/): `<url>/start`, `<url>` for success, `<url>/fail` for trouble.
 * Each ping carries the last lines of the log.
 */
export class PingNotifier implements Notifier {
  readonly name: string;
  private readonly url: Secret;

  constructor(url: Secret) {
    this.url = url;
    this.name = placeOf('BACKUP_PING_URL', url);
  }

  async notify(
    { event, state, title, text, log }: Notification,
    { signal }: { readonly signal: AbortSignal },
  ): Promise<void> {
    // A passed restore test or replica check must not stand in for a missing run.
    if (!event.startsWith('run.') && state === 'good') return;
    await deliver({
      variable: 'BACKUP_PING_URL',
      url: this.url,
      suffix: { started: '/start', good: '', trouble: '/fail' }[state],
      body: [title, text, log.slice(-MOST_LOG)].filter((part) => part !== '').join('\n\n'),
      contentType: 'text/plain; charset=utf-8',
      signal,
    });
  }
}

/** Posts a report of every finished run, restore test and replica check as JSON. */
export class WebhookNotifier implements Notifier {
  readonly name: string;
  private readonly options: WebhookOptions;

  constructor(options: WebhookOptions) {
    this.options = options;
    this.name = placeOf('BACKUP_WEBHOOK_URL', options.url);
  }

  async notify(notification: Notification, { signal }: { readonly signal: AbortSignal }): Promise<void> {
    const { url, template, on } = this.options;
    if (notification.state === 'started' || (on === 'trouble' && notification.state === 'good')) return;
    const body = webhookBody(notification, template, new URL(url.reveal()).hostname);
    await deliver({ variable: 'BACKUP_WEBHOOK_URL', url, body, contentType: 'application/json', signal });
  }
}

/** Discord accepts 2,000 characters. */
const MOST_CONTENT = 1_900;

/** Returns the body to post, as JSON. */
export function webhookBody(
  notification: Notification,
  template: WebhookOptions['template'],
  host: string,
): string {
  const form = template === 'auto' ? formOf(host) : template;
  if (typeof form === 'object') return json(filled(form.own, notification));
  const words = [notification.title, notification.text].filter((part) => part !== '').join('\n');
  if (form === 'slack') return json({ text: words });
  if (form === 'discord')
    return json({ content: words.length > MOST_CONTENT ? `${words.slice(0, MOST_CONTENT)}…` : words });
  const { event, state, database, title, text, log, details } = notification;
  return json({ event, state, database, title, text, ...details, log });
}

/** Returns JSON with visible control characters, because a receiver decodes the escapes of JSON. */
function json(content: unknown): string {
  return JSON.stringify(content, (_, value: unknown) =>
    typeof value === 'string' ? printable(value) : value,
  );
}

function formOf(host: string): (typeof WEBHOOK_FORMS)[number] {
  if (/(?:^|\.)slack\.com$/.test(host)) return 'slack';
  return /(?:^|\.)discord(?:app)?\.com$/.test(host) ? 'discord' : 'json';
}

/** Replaces the placeholders in all texts of the parsed template. A value cannot break out of its text. */
function filled(value: unknown, notification: Notification): unknown {
  if (typeof value === 'string')
    return value.replaceAll(PLACEHOLDER, (_, name: (typeof PLACEHOLDERS)[number]) => notification[name]);
  if (Array.isArray(value)) return value.map((one) => filled(one, notification));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, filled(one, notification)]));
}
