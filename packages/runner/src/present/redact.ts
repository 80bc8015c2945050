import type { Secret } from '@geolens/backup-core';

// eslint-disable-next-line no-control-regex -- these control characters are the ones to replace
const CONTROLS = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]/g;

/**
 * Returns the text with its control characters as `\u001b`, except for tabs and line feeds. Foreign names and
 * errors could otherwise control the terminal or change the display order of a text. The form is also valid
 * in JSON.
 */
export function printable(text: string): string {
  return text.replace(
    CONTROLS,
    (character) => String.raw`\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** Private keys of age, of its plugins and of SSH, wherever they are entered. */
const PRIVATE_KEYS =
  /AGE-(?:SECRET-KEY|PLUGIN)-[\w-]*|-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)/gi;

/** Returns the text with every private key redacted. For texts that no redactor reads. */
export function withoutKeys(text: string): string {
  return text.replace(PRIVATE_KEYS, '[redacted]');
}

/** Minimum length of a secret to redact. Shorter ones match half of every line and protect nothing. */
const SHORTEST = 3;

/** Redacts the secrets in a text and makes its control characters visible. */
export type Redact = (text: string) => string;

/**
 * Returns a function that redacts every secret, also in its percent-encoded and JSON forms, and every
 * private key.
 * @param open texts that the output shows anyway, such as the name of the database. A secret within one of
 * them is not redacted. Redaction would make the text useless, and reveal the secret to a reader who knows
 * the text
 */
export function redactor(secrets: readonly Secret[], open: readonly string[] = []): Redact {
  const forms = secrets
    .map((secret) => secret.reveal())
    .filter((value) => value.length >= SHORTEST && !open.some((text) => text.includes(value)))
    .flatMap((value) => [value, encodeURIComponent(value), JSON.stringify(value).slice(1, -1)]);
  const longestFirst = [...new Set(forms)].sort((one, other) => other.length - one.length);
  return (text) =>
    printable(longestFirst.reduce((rest, form) => rest.replaceAll(form, '[redacted]'), withoutKeys(text)));
}
