import type { Compression } from '@geolens/backup-core';
import * as v from 'valibot';

export type Reader<T> = v.GenericSchema<string, T>;

/** Spellings of Compose, PostgreSQL and pydantic, because the application reads the same environment file. */
const TRUE = ['true', 'yes', 'on', '1', 't', 'y'];
const FALSE = ['false', 'no', 'off', '0', 'f', 'n'];

export const text: Reader<string> = v.string();
export const flag: Reader<boolean> = v.pipe(
  v.string(),
  v.toLowerCase(),
  v.picklist([...TRUE, ...FALSE], 'has to be true or false'),
  v.transform((word) => TRUE.includes(word)),
);
export const oneOf = <const T extends readonly string[]>(...words: T): Reader<T[number]> =>
  v.pipe(v.string(), v.picklist(words, `has to be one of ${words.join(', ')}`));

/** Log levels of Python that this logger does not have. */
const PYTHON_LEVELS: ReadonlyMap<string, string> = new Map([
  ['warning', 'warn'],
  ['critical', 'error'],
  ['fatal', 'error'],
  ['exception', 'error'],
  ['trace', 'debug'],
  ['notset', 'debug'],
]);
export const level: Reader<'debug' | 'info' | 'warn' | 'error'> = v.pipe(
  v.string(),
  v.toLowerCase(),
  v.transform((text) => PYTHON_LEVELS.get(text) ?? text),
  oneOf('debug', 'info', 'warn', 'error'),
);
export const wholeNumber = (least: number, most: number, range: string): Reader<number> =>
  v.pipe(
    v.string(),
    v.regex(/^\s*\d+\s*$/, `has to be a whole number ${range}`),
    v.transform(Number),
    v.check((number) => number >= least && number <= most, `has to be a whole number ${range}`),
  );
export const count = wholeNumber(1, Number.MAX_SAFE_INTEGER, 'of at least 1');

const SHARE = 'has to be a number from 0 to 1, or off';
export const share: Reader<number> = v.pipe(
  v.string(),
  v.toLowerCase(),
  v.regex(/^(?:off|\d+(?:\.\d+)?|\.\d+)$/, SHARE),
  v.transform((text) => (text === 'off' ? 0 : Number(text))),
  v.check((number) => number <= 1, SHARE),
);

const DURATION = 'has to be a time such as 90s, 15m or 2h, or off';
const UNIT_MS: ReadonlyMap<string, number> = new Map([
  ['s', 1000],
  ['m', 60_000],
  ['h', 3_600_000],
]);
/** Duration in milliseconds. 0 for never. */
export const duration: Reader<number> = v.pipe(
  v.string(),
  v.trim(),
  v.toLowerCase(),
  v.regex(/^(?:off|[1-9]\d{0,6}[smh])$/, DURATION),
  v.transform((text) =>
    text === 'off' ? 0 : Number(text.slice(0, -1)) * (UNIT_MS.get(text.slice(-1)) ?? 0),
  ),
);

export const names: Reader<readonly string[]> = v.pipe(
  v.string(),
  v.transform((list) =>
    list
      .split(',')
      .map((name) => name.trim())
      .filter((name) => name !== '' && name !== 'none'),
  ),
);

const COMPRESSION = /^(?:auto|none|(?:gzip|zstd|lz4)(?::\d{1,2})?)$/;
const LEVELS = new Map<string, readonly [number, number]>([
  ['gzip', [1, 9]],
  ['zstd', [1, 22]],
  ['lz4', [1, 12]],
]);
export const compression: Reader<Compression | 'auto'> = v.pipe(
  v.string(),
  v.regex(COMPRESSION, 'has to be auto, gzip, gzip:1 to gzip:9, zstd, zstd:1 to zstd:22, lz4 or none'),
  v.check((value) => {
    const [, level] = value.split(':');
    const [least, most] = LEVELS.get(value.replace(/:.*/, '')) ?? [0, 0];
    return level === undefined || (Number(level) >= least && Number(level) <= most);
  }, 'has a level that there is not: gzip has 1 to 9, zstd 1 to 22, lz4 1 to 12'),
  v.transform(
    (value) => (value === 'gzip' || value === 'zstd' ? `${value}:1` : value) as Compression | 'auto',
  ),
);

export const httpUrl: Reader<string> = v.pipe(
  v.string(),
  v.trim(),
  v.check(
    (value) => URL.canParse(value) && /^https?:$/.test(new URL(value).protocol),
    'has to be a URL with http or https',
  ),
);

export const template: Reader<WebhookTemplate> = v.pipe(
  v.string(),
  v.rawTransform(({ dataset, addIssue, NEVER }) => {
    const read = parseTemplate(dataset.value);
    if (typeof read === 'string' || 'own' in read) return read;
    addIssue({ message: read.problem });
    return NEVER;
  }),
);

/** Named forms of the webhook body: the full report, Slack and compatible services, Discord. */
export const WEBHOOK_FORMS = ['json', 'slack', 'discord'] as const;

/** Placeholders that a custom template can hold between double braces. */
export const PLACEHOLDERS = ['event', 'state', 'database', 'title', 'text', 'log'] as const;

/** Form of the webhook body: a name, `auto` (by the host of the URL), or custom JSON. */
export type WebhookTemplate = (typeof WEBHOOK_FORMS)[number] | 'auto' | { readonly own: unknown };

export const PLACEHOLDER = /\{\{\s*(\w*)\s*\}\}/g;

/**
 * Parses a template that an operator wrote.
 * @returns the template, or the problem if the text is invalid
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
