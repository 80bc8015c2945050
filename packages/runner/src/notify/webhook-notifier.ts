import type { Notification, Notifier, Secret } from '@geolens/backup-core';
import { deliver, placeOf } from './deliver.ts';
import { webhookBody, type WebhookTemplate } from './webhook-template.ts';

const VARIABLE = 'BACKUP_WEBHOOK_URL';

export interface WebhookOptions {
  readonly url: Secret;
  readonly template: WebhookTemplate;
  /** Whether it is told of what went well, too. */
  readonly on: 'all' | 'trouble';
}

/** Posts a report of every run and restore test that has ended, as JSON. */
export class WebhookNotifier implements Notifier {
  readonly name: string;
  private readonly options: WebhookOptions;

  constructor(options: WebhookOptions) {
    this.options = options;
    this.name = placeOf(VARIABLE, options.url);
  }

  async notify(notification: Notification, { signal }: { readonly signal: AbortSignal }): Promise<void> {
    const { url, template, on } = this.options;
    if (notification.state === 'started' || (on === 'trouble' && notification.state === 'good')) return;
    const body = webhookBody(notification, template, new URL(url.reveal()).hostname);
    await deliver({ variable: VARIABLE, url, parcel: { body, contentType: 'application/json' }, signal });
  }
}
