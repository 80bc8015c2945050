import type { Notification } from '@geolens/backup-core';
import { printable } from '../present/redact.ts';

/**
 * The forms that are known by name: all there is; what Slack, and those that understand it, take; what
 * Discord takes.
 */
export const WEBHOOK_FORMS = ['json', 'slack', 'discord'] as const;

/** What may stand between double braces in a form of one's own. */
export const PLACEHOLDERS = ['event', 'state', 'database', 'title', 'text', 'log'] as const;

/** A form by name, `auto` by the host of the URL, or one of one's own: any JSON. */
export type WebhookTemplate = (typeof WEBHOOK_FORMS)[number] | 'auto' | { readonly own: unknown };

/** Discord takes 2,000 characters. */
const MOST_CONTENT = 1_900;

const PLACEHOLDER = /\{\{\s*(\w*)\s*\}\}/g;

/**
 * Reads what a person wrote.
 * @returns the template, or what is wrong with it
 */
export function parseTemplate(text: string): WebhookTemplate | { readonly problem: string } {
  const named = ([...WEBHOOK_FORMS, 'auto'] as const).find((name) => name === text.trim().toLowerCase());
  if (named !== undefined) return named;
  let own: unknown;
  try {
    own = JSON.parse(text);
  } catch (error) {
    return {
      problem: `has to be one of auto, ${WEBHOOK_FORMS.join(', ')}, or JSON, which it is not: ${(error as Error).message}`,
    };
  }
  const unknown = [...text.matchAll(PLACEHOLDER)]
    .map(([, name]) => name)
    .find((name) => !PLACEHOLDERS.some((known) => known === name));
  return unknown === undefined
    ? { own }
    : {
        problem: `has the placeholder {{${unknown}}}; known are ${PLACEHOLDERS.map((name) => `{{${name}}}`).join(', ')}`,
      };
}

/** What is posted, as JSON. */
export function webhookBody(notification: Notification, template: WebhookTemplate, host: string): string {
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
