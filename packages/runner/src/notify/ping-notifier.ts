import type { Notification, Notifier, Secret } from '@geolens/backup-core';
import { deliver, placeOf } from './deliver.ts';

const VARIABLE = 'BACKUP_PING_URL';

/** What healthchecks.io takes of a ping is 100 kB, and shows less. */
const MOST_LOG = 10_000;

/**
 * Pings a monitoring service who raises the alarm when no ping comes: `<url>/start`, `<url>` when all is well,
 * `<url>/fail` when it is not, each with the log's last lines, as healthchecks.io and those like it have it
 * (https://healthchecks.io/docs/http_api/).
 */
export class PingNotifier implements Notifier {
  readonly name: string;
  private readonly url: Secret;

  constructor(url: Secret) {
    this.url = url;
    this.name = placeOf(VARIABLE, url);
  }

  async notify(notification: Notification, { signal }: { readonly signal: AbortSignal }): Promise<void> {
    // A good restore test or check of replicas is no run: it must not make up for one that is missing.
    if (!notification.event.startsWith('run.') && notification.state === 'good') return;
    const suffix = { started: '/start', good: '', trouble: '/fail' }[notification.state];
    const body = [notification.title, notification.text, notification.log.slice(-MOST_LOG)]
      .filter((part) => part !== '')
      .join('\n\n');
    await deliver({
      variable: VARIABLE,
      url: this.url,
      suffix,
      parcel: { body, contentType: 'text/plain; charset=utf-8' },
      signal,
    });
  }
}
