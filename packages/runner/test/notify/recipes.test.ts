import { readFileSync } from 'node:fs';
import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import type { Notification } from '@geolens/backup-core/internal';
import { readConfig } from '../../src/config/config.ts';
import { webhookBody } from '../../src/notify/notifiers.ts';

/** What each receiver publishes, as far as the recipes use it. A field that it does not know is an error. */
const FORMS = {
  // publishMessage in ntfy's server/types.go; priorities are 1 to 5
  ntfy: v.strictObject({
    topic: v.pipe(v.string(), v.regex(/^[-_A-Za-z0-9]{1,64}$/)),
    title: v.string(),
    message: v.pipe(v.string(), v.nonEmpty()),
    tags: v.array(v.pipe(v.string(), v.nonEmpty())),
    priority: v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(5)),
  }),
  // MessageExternal in Gotify's model/message.go: `message` has binding:"required"
  Gotify: v.strictObject({
    title: v.string(),
    message: v.pipe(v.string(), v.nonEmpty()),
    priority: v.pipe(v.number(), v.integer()),
  }),
  // sendMessage of the Bot API: text of 1 to 4096 characters
  Telegram: v.strictObject({
    chat_id: v.pipe(v.string(), v.regex(/^(-?\d+|@\w+)$/)),
    text: v.pipe(v.string(), v.nonEmpty(), v.maxLength(4096)),
    disable_notification: v.boolean(),
  }),
  // Teams webhook trigger, and the Adaptive Card schema
  'Microsoft Teams': v.strictObject({
    type: v.literal('message'),
    attachments: v.pipe(
      v.array(
        v.strictObject({
          contentType: v.literal('application/vnd.microsoft.card.adaptive'),
          contentUrl: v.null(),
          content: v.strictObject({
            type: v.literal('AdaptiveCard'),
            version: v.pipe(v.string(), v.regex(/^1\.[0-6]$/)),
            body: v.array(
              v.strictObject({
                type: v.literal('TextBlock'),
                text: v.string(),
                weight: v.optional(v.picklist(['Lighter', 'Default', 'Bolder'])),
                wrap: v.boolean(),
              }),
            ),
          }),
        }),
      ),
      v.length(1),
    ),
  }),
  // PersistentNotificationRequest in swagger.yaml of Apprise API
  'E-mail': v.strictObject({
    title: v.string(),
    body: v.pipe(v.string(), v.nonEmpty()),
    type: v.picklist(['info', 'success', 'warning', 'failure']),
    format: v.picklist(['text', 'markdown', 'html']),
  }),
} as const;

const page = readFileSync(new URL('../../../../docs/notifications.md', import.meta.url), 'utf8');

/** Returns the lines for `.env` below a heading, without the quotes that Compose removes. */
function recipe(heading: string): Record<string, string> {
  const block = new RegExp(`^## ${heading}\\n.*?^\`\`\`sh\\n(.*?)^\`\`\``, 'ms').exec(page)![1]!;
  return Object.fromEntries(
    [...block.matchAll(/^(\w+)=(?:'(.*)'|(.*))$/gm)].map(([, name, quoted, plain]) => [
      name!,
      quoted ?? plain!,
    ]),
  );
}

const notification = (change: Partial<Notification>): Notification => ({
  event: 'run.finished',
  state: 'good',
  database: 'geolens',
  title: 'Backup of geolens: complete',
  text: '',
  log: '',
  details: {},
  ...change,
});

describe('docs/notifications.md', () => {
  it('has a recipe for each receiver that this test knows', () => {
    expect([...page.matchAll(/^## (.*)$/gm)].map(([, heading]) => heading)).toEqual(Object.keys(FORMS));
  });

  it.each(Object.entries(FORMS))(
    'has a form that %s takes, of what went well and of trouble',
    (heading, form) => {
      const { webhook, warnings } = readConfig(recipe(heading));
      expect(warnings).toEqual([]);
      const trouble = notification({ state: 'trouble', text: 'it "failed"\n\u001b[2J\\', log: 'line\nline' });
      for (const one of [notification({}), trouble]) {
        const body = JSON.parse(webhookBody(one, webhook!.template, 'example.com')) as unknown;
        expect(v.safeParse(form, body).issues).toBeUndefined();
        expect(JSON.stringify(body)).toContain('Backup of geolens: complete');
      }
    },
  );
});
