import type { Secret } from '@geolens/backup-core';
import type { Notification, Notifier } from '@geolens/backup-core/internal';
import type { Config } from '../config/config.ts';
import { PLACEHOLDER, type PLACEHOLDERS, type WEBHOOK_FORMS } from '../config/readers.ts';
import { printable } from '../present/redact.ts';
import { deliver, placeOf } from './deliver.ts';

export type WebhookOptions = NonNullable<Config['webhook']>;

/** healthchecks.io accepts 100 kB with a ping, and shows less. */
const MOST_LOG = 10_000;

/**
 * Pings a monitoring service that raises the alarm when no ping comes: `<url>/start`, `<url>` when all is well,
 * `<url>/fail` when it is not, each with the last lines of the log, as healthchecks.io defines it
 * (https://healthchecks.io/docs/http_api/).
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
    // A good restore test or check of replicas is no run: it must not make up for one that is missing.
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

/** Posts a report of every run and restore test that has ended, as JSON. */
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

/** Discord takes 2,000 characters. */
const MOST_CONTENT = 1_900;

/** What is posted, as JSON. */
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

/** A receiver decodes the escapes of JSON: control characters have to be text before. */
function json(content: unknown): string {
  return JSON.stringify(content, (_, value: unknown) =>
    typeof value === 'string' ? printable(value) : value,
  );
}

function formOf(host: string): (typeof WEBHOOK_FORMS)[number] {
  if (/(?:^|\.)slack\.com$/.test(host)) return 'slack';
  return /(?:^|\.)discord(?:app)?\.com$/.test(host) ? 'discord' : 'json';
}

/** Goes through all texts of the template; what is filled in cannot break out of its place. */
function filled(value: unknown, notification: Notification): unknown {
  if (typeof value === 'string')
    return value.replaceAll(PLACEHOLDER, (_, name: (typeof PLACEHOLDERS)[number]) => notification[name]);
  if (Array.isArray(value)) return value.map((one) => filled(one, notification));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, filled(one, notification)]));
}
